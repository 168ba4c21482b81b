// babylon-figment-NAME: a model, as files and as a module that knows the address of each.

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { INDEX_FILE } from '../../../runtime/core/fileNames.ts';
import { ANY_WORD, isRange, type Vocabulary } from '../../../runtime/index.ts';
import { copiedFiles, fetchedFiles } from '../../node/fetchedFiles.ts';
import { packageRoot, packageVersion } from '../../node/packageRoot.ts';
import { linkedToRepository } from './linkedToRepository.ts';

/** What a package leaves out, so that an install stays small: a sketch in one pass, which few pages ask for. */
const LEFT_OUT = /^cvae\//;

/** The facts that all packages have in common. */
type Facts = Record<'homepage' | 'repository' | 'bugs' | 'author', unknown>;

/**
 * Writes the package of a model folder: its files but those of a conditional VAE, its README and credits if it has them, and a
 * module whose export loads it,
 *
 *   import { portraits } from 'babylon-figment-portraits';
 *   const generator = await AssetGenerator.LoadAsync(portraits, scene);
 *
 * Every address in it is written as `new URL('./file', import.meta.url)`, which bundlers look for.
 *
 * @param name of a folder below assets/models
 */
export function buildModelPackage(folder: string, name: string, facts: Facts): void {
  const model = path.join(packageRoot(), 'assets/models', name);
  const files = fetchedFiles(model).filter((file) => !LEFT_OUT.test(file));
  for (const file of copiedFiles(model).filter((file) => !LEFT_OUT.test(file))) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    copyFileSync(path.join(model, file), path.join(folder, file));
  }
  const index = JSON.parse(readFileSync(path.join(model, INDEX_FILE), 'utf8'));
  const { labels, figment } = index;
  const write = (file: string, content: string) => writeFileSync(path.join(folder, file), content);
  const writeJson = (file: string, value: unknown) => write(file, `${JSON.stringify(value, null, 2)}\n`);
  const sha256 = Object.fromEntries(Object.entries(figment.sha256).filter(([file]) => !LEFT_OUT.test(file)));
  writeJson(INDEX_FILE, { ...index, figment: { ...figment, sha256 } });
  const readme = path.join(model, 'README.md');
  if (existsSync(readme)) write('README.md', linkedToRepository(readFileSync(readme, 'utf8'), `assets/models/${name}`));
  writeJson('package.json', packageOf(name, figment.licence, facts));
  write('index.js', moduleOf(name, files));
  write('index.d.ts', typesOf(name, labels, figment.attributes ?? {}));
}

function packageOf(name: string, licence: string, facts: Facts) {
  return {
    name: `babylon-figment-${name}`,
    version: packageVersion(),
    description: `The model "${name}" of babylon-figment, which generates game art inside Babylon.js. Licence: ${licence}`,
    license: 'SEE LICENSE IN README.md',
    ...facts,
    keywords: ['babylonjs', 'babylon-figment', 'game-art', 'diffusion', 'model'],
    type: 'module',
    sideEffects: false,
    exports: { '.': { types: './index.d.ts', default: './index.js' }, './*': './*' },
  };
}

function moduleOf(name: string, files: readonly string[]): string {
  const entries = files.map((file) => `    '${file}': new URL('./${file}', import.meta.url).href,\n`);
  return `export const ${exportOf(name)} = {\n  name: '${name}',\n  files: {\n${entries.join('')}  },\n};\n`;
}

/** With them an editor offers the words that the model knows, and a compiler finds those that it does not. */
function typesOf(name: string, labels: readonly string[], attributes: Vocabulary): string {
  const type = exportOf(`-${name}`);
  const oneOf = (words: readonly string[]) => words.map((word) => JSON.stringify(word)).join(' | ');
  const entries = Object.entries(attributes).map(
    ([attribute, values]) =>
      `\n  ${JSON.stringify(attribute)}?: ${isRange(values) ? 'number' : oneOf(values)} | ${JSON.stringify(ANY_WORD)} | undefined;`,
  );
  const sheet = entries.length > 0 ? `{${entries.join('')}\n}` : 'Readonly<Record<string, never>>';
  return `/** The model, for AssetGenerator.LoadAsync: the address of each of its files, and its words as a type that has no value. */
export declare const ${exportOf(name)}: {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly words?: ${type}Words;
};

/** The words of the model: its generator is an AssetGenerator<${type}Words>. */
export type ${type}Words = { label: ${type}Label; attributes: ${type}Attributes };

/** The labels that the model knows: what a picture can be of. */
export type ${type}Label = ${oneOf(labels)};

/** The attributes that a picture can be asked to have, each of which may be left out, or "any". */
export type ${type}Attributes = ${sheet};
`;
}

/** A folder's name as that of a constant: `pixel-portraits` is exported as pixelPortraits. */
function exportOf(name: string): string {
  return name.replaceAll(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase());
}
