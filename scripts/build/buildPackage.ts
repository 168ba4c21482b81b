import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { packageRoot } from '../node/packageRoot.ts';
import { LIBRARY_BUILD, WASM_FILE, WORKER_BUILD, wasmPath } from './browserBuild.ts';
import { writeLicences } from './licences.ts';

const NODE_BUILD = {
  absWorkingDir: packageRoot(),
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  external: ['#stock-gradients'],
  splitting: true,
  sourcemap: true,
} satisfies BuildOptions;

/**
 * Makes what the package exports: browser/ with all but Babylon bundled, node/ and scripts/ with packages left outside,
 * types/. What was in the folder goes.
 */
export async function buildPackage(outDir: string): Promise<void> {
  const folder = (name: string) => path.join(outDir, name);
  rmSync(outDir, { recursive: true, force: true });
  await Promise.all([
    buildForBrowsers(folder('browser')),
    build({ ...NODE_BUILD, entryPoints: LIBRARY_BUILD.entryPoints, outdir: folder('node') }),
    build({
      ...NODE_BUILD,
      entryPoints: {
        cli: 'scripts/cli/figment.ts',
        gradientWorker: 'scripts/node/gradientWorker.ts',
        bakeWorker: 'scripts/bake/bakeWorker.ts',
        bake: 'scripts/bake/index.ts',
        esbuild: 'scripts/bundlers/esbuild.ts',
        vite: 'scripts/bundlers/vite.ts',
      },
      outdir: folder('scripts'),
    }),
    buildPages(folder('scripts/pages')),
  ]);
  const tsc = path.join(packageRoot(), 'node_modules/typescript/bin/tsc');
  const project = path.join(packageRoot(), 'tsconfig.build.json');
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', folder('types')], { stdio: 'inherit' });
  const imports = 'scripts/bundlers/imports.d.ts';
  copyFileSync(path.join(packageRoot(), imports), path.join(folder('types'), imports));
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
