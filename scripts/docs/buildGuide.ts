// The guide as a site: a page for each chapter of docs/guide and for what stands beside it in docs, the sources that they
// name, pictures, and KaTeX's letters.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { escapeHtml } from '../bake/pageFiles.ts';
import { packageRoot } from '../node/packageRoot.ts';
import {
  type Chapter,
  fileAddress,
  GUIDE_FOLDER,
  PAGE_FOLDERS,
  renderChapter,
  sourceAddress,
} from './renderChapter.ts';

/** A file of the site by its address, relative to the site's root. */
type SiteFiles = Record<string, string | Uint8Array>;

/** The contents, which come first; the chapters follow by number, and then the pages beside the guide. */
const FIRST_PAGE = `${GUIDE_FOLDER}/index.md`;

/** A chapter and the name of its file, without the ending. */
type NamedChapter = Chapter & { name: string };

/** Reads and checks all chapters. @throws Error naming the chapter and what is wrong with it */
export function readChapters(): NamedChapter[] {
  const files = PAGE_FOLDERS.flatMap(markdownIn);
  return [FIRST_PAGE, ...files.filter((file) => file !== FIRST_PAGE)].map((file) => {
    try {
      const text = readFileSync(path.join(packageRoot(), file), 'utf8');
      return { name: path.basename(file, '.md'), ...renderChapter(text, path.posix.dirname(file)) };
    } catch (error) {
      throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** The markdown files of a folder, relative to the repository, in order. */
function markdownIn(folder: string): string[] {
  const names = readdirSync(path.join(packageRoot(), folder)).filter((name) => name.endsWith('.md'));
  return names.sort().map((name) => `${folder}/${name}`);
}

/**
 * The whole site, in memory.
 *
 * @param sources      further sources to show, such as those that the API reference links to
 * @param hasReference whether that reference is beside the guide, so that its pages may link to it
 */
export function buildGuide(sources: readonly string[] = [], hasReference = false): SiteFiles {
  const root = packageRoot();
  const read = (file: string) => new Uint8Array(readFileSync(path.join(root, file)));
  const chapters = readChapters();
  const shown = new Set([...sources, ...chapters.flatMap((chapter) => chapter.sources)]);
  const needed = new Set(chapters.flatMap((chapter) => chapter.files));
  return {
    ...Object.fromEntries(
      chapters.map((chapter, i) => [`${chapter.name}.html`, chapterPage(chapters, i, hasReference)]),
    ),
    ...Object.fromEntries(
      [...shown].map((file) => [sourceAddress(file), sourcePage(file, readFileSync(path.join(root, file), 'utf8'))]),
    ),
    ...Object.fromEntries([...needed].map((file) => [fileAddress(file), read(file)])),
    'guide.css': read('scripts/docs/guide.css'),
    ...katexFiles(),
  };
}

/** KaTeX's style sheet and its letters. */
function katexFiles(): SiteFiles {
  const folder = path.dirname(createRequire(import.meta.url).resolve('katex/dist/katex.min.css'));
  const read = (file: string) => new Uint8Array(readFileSync(path.join(folder, file)));
  const fonts = readdirSync(path.join(folder, 'fonts')).filter((file) => file.endsWith('.woff2'));
  return {
    'katex/katex.css': read('katex.min.css'),
    ...Object.fromEntries(fonts.map((file) => [`katex/fonts/${file}`, read(`fonts/${file}`)])),
  };
}

/** The page of one chapter, with the way to the others. */
function chapterPage(chapters: readonly NamedChapter[], index: number, hasReference: boolean): string {
  const chapter = chapters[index]!;
  const entries = chapters.map(
    ({ name, title }, i) => `<li><a href="${name}.html"${i === index ? ' aria-current="page"' : ''}>${title}</a></li>`,
  );
  const step = (i: number, rel: string) =>
    chapters[i] ? `<a rel="${rel}" href="${chapters[i].name}.html">${chapters[i].title}</a>` : '<span></span>';
  const reference = hasReference ? '\n<p><a href="api/index.html">API reference</a></p>' : '';
  return page(
    chapter.title,
    '',
    `<nav class="contents" aria-label="Chapters"><ol start="0">${entries.join('')}</ol>${reference}</nav>
<main>${chapter.html}<nav class="steps" aria-label="Neighbours">${step(index - 1, 'prev')}${step(index + 1, 'next')}</nav></main>`,
  );
}

/** A source file with numbered lines, each of which has an address. */
function sourcePage(file: string, code: string): string {
  const lines = code
    .trimEnd()
    .split('\n')
    .map((line, i) => `<li id="L${i + 1}"><code>${escapeHtml(line)}</code></li>`);
  const up = '../'.repeat(file.split('/').length);
  const back = `<p><a href="${up}index.html">The guide</a></p>`;
  return page(file, up, `<main class="source">${back}<h1>${file}</h1><ol>${lines.join('\n')}</ol></main>`);
}

function page(title: string, up: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Figment</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${up}katex/katex.css">
<link rel="stylesheet" href="${up}guide.css">
</head>
<body>
${body}
</body>
</html>
`;
}

/** Where public names are declared. */
const FOLDERS = ['runtime', 'plugin', 'scripts/bake'];

/** Sources that the API reference links to, relative to the repository; tests and what they need left out. */
export function publicSources(folders: readonly string[] = FOLDERS): string[] {
  return folders.flatMap((folder) => {
    const entries = readdirSync(path.join(packageRoot(), folder), { withFileTypes: true });
    const inside = entries.filter((entry) => entry.isDirectory() && entry.name !== 'testing');
    const files = entries.filter(({ name }) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
    return [
      ...files.map(({ name }) => `${folder}/${name}`),
      ...publicSources(inside.map(({ name }) => `${folder}/${name}`)),
    ];
  });
}
