// One chapter of the guide, from markdown to HTML.
//
// An equation is a fence ```math file#name …: the equation, and the functions that implement it. A link to file#name leads
// to that line of the source; a link to a key of a JSON file quotes the number there. All three are checked here.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import katex from 'katex';
import MarkdownItParser, { type MarkdownIt } from 'markdown-it';
import { escapeHtml } from '../bake/pageFiles.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { checkQuote } from './quote.ts';

/** The chapters' folder. */
export const GUIDE_FOLDER = 'docs/guide';

/** Folders whose markdown becomes pages of the site, each named as its file. */
export const PAGE_FOLDERS = [GUIDE_FOLDER, 'docs'];

export interface Chapter {
  title: string;
  /** The page's content. */
  html: string;
  /** Sources that it shows or links to, and files that it needs beside it, relative to the repository. */
  sources: string[];
  files: string[];
}

/** Sources and files that the rules of one rendering gather. */
interface Gathered {
  sources: Set<string>;
  files: Set<string>;
}

/** Where the site keeps the page of a source file. */
export const sourceAddress = (file: string, line?: number) => `source/${file}.html${line ? `#L${line}` : ''}`;

/** Where the site keeps a copy of a file. */
export const fileAddress = (file: string) => `files/${file}`;

/**
 * @param text   markdown
 * @param folder of the chapter, relative to the repository: what its links start from
 * @throws       Error naming the reference, link, equation or number that is wrong
 */
export function renderChapter(text: string, folder: string): Chapter {
  const title = /^# (.+)$/m.exec(text)?.[1];
  if (!title) throw new Error('guide: a chapter has no title; expected a line "# …"');
  if (/^\s*\$\$/m.test(text)) throw new Error('guide: $$ is not used; expected a fence ```math file#name');
  const gathered: Gathered = { sources: new Set(), files: new Set() };
  const html = rendererFor(folder, gathered).render(text);
  return { title, html, sources: [...gathered.sources], files: [...gathered.files] };
}

function rendererFor(folder: string, gathered: Gathered): MarkdownIt {
  const markdown = new MarkdownItParser({ html: false, typographer: false }).use(inlineMath);
  const { rules } = markdown.renderer;
  rules.fence = (tokens, index) => {
    const { info, content } = tokens[index]!;
    const [language, ...references] = info.trim().split(/\s+/);
    if (language !== 'math') return `${codeBox(content)}\n`;
    return equation(content, references, gathered);
  };
  rules.table_open = () => '<div class="table" tabindex="0"><table>\n';
  rules.table_close = () => '</table></div>\n';
  rules.link_open = (tokens, index, options, _env, renderer) => {
    const href = String(tokens[index]!.attrGet('href'));
    tokens[index]!.attrSet('href', addressOf(href, tokens[index + 1]?.content ?? '', folder, gathered));
    return renderer.renderToken(tokens, index, options);
  };
  rules.heading_open = (tokens, index, options, _env, renderer) => {
    tokens[index]!.attrSet('id', headingId(tokens[index + 1]?.content ?? ''));
    return renderer.renderToken(tokens, index, options);
  };
  rules.image = (tokens, index) => {
    const token = tokens[index]!;
    const address = addressOf(String(token.attrGet('src')), '', folder, gathered);
    return `<img src="${escapeHtml(address)}" alt="${escapeHtml(token.content)}" loading="lazy">`;
  };
  return markdown;
}

/** What a link to a heading names it by: the id that GitHub gives it, too. */
export function headingId(heading: string): string {
  const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
}

function equation(tex: string, texts: string[], gathered: Gathered): string {
  if (texts.length === 0) throw new Error(`guide: an equation names no function: ${tex.trim()}`);
  const places = texts.map((text) => {
    const reference = resolveReference(text);
    gathered.sources.add(reference.file);
    return implementation(reference);
  });
  const box = renderMath(tex, true).replace('class="katex-display"', '$& tabindex="0"');
  return `<figure class="equation">${box}<figcaption>${places.join('')}</figcaption></figure>\n`;
}

/** Code that may be wider than the page; like all that scrolls, it can be reached and scrolled by the keyboard. */
function codeBox(code: string): string {
  return `<pre tabindex="0"><code>${escapeHtml(code)}</code></pre>`;
}

/** A line that unfolds to show the code. */
function implementation({ file, name, line, code }: Reference): string {
  const link = `<a href="${sourceAddress(file, line)}">${file}, line ${line}</a>`;
  return `<div><details><summary><code>${name}</code></summary>${codeBox(code)}</details>${link}</div>`;
}

/** Where a link of the markdown leads on the site. @throws Error when it leads nowhere */
function addressOf(href: string, text: string, folder: string, gathered: Gathered): string {
  if (/^https?:|^#/.test(href)) return href;
  const [target, fragment] = href.split('#') as [string, string | undefined];
  const file = path.posix.join(folder, target);
  if (!existsSync(path.join(packageRoot(), file))) throw new Error(`guide: there is no ${file}, which a link names`);
  if (file.endsWith('.ts')) {
    gathered.sources.add(file);
    return sourceAddress(file, fragment === undefined ? undefined : resolveReference(`${file}#${fragment}`).line);
  }
  if (PAGE_FOLDERS.includes(path.posix.dirname(file)) && file.endsWith('.md')) {
    return `${path.posix.basename(file, '.md')}.html${fragment ? `#${fragment}` : ''}`;
  }
  if (file.endsWith('.json') && fragment) checkQuote(text, path.join(packageRoot(), file), decodeURI(fragment));
  gathered.files.add(file);
  return fileAddress(file);
}

const DOLLAR = '$';

/** Adds formulas such as `$x_t$` to a renderer: no space at the dollars inside, no line break, no digit right behind. */
function inlineMath(markdown: MarkdownIt): void {
  markdown.inline.ruler.after('escape', 'math', (state, silent) => {
    const { src, pos } = state;
    if (src[pos] !== DOLLAR || /\s/.test(src[pos + 1] ?? ' ')) return false;
    const end = src.indexOf(DOLLAR, pos + 1);
    const tex = src.slice(pos + 1, end);
    if (end === -1 || tex === '' || /\s$|\n/.test(tex) || /\d/.test(src[end + 1] ?? '')) return false;
    if (!silent) state.push('math', '', 0).content = tex;
    state.pos = end + 1;
    return true;
  });
  markdown.renderer.rules.math = (tokens, index) => renderMath(tokens[index]!.content, false);
}

/** TeX as HTML with MathML beside it for readers aloud. @throws Error (KaTeX's) where the TeX is wrong */
function renderMath(tex: string, displayMode: boolean): string {
  return katex.renderToString(tex, { displayMode, throwOnError: true, strict: 'error', output: 'htmlAndMathml' });
}

interface Reference {
  /** Relative to the repository. */
  file: string;
  name: string;
  /** From 1. */
  line: number;
  /** The declaration from its first line to its last, without the comment above. */
  code: string;
}

/**
 * Finds what a reference names: a function, constant, class, interface or type at the top level of a file.
 *
 * @param text file#name, the file relative to the repository
 * @throws     Error when the file or the name is no longer there
 */
export function resolveReference(text: string, root = packageRoot()): Reference {
  const [file, name] = text.split('#') as [string, string | undefined];
  if (!name || !/^[\w$]+$/.test(name)) throw new Error(`guide: reference "${text}" has no name; expected file#name`);
  const place = path.join(root, file);
  if (!existsSync(place)) throw new Error(`guide: ${file} is no longer there; correct the reference "${text}"`);
  const lines = readFileSync(place, 'utf8').split('\n');
  const declaration = new RegExp(
    `^(?:export )?(?:abstract |async )?(?:function\\*? ?|const |class |interface |type )${name.replace('$', '\\$')}\\b`,
  );
  const found = lines.flatMap((line, i) => (declaration.test(line) ? [i] : []));
  const start = found[0];
  if (start === undefined) {
    throw new Error(`guide: ${file} declares no ${name}; correct the reference "${text}" and the text around it`);
  }
  return { file, name, line: start + 1, code: lines.slice(start, endOf(lines, start) + 1).join('\n') };
}

/** The last line of the declaration that begins at `start`: one that closes a bracket in the first column for good. */
function endOf(lines: readonly string[], start: number): number {
  if (/[;}]$/.test(lines[start]!)) return start;
  const end = lines.findIndex((line, i) => i > start && /^[}\])]/.test(line) && !/[{(,[]$/.test(line));
  return end === -1 ? lines.length - 1 : end;
}
