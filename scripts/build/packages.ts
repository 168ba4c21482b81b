// npm run packages -- --out DIR: writes all that is published as .tgz files, as npm would fetch them.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { writeDeclarations } from './packages/bundleTypes.ts';
import { buildCliPackage } from './packages/cliPackage.ts';
import { linkedToRepository } from './packages/linkedToRepository.ts';
import { buildModelPackage } from './packages/modelPackage.ts';
import { buildPluginPackage } from './packages/pluginPackage.ts';

const root = packageRoot();
const readJson = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

/** Within the repository, so that packages are found from there; git ignores it. */
const SCRATCH = 'dist';

/** Entries of a package.json that only this repository needs. */
const OF_THE_REPOSITORY = ['scripts', 'devDependencies', 'private'];

/**
 * Builds the packages, unpacked: a folder for each, by its name.
 *
 * @param models those whose packages are made; default: all
 */
export async function buildPackages(folder: string, models = modelNames()): Promise<string[]> {
  mkdirSync(path.join(root, SCRATCH), { recursive: true });
  const scratch = mkdtempSync(path.join(root, SCRATCH, 'types-'));
  const place = (name: string) => path.join(folder, name);
  try {
    writeDeclarations(scratch);
    for (const [name, source] of [
      ['babylon-figment', 'plugin'],
      ['babylon-figment-cli', 'scripts'],
    ] as const) {
      mkdirSync(place(name), { recursive: true });
      writeManifest(place(name), readJson(`${source}/package.json`));
      writeReadme(place(name));
    }
    await buildPluginPackage(place('babylon-figment'), scratch);
    await buildCliPackage(place('babylon-figment-cli'), scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  const { homepage, repository, bugs, author } = readJson('plugin/package.json');
  for (const model of models) {
    const facts = { homepage, repository: { ...repository, directory: `assets/models/${model}` }, bugs, author };
    mkdirSync(place(`babylon-figment-${model}`), { recursive: true });
    buildModelPackage(place(`babylon-figment-${model}`), model, facts);
  }
  return ['babylon-figment', 'babylon-figment-cli', ...models.map((model) => `babylon-figment-${model}`)].map(place);
}

function modelNames(): string[] {
  const models = path.join(root, 'assets/models');
  return readdirSync(models).filter((name) => existsSync(path.join(models, name, INDEX_FILE)));
}

/** Packs folders of packages by npm, as it does before it publishes them. @returns what npm tells of each */
export function packPackages(folders: readonly string[], outDir: string): PackedPackage[] {
  mkdirSync(outDir, { recursive: true });
  const options = ['pack', '--json', '--ignore-scripts', '--pack-destination', path.resolve(outDir)];
  const [program, ...words] = npmCommand();
  const told = execFileSync(program, [...words, ...options, ...folders], { encoding: 'utf8', maxBuffer: 2 ** 26 });
  return JSON.parse(told);
}

/** The npm that runs this script, where one does: on Windows its command is no program that Node can start. */
function npmCommand(): [program: string, ...words: string[]] {
  const script = process.env.npm_execpath;
  return script?.endsWith('npm-cli.js') ? [process.execPath, script] : ['npm'];
}

/** A package that npm has packed: the entries of its description by `npm pack --json` that are read here. */
export interface PackedPackage {
  name: string;
  version: string;
  filename: string;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

function writeManifest(folder: string, manifest: Record<string, unknown>): void {
  const published = Object.entries(manifest).filter(([key]) => !OF_THE_REPOSITORY.includes(key));
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(Object.fromEntries(published), null, 2)}\n`);
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
}

/** The README, whose pictures and links lead to where they are on the web. */
function writeReadme(folder: string): void {
  const { version } = readJson('plugin/package.json');
  const pictures = `https://unpkg.com/babylon-figment-cli@${version}/images/`;
  const readme = readFileSync(path.join(root, 'README.md'), 'utf8').replaceAll(
    /\]\(docs\/(guide\/)?images\//g,
    `](${pictures}`,
  );
  writeFileSync(path.join(folder, 'README.md'), linkedToRepository(readme, ''));
}

async function writeAll({ out }: { out: string }): Promise<void> {
  const stage = mkdtempSync(path.join(tmpdir(), 'figment-packages-'));
  try {
    for (const { name, filename, unpackedSize } of packPackages(await buildPackages(stage), out)) {
      console.log(`${(unpackedSize / 1e6).toFixed(1).padStart(6)} MB unpacked  ${name}  ${path.join(out, filename)}`);
    }
  } finally {
    rmSync(stage, { recursive: true });
  }
}

if (process.argv[1] === import.meta.filename) {
  await new Command('packages')
    .description('write the packages that are published')
    .requiredOption('--out <folder>', 'where to')
    .action(writeAll)
    .parseAsync();
}
