// How esbuild makes Figment's files for browsers; build.ts, sizes.ts and the tests in real browsers share it.
import { createRequire } from 'node:module';
import type { BuildOptions } from 'esbuild';
import { packageRoot } from '../node/packageRoot.ts';
import { directImports } from './directImports.ts';

/** The file of tfjs's that the worker loads. Its others are for engines without SIMD, and for threads. */
export const WASM_FILE = 'tfjs-backend-wasm-simd.wasm';

/** Where npm put it. */
export const wasmPath = createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${WASM_FILE}`);

export const BROWSER_BUILD = {
  absWorkingDir: packageRoot(),
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
} satisfies BuildOptions;

/** What `babylon-figment` and `babylon-figment/runtime` share lies in common chunks. Babylon is the page's own. */
export const LIBRARY_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: { plugin: 'plugin/index.ts', runtime: 'runtime/index.ts' },
  splitting: true,
  external: ['@babylonjs/core'],
  plugins: [directImports(packageRoot())],
} satisfies BuildOptions;

/** One file without imports, as bundlers want a worker that they copy. */
export const WORKER_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: { worker: 'plugin/painting/worker.ts' },
  splitting: false,
} satisfies BuildOptions;
