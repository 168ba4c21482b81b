// The HTML around a chapter, and around a source file.
import { escapeHtml } from '../bake/pageFiles.ts';
import type { NamedChapter } from './buildGuide.ts';

/** The page of one chapter, with the way to the others. */
export function chapterPage(chapters: readonly NamedChapter[], index: number): string {
  const chapter = chapters[index]!;
  const entries = chapters.map(
    ({ name, title }, i) => `<li><a href="${name}.html"${i === index ? ' aria-current="page"' : ''}>${title}</a></li>`,
  );
  const step = (i: number, rel: string) =>
    chapters[i] ? `<a rel="${rel}" href="${chapters[i].name}.html">${chapters[i].title}</a>` : '<span></span>';
  return page(
    chapter.title,
    '',
    `<nav class="contents" aria-label="Chapters"><ol start="0">${entries.join('')}</ol>
<p><a href="api/index.html">API reference</a></p></nav>
<main>${chapter.html}<nav class="steps" aria-label="Neighbours">${step(index - 1, 'prev')}${step(index + 1, 'next')}</nav></main>`,
  );
}

/** A source file with numbered lines, each of which has an address. */
export function sourcePage(file: string, code: string): string {
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
