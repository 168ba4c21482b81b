import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../node/packageRoot.ts';
import { checkQuote } from './quote.ts';
import { headingId, resolveReference } from './renderChapter.ts';

const README_MAX_BYTES = 10_000;
const README_MAX_PICTURES = 4;

const root = packageRoot();
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

/** Markdown files of a folder at any depth, relative to the repository; packages and built sites left out. */
function markdownBelow(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ['node_modules', 'site'].includes(entry.name) ? [] : markdownBelow(file);
    return file.endsWith('.md') ? [file] : [];
  });
}

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...markdownBelow('docs'),
  ...markdownBelow('assets'),
];

/** A document without its code, in which brackets are no links. */
const prose = (file: string) =>
  read(file)
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/`[^`\n]+`/g, (code) => (code.includes('](') ? '' : code));

function linksIn(file: string): { text: string; target: string }[] {
  const found = prose(file).matchAll(/\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g);
  return Array.from(found, ([, text, target]) => ({ text: text!, target: target! }));
}

function headingIds(file: string): string[] {
  return Array.from(prose(file).matchAll(/^#+ (.+)$/gm), ([, heading]) => headingId(heading!));
}

/** @throws Error when a link of a document leads nowhere */
function checkLink(from: string, { text, target }: { text: string; target: string }): void {
  const [place, anchor] = target.split('#') as [string, string | undefined];
  const file = place === '' ? from : path.posix.join(path.posix.dirname(from), place);
  if (!existsSync(path.join(root, file))) throw new Error(`there is no ${file}`);
  if (anchor === undefined) return;
  if (file.endsWith('.ts')) resolveReference(`${file}#${anchor}`);
  else if (file.endsWith('.json')) checkQuote(text, path.join(root, file), decodeURI(anchor));
  else if (!headingIds(file).includes(anchor)) throw new Error(`${file} has no heading #${anchor}`);
}

describe('links', () => {
  it('are found by this test', () => {
    expect(documents.length).toBeGreaterThan(30);
    expect(linksIn('README.md').length).toBeGreaterThan(20);
    expect(linksIn('README.md')).toContainEqual({ text: 'The guide', target: 'docs/guide/index.md' });
    const wrong = ['nothing.md', 'docs/guide/index.md#nowhere', 'runtime/diffusion/ddim.ts#createDdin'];
    for (const target of wrong) expect(() => checkLink('README.md', { text: 'x', target }), target).toThrow();
  });

  it.each(documents)('of %s lead to a file of the repository and a place in it', (file) => {
    const here = linksIn(file).filter(({ target }) => !/^https?:/.test(target));
    for (const link of here) expect(() => checkLink(file, link), `${file} links to ${link.target}`).not.toThrow();
  });

  it('of images have a text for those who cannot see them', () => {
    for (const file of documents) expect(prose(file), file).not.toMatch(/!\[\s*\]\(/);
  });
});

describe('architecture.md', () => {
  const named = Array.from(
    read('docs/architecture.md').matchAll(/^\| `((?:runtime|plugin|demo-scene|scripts)[\w/-]*)`/gm),
  );
  const rooms = named.map(([, folder]) => folder!).filter((folder) => folder.includes('/'));

  it('names every room', () => {
    const folders = ['runtime', 'plugin', 'demo-scene', 'scripts'].flatMap((folder) =>
      readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() && entry.name !== 'node_modules' ? [`${folder}/${entry.name}`] : [],
      ),
    );
    const ofTests = ['runtime/testing', 'plugin/testing', 'demo-scene/testing'];
    expect(rooms).toEqual(expect.arrayContaining(folders.filter((folder) => !ofTests.includes(folder))));
  });
});

describe('README', () => {
  it('is short, with few pictures and the first code near the top', () => {
    expect(statSync(path.join(root, 'README.md')).size).toBeLessThanOrEqual(README_MAX_BYTES);
    const readme = read('README.md');
    expect(readme.match(/^!\[/gm)!.length).toBeLessThanOrEqual(README_MAX_PICTURES);
    expect(
      readme.split('\n').indexOf('npm install babylon-figment babylon-figment-portraits @babylonjs/core'),
    ).toBeLessThan(40);
  });
});
