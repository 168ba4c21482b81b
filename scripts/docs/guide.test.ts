import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../node/packageRoot.ts';
import { buildGuide, readChapters } from './buildGuide.ts';
import { GUIDE_FOLDER, renderChapter } from './renderChapter.ts';

/** Throws where a function, file, equation or number is not what the text says. */
const chapters = readChapters();
const site = buildGuide();
const pages = Object.entries(site).flatMap(([address, content]) =>
  address.endsWith('.html') ? [[address, String(content)] as const] : [],
);

it('tells of every equation where it is computed', () => {
  const equations = chapters.flatMap(({ html }) => html.match(/<figure class="equation">[\s\S]*?<\/figure>/g) ?? []);
  expect(equations.length).toBeGreaterThan(40);
  for (const equation of equations) expect(equation).toMatch(/<math[\s\S]*<details>[\s\S]*, line \d+<\/a>/);
});

it('begins with the contents, which name every chapter in order', () => {
  const [first, ...others] = chapters;
  expect(first!.name).toBe('index');
  const listed = Array.from(first!.html.matchAll(/<li><a href="([\w-]+)\.html">/g), ([, name]) => name);
  expect(listed).toEqual(expect.arrayContaining(['01-in-a-scene', '24-training', 'architecture', 'benchmarks']));
  expect(listed).toEqual(others.map(({ name }) => name));
});

it('is whole: every link and picture of a page leads to a file of the site, or to another site', () => {
  for (const [address, html] of pages) {
    const targets = Array.from(html.matchAll(/ (?:href|src)="([^"]+)"/g), ([, target]) => target!);
    for (const target of targets) {
      if (/^(https?:|data:)/.test(target)) continue;
      const [place, id] = target.split('#');
      const file = place === '' ? address : path.posix.join(path.posix.dirname(address), place!);
      expect(site, `${address} leads to ${target}`).toHaveProperty([file]);
      if (id) expect(String(site[file]), `${address} leads to ${target}`).toContain(` id="${decodeURI(id)}"`);
    }
  }
});

it('links to the API reference where that is beside it', () => {
  expect(buildGuide([], true)['index.html']).toContain('<a href="api/index.html">API reference</a>');
});

it('asks for nothing on the network, and runs no script', () => {
  for (const [address, html] of pages) {
    expect(html, address).not.toMatch(/<(img|link|script|iframe)\b[^>]*(src|href)="(https?:)?\/\//);
    expect(html, address).not.toMatch(/<script/);
  }
  expect(Buffer.from(site['katex/katex.css'] as Uint8Array).toString()).not.toMatch(/url\((?!fonts\/)/);
});

it('links to the line where the function is', () => {
  const html = renderChapter('# One\n\n[a](../../runtime/diffusion/ddim.ts#createDdim)', GUIDE_FOLDER).html;
  const line = Number(/#L(\d+)/.exec(html)![1]);
  const source = readFileSync(path.join(packageRoot(), 'runtime/diffusion/ddim.ts'), 'utf8').split('\n');
  expect(source[line - 1]).toMatch(/^export function createDdim\(/);
});

it('has all that may be wider than the page scroll in itself, by the keyboard, too', () => {
  const html = chapters.map((chapter) => chapter.html).join('');
  expect(html.match(/<div class="table" tabindex="0"><table>/g)).toHaveLength(html.match(/<table/g)!.length);
  const boxes = html.match(/<pre\b[^>]*>|<[^>]*"katex-display"[^>]*>/g)!;
  expect(boxes.length).toBeGreaterThan(40);
  expect(boxes.filter((tag) => !tag.includes(' tabindex="0"'))).toEqual([]);
});

it('names every column of its tables', () => {
  for (const { name, html } of chapters) expect(html, name).not.toMatch(/<th[^>]*><\/th>/);
});

describe('a chapter is refused', () => {
  const math = (info: string) => `# One\n\n\`\`\`math ${info}\nx = 1\n\`\`\`\n`;
  it.each([
    ['with an equation of no function', math(''), /an equation names no function: x = 1/],
    ['with one that has gone', math('runtime/diffusion/ddim.ts#createDdin'), /ddim.ts declares no createDdin/],
    ['with a file that has gone', math('runtime/diffusion/dim.ts#createDdim'), /dim.ts is no longer there/],
    ['with a dead link', '# One\n\n[a](02-nothing.md)', /there is no docs\/guide\/02-nothing.md/],
    ['with an equation in dollars', '# One\n\n$$\nx\n$$\n', /expected a fence/],
    ['with TeX that is none', '# One\n\n$\\frac{1}$', /KaTeX/],
    ['without a title', 'One', /no title/],
  ])('%s', (_, text, message) => {
    expect(() => renderChapter(text, GUIDE_FOLDER)).toThrow(message);
  });
});
