// babylon-figment-cli: the command, the bake API and the plugins of bundlers; packages that they need stay outside.
import { copyFileSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { packageRoot } from '../../node/packageRoot.ts';
import { bundleTypes } from './bundleTypes.ts';

const NODE_BUILD = {
  absWorkingDir: packageRoot(),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.12',
  packages: 'external',
  external: ['#stock-gradients', '#webgpu-backend'],
  splitting: true,
  entryPoints: {
    cli: 'scripts/cli/figment.ts',
    gradientWorker: 'scripts/node/gradientWorker.ts',
    bakeWorker: 'scripts/bake/bakeWorker.ts',
    bake: 'scripts/bake/index.ts',
    esbuild: 'scripts/bundlers/esbuild.ts',
    vite: 'scripts/bundlers/vite.ts',
    runtime: 'runtime/index.ts',
  },
} satisfies BuildOptions;

const TYPES = {
  bake: 'scripts/bake/index',
  esbuild: 'scripts/bundlers/esbuild',
  vite: 'scripts/bundlers/vite',
  runtime: 'runtime/index',
};

/** Pictures of the README. */
const PICTURES = ['images/tavern.gif', 'guide/images/people.png', 'images/lab.png', 'images/materials.gif'];

/** Writes the package's `dist`, the files that commands read, and the pictures that npm's page of the plugin shows. */
export async function buildCliPackage(folder: string, declarations: string): Promise<void> {
  const dist = path.join(folder, 'dist');
  const source = (...names: string[]) => path.join(packageRoot(), ...names);
  await Promise.all([buildScripts(dist), buildPages(path.join(dist, 'pages')), bundleTypes(declarations, TYPES, dist)]);
  copyFileSync(source('scripts/bundlers/imports.d.ts'), path.join(dist, 'imports.d.ts'));
  for (const name of ['schema', 'classifiers', 'python']) {
    cpSync(source('assets', name), path.join(folder, 'assets', name), { recursive: true });
  }
  mkdirSync(path.join(folder, 'images'));
  for (const file of PICTURES) copyFileSync(source('docs', file), path.join(folder, 'images', path.basename(file)));
}

/** The command, the bodies of its threads, and what build tools import. */
export async function buildScripts(outdir: string): Promise<void> {
  await build({ ...NODE_BUILD, outdir });
}

/** The scripts and styles of the pages that commands make. */
async function buildPages(outdir: string): Promise<void> {
  const pages = path.join(packageRoot(), 'scripts/bake/pages');
  const names = readdirSync(pages);
  const scripts = names.filter((name) => name.endsWith('.ts')).map((name) => path.join(pages, name));
  await build({ entryPoints: scripts, format: 'esm', target: 'es2022', outdir });
  for (const name of names) if (name.endsWith('.css')) copyFileSync(path.join(pages, name), path.join(outdir, name));
}
