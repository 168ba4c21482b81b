import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { packageRoot } from '../node/packageRoot.ts';
import { LIBRARY_BUILD, WASM_FILE, WORKER_BUILD, wasmPath } from './browserBuild.ts';

const NODE_BUILD = {
  absWorkingDir: packageRoot(),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  external: ['#stock-gradients', '#webgpu-backend'],
  splitting: true,
  sourcemap: true,
} satisfies BuildOptions;

/**
 * Makes what the package exports: browser/ with all but Babylon bundled, node/ and scripts/ with packages left outside,
 * types/. Whatever was in the folder before is deleted.
 */
export async function buildPackage(outDir: string): Promise<void> {
  const folder = (name: string) => path.join(outDir, name);
  rmSync(outDir, { recursive: true, force: true });
  await Promise.all([
    buildForBrowsers(folder('browser')),
    build({ ...NODE_BUILD, entryPoints: LIBRARY_BUILD.entryPoints, outdir: folder('node') }),
    buildScripts(folder('scripts')),
    buildPages(folder('scripts/pages')),
  ]);
  const tsc = path.join(packageRoot(), 'node_modules/typescript/bin/tsc');
  const project = path.join(packageRoot(), 'tsconfig.build.json');
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', folder('types')], { stdio: 'inherit' });
  const imports = 'scripts/bundlers/imports.d.ts';
  copyFileSync(path.join(packageRoot(), imports), path.join(folder('types'), imports));
}

/** The command, the bodies of its threads, and what build tools import. */
export async function buildScripts(outdir: string): Promise<void> {
  const entryPoints = {
    cli: 'scripts/cli/figment.ts',
    gradientWorker: 'scripts/node/gradientWorker.ts',
    bakeWorker: 'scripts/bake/bakeWorker.ts',
    bake: 'scripts/bake/index.ts',
    esbuild: 'scripts/bundlers/esbuild.ts',
    vite: 'scripts/bundlers/vite.ts',
  };
  await build({ ...NODE_BUILD, entryPoints, outdir });
}

/** The scripts and styles of the pages that commands make. */
async function buildPages(outdir: string): Promise<void> {
  const pages = path.join(packageRoot(), 'scripts/bake/pages');
  const names = readdirSync(pages);
  const scripts = names.filter((name) => name.endsWith('.ts')).map((name) => path.join(pages, name));
  await build({ entryPoints: scripts, format: 'esm', target: 'es2022', outdir });
  for (const name of names) if (name.endsWith('.css')) copyFileSync(path.join(pages, name), path.join(outdir, name));
}

async function buildForBrowsers(outdir: string): Promise<void> {
  const options = { minify: true, sourcemap: true, metafile: true, outdir } satisfies BuildOptions;
  const results = [await build({ ...LIBRARY_BUILD, ...options }), await build({ ...WORKER_BUILD, ...options })];
  copyFileSync(wasmPath, path.join(outdir, WASM_FILE));
  const bundled = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeLicences(path.join(outdir, 'THIRD-PARTY-LICENCES.txt'), bundled);
}

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
