import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../../node/packageRoot.ts';

/**
 * Writes the licences of the packages that a bundle contains.
 *
 * @param inputs files of the bundle, relative to this repository
 */
export function writeLicences(file: string, inputs: readonly string[]): void {
  const found = inputs.map((input) => /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
  const folders = [...new Set(found)].filter((folder) => folder !== undefined).sort();
  writeFileSync(
    file,
    folders.map((folder) => licenceOf(path.join(packageRoot(), folder))).join(`\n${'-'.repeat(80)}\n`),
  );
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file));
  const texts = files.map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
  return `${[`${name} ${version}: ${license}`, ...texts].join('\n\n')}\n`;
}
