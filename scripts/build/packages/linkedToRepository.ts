import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../node/packageRoot.ts';

/**
 * A document of this repository whose relative links lead to where they are on the web.
 *
 * @param markdown the document
 * @param folder   where it lies, relative to the repository
 */
export function linkedToRepository(markdown: string, folder: string): string {
  const { homepage } = JSON.parse(readFileSync(path.join(packageRoot(), 'plugin/package.json'), 'utf8'));
  const repository = homepage.replace(/#.*$/, '');
  return markdown.replaceAll(
    /\]\((?!https?:|#)([^)]+)/g,
    (_, link: string) => `](${repository}/blob/main/${path.posix.join(folder, link)}`,
  );
}
