// babylon-figment: the plugin and the runtime for browsers, with all but Babylon.js bundled.
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import {
  GLOBAL_BUILD,
  INSPECTOR_BUILD,
  LIBRARY_BUILD,
  LICENCES_FILE,
  PACKAGED,
  WASM_FILE,
  WORKER_BUILD,
  wasmPath,
} from '../browserBuild.ts';
import { bundleTypes } from './bundleTypes.ts';
import { writeLicences } from './licences.ts';

/** The type declarations that users see, by the entry that they are of. */
const TYPES = { plugin: 'plugin/index', runtime: 'runtime/index', inspector: 'plugin/inspector/index' };

/** Writes the package's `dist`. */
export async function buildPluginPackage(folder: string, declarations: string): Promise<void> {
  const dist = path.join(folder, 'dist');
  const builds = [LIBRARY_BUILD, WORKER_BUILD, GLOBAL_BUILD, INSPECTOR_BUILD].map((settings) =>
    build({ ...settings, ...PACKAGED, outdir: dist }),
  );
  const [results] = await Promise.all([Promise.all(builds), bundleTypes(declarations, TYPES, dist)]);
  copyFileSync(wasmPath, path.join(dist, WASM_FILE));
  const bundled = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeLicences(path.join(dist, LICENCES_FILE), bundled);
}
