// Scripts and styles of the pages that the command makes: compiled from source in this repository, built ahead in the package.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');
const placeOf = (file: string) => fileURLToPath(new URL(`./pages/${file}`, import.meta.url));

/** The script of a page as JavaScript. */
export async function pageScript(name: string): Promise<string> {
  if (!isSource) return readFile(placeOf(`${name}.js`), 'utf8');
  const { transform } = await import('esbuild');
  return (await transform(await readFile(placeOf(`${name}.ts`), 'utf8'), { loader: 'ts' })).code;
}

/** The styles that all pages share, and the page's own. */
export async function pageStyle(name: string): Promise<string> {
  const files = await Promise.all(['page', name].map((part) => readFile(placeOf(`${part}.css`), 'utf8')));
  return files.join('\n');
}

/** Escapes a text for HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
