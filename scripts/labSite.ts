import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { BROWSER_BUILD } from './browserBuild.ts';
import { directImports } from './directImports.ts';
import { packageRoot } from './io/packageRoot.ts';

/** The guidance lab's page and scripts by address, to be served beside the worker and the models that it shares. */
export async function buildLab(): Promise<Record<string, Uint8Array | (() => Promise<Uint8Array>)>> {
  const { outputFiles } = await build({
    ...BROWSER_BUILD,
    entryPoints: { lab: 'demo-scene/lab/lab.ts' },
    splitting: true,
    minify: true,
    plugins: [directImports(packageRoot())],
    outdir: '/',
    write: false,
    logLevel: 'silent', // a failure throws its message
  });
  const outputs = outputFiles.map((file): [string, Uint8Array] => [`/${path.basename(file.path)}`, file.contents]);
  const page = path.join(packageRoot(), 'demo-scene/lab/lab.html');
  return { ...Object.fromEntries(outputs), '/lab.html': () => readFile(page) };
}
