import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../node/packageRoot.ts';

/** The folder of the package that a file of a bundle is of. */
const PACKAGE = /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/;

/** A line of a comment that says whose a file is. */
const NOTICE = /(?<=^[ /*]*)Copyright .*$/gm;

/**
 * Writes the licences of the packages that a bundle contains, and whose their files are, which minified files do not say.
 *
 * @param inputs files of the bundle, relative to this repository
 */
export function writeLicences(file: string, inputs: readonly string[]): void {
  const folders = new Map<string, string[]>();
  for (const input of inputs) {
    const folder = PACKAGE.exec(input)?.[0];
    if (folder !== undefined) folders.set(folder, [...(folders.get(folder) ?? []), input]);
  }
  const licences = [...folders]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([folder, files]) => licenceOf(folder, files));
  writeFileSync(file, licences.join(`\n${'-'.repeat(80)}\n`));
}

function licenceOf(packageFolder: string, inputs: readonly string[]): string {
  const folder = path.join(packageRoot(), packageFolder);
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const sources = inputs.map((input) => readFileSync(path.join(packageRoot(), input), 'utf8'));
  const notices = new Set(sources.flatMap((source) => source.match(NOTICE) ?? []));
  const files = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
  const texts = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  const parts = [`${name} ${version}: ${license}`, [...notices].sort().join('\n'), ...texts];
  return `${parts.filter((text) => text !== '').join('\n\n')}\n`;
}
