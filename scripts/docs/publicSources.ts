import { readdirSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../node/packageRoot.ts';

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
