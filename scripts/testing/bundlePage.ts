import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';
import { BROWSER_BUILD, WASM_FILE, WORKER_BUILD, wasmPath } from '../build/browserBuild.ts';
import type { SiteOptions } from '../node/serveSite.ts';

type Files = NonNullable<SiteOptions['files']>;

const HTML = `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="page.css">
<canvas id="canvas" width="64" height="64"></canvas>
<script type="module" src="page.js"></script>
`;

/** The canvas keeps its size, so that a test knows which pixels it sees. */
const CSS = 'html, body { margin: 0 } canvas { display: block }';

/** Babylon's Inspector loads them, and they are large, when one is opened; no page does. */
const EDITORS = ['gui', 'node', 'node-geometry', 'node-particle', 'node-render-graph'].map(
  (name) => `@babylonjs/${name}-editor`,
);

const pages = new Map<string, Promise<Files>>();
let worker: Promise<Uint8Array> | undefined;

/**
 * A page that runs one module, whose exports become `globalThis.page`; beside it Figment's worker, made when asked for.
 *
 * @param module its path in the repository; bundled once, however often it is asked for
 */
export function bundlePage(module: string): Promise<Files> {
  const known = pages.get(module) ?? bundle(module);
  pages.set(module, known);
  return known;
}

async function bundle(module: string): Promise<Files> {
  const { outputFiles } = await build({
    ...BROWSER_BUILD,
    stdin: {
      contents: `import * as page from './${module}'; globalThis.page = page;`,
      resolveDir: BROWSER_BUILD.absWorkingDir,
      sourcefile: 'page.ts',
      loader: 'ts',
    },
    entryNames: 'page',
    external: EDITORS,
    outdir: '/',
    splitting: true,
    write: false,
    logLevel: 'silent', // a failure throws its message
  });
  const scripts = outputFiles.map((file): [string, Uint8Array] => [`/${path.basename(file.path)}`, file.contents]);
  return {
    ...Object.fromEntries(scripts),
    '/index.html': HTML,
    '/page.css': CSS,
    '/worker.js': () => {
      worker ??= bundleWorker();
      return worker;
    },
    [`/${WASM_FILE}`]: () => readFile(wasmPath),
  };
}

async function bundleWorker(): Promise<Uint8Array> {
  const { outputFiles } = await build({ ...WORKER_BUILD, outdir: '/', write: false, logLevel: 'silent' });
  return outputFiles[0]!.contents;
}
