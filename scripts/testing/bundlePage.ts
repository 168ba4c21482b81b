import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { BROWSER_BUILD, WASM_FILE, WORKER_BUILD, wasmPath } from '../build/browserBuild.ts';
import type { SiteOptions } from '../node/serveSite.ts';
import { isInRun, madeOnce } from './runFolder.ts';

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

/** Pages that have much in common: in a run of the tests they are bundled together. */
const RELATED = [
  'demo-scene/testing/cardPage.ts',
  'plugin/testing/elfPage.ts',
  'plugin/testing/frames/framePage.ts',
  'plugin/testing/frames/gpuPage.ts',
  'plugin/testing/generationPage.ts',
  'plugin/testing/smokePage.ts',
  'plugin/testing/surfacePage.ts',
  'plugin/testing/texelPage.ts',
];

/**
 * A page that runs one module, whose exports become `globalThis.page`; beside it Figment's worker, made when asked for.
 *
 * @param module its path in the repository
 */
export async function bundlePage(module: string): Promise<Files> {
  const scripts = await (isInRun() ? builtOnce(module) : bundle([module]));
  return {
    ...scripts,
    '/page.js': scripts[`/${nameOf(module)}`]!,
    '/index.html': HTML,
    '/page.css': CSS,
    '/worker.js': bundleWorker,
    [`/${WASM_FILE}`]: () => readFile(wasmPath),
  };
}

const nameOf = (module: string) => module.replaceAll('/', '-').replace(/\.ts$/, '.js');

/** Scripts by their addresses. */
type Scripts = Record<string, Uint8Array>;

/** The scripts of each folder that was asked for: every file of it is read once, and so compressed once. */
const known = new Map<string, Scripts>();

async function builtOnce(module: string): Promise<Scripts> {
  const isRelated = RELATED.includes(module);
  const folder = await madeOnce(isRelated ? 'pages' : nameOf(module), async (place) => {
    const files = Object.entries(await bundle(isRelated ? RELATED : [module]));
    for (const [address, contents] of files) writeFileSync(path.join(place, address), contents);
  });
  const names = readdirSync(folder);
  const scripts =
    known.get(folder) ?? Object.fromEntries(names.map((name) => [`/${name}`, readFileSync(path.join(folder, name))]));
  known.set(folder, scripts);
  return scripts;
}

async function bundle(modules: readonly string[]): Promise<Scripts> {
  const { outputFiles } = await build({
    ...BROWSER_BUILD,
    entryPoints: modules.map((module) => ({ in: `page:${module}`, out: path.parse(nameOf(module)).name })),
    plugins: [asPage, ...BROWSER_BUILD.plugins],
    external: EDITORS,
    outdir: '/',
    splitting: true,
    write: false,
    logLevel: 'silent', // a failure throws its message
  });
  return Object.fromEntries(outputFiles.map((file) => [`/${path.basename(file.path)}`, file.contents]));
}

/** Makes the exports of a module those of a page. */
const asPage: Plugin = {
  name: 'as page',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^page:/ }, ({ path: name }) => ({ path: name.slice('page:'.length), namespace: 'page' }));
    onLoad({ filter: /./, namespace: 'page' }, ({ path: module }) => ({
      contents: `import * as page from './${module}'; globalThis.page = page;`,
      resolveDir: BROWSER_BUILD.absWorkingDir,
      loader: 'ts',
    }));
  },
};

let worker: Promise<Uint8Array> | undefined;

function bundleWorker(): Promise<Uint8Array> {
  worker ??= build({ ...WORKER_BUILD, outdir: '/', write: false, logLevel: 'silent' }).then(
    ({ outputFiles }) => outputFiles[0]!.contents,
  );
  return worker;
}
