// The package as a game has it: installed in a project elsewhere, and used there by name.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { snippetFiles } from '../../scripts/docs/snippets.ts';
import { packageRoot } from '../../scripts/node/packageRoot.ts';
import { decodePng } from '../../scripts/node/png.ts';
import { STRICT_CSP } from '../../scripts/node/serveSite.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';
import { createOutsideProject, type OutsideProject } from './outsideProject.ts';

const BUILD_LIMIT_MS = 240_000;
const PAGE_LIMIT_MS = 240_000;
const WIDTH_PX = 32;
/** Of 255; texture and bake are rounded from sums in another order. */
const TOLERANCE = 2;

let project: OutsideProject;

beforeAll(async () => {
  project = await createOutsideProject();
}, BUILD_LIMIT_MS);

afterAll(() => project?.remove());

const packageJson = () => readFileSync(path.join(packageRoot(), 'package.json'), 'utf8');
const write = (name: string, content: string) => writeFileSync(path.join(project.folder, name), content);

describe('the package in Node', () => {
  it('has its two entries, and the files that hosts of the worker need', async () => {
    write(
      'names.mjs',
      `import { AssetGenerator, GeneratedTexture } from 'babylon-figment';
       import { generate } from 'babylon-figment/runtime';
       const files = ['worker', 'tfjs-backend-wasm-simd.wasm'].map((name) => import.meta.resolve('babylon-figment/' + name));
       console.log(typeof AssetGenerator.LoadAsync, typeof GeneratedTexture.Parse, typeof generate, files.join(' '));`,
    );
    const [wasm, worker, ...types] = (await project.node('names.mjs')).trim().split(' ').reverse();
    expect(types).toEqual(['function', 'function', 'function']);
    expect(readFileSync(fileURLToPath(worker!), 'utf8')).toContain('onmessage');
    expect(WebAssembly.validate(readFileSync(fileURLToPath(wasm!)))).toBe(true);
  });

  it('bakes for an editor script, and by its command in threads', { timeout: BUILD_LIMIT_MS }, async () => {
    const example = path.join(packageRoot(), 'scripts/examples/bakeInEditor.mjs');
    copyFileSync(example, path.join(project.folder, 'bakeInEditor.mjs'));
    expect(await project.node('bakeInEditor.mjs', 'art')).toMatch(/3 of 3 to bake[\s\S]*3 baked, 0 as they were/);
    expect(await project.node('bakeInEditor.mjs', 'art')).toMatch(/0 of 3 to bake[\s\S]*0 baked, 3 as they were/);
    const art = (name: string) => readFileSync(path.join(project.folder, 'art', name));
    expect(decodePng(art('characters/Ilva.png'))).toMatchObject({ width: 4 * WIDTH_PX, height: 4 * WIDTH_PX });
    expect(art('report.html').toString()).toContain('Ilva');
    write(
      'figment.bake.json',
      `{ "figment": 1, "defaults": { "model": "portraits", "numInferenceSteps": 2, "output": "{label}" },
         "assets": [{ "name": "a", "labels": ["elf", "troll"], "formats": ["ktx2"] }] }`,
    );
    const figment = path.join('node_modules/babylon-figment', JSON.parse(packageJson()).bin.figment);
    const words = ['bake', 'figment.bake.json', '--jobs', '2', '--batch', '1'];
    expect(await project.node(figment, ...words)).toMatch(/2 images baked, 0 as they were; 2 files written/);
  });

  it('tells TypeScript its types, those of all code in README and the guide included', async () => {
    write(
      'typed.ts',
      `import type { Scene } from '@babylonjs/core/scene.js';
       import { AssetGenerator, type GeneratedTexture } from 'babylon-figment';
       import { bake, type BakeResult } from 'babylon-figment/bake';
       import { figmentEsbuild } from 'babylon-figment/esbuild';
       import { figmentVite } from 'babylon-figment/vite';
       import { createModel, type DiffusionModel } from 'babylon-figment/runtime';
       import picture, { url } from 'figment:portraits/elf?seed=7';
       export async function elf(scene: Scene): Promise<GeneratedTexture> {
         const portraits = await AssetGenerator.LoadAsync('models/portraits/', scene);
         // @ts-expect-error a label is a string
         portraits.beginTexture({ label: 5 });
         return portraits.generateTextureAsync({ label: 'elf', seed: 7, guidanceScale: 2 });
       }
       export const make: (...files: Parameters<typeof createModel>) => DiffusionModel = createModel;
       export const plugins = [figmentEsbuild(), figmentVite({ models: { heroes: './heroes' } })];
       export const address: string = picture.url + url + picture.recipe.label;
       export const bakeElf = (): Promise<BakeResult> =>
         // @ts-expect-error a seed is a number
         bake({ figment: 1, assets: [{ name: 'elf', model: 'portraits', seeds: ['7'] }] }, { out: 'art', jobs: 2 });
       // @ts-expect-error a model is no number
       export const wrong: number = createModel;`,
    );
    const snippets = snippetFiles(); // what README and the guide show
    for (const [name, content] of Object.entries(snippets)) write(name, content);
    const tsc = 'node_modules/typescript/bin/tsc';
    const options = ['--strict', '--noEmit', '--skipLibCheck', '--target', 'es2022', '--module', 'esnext'];
    await project.node(
      tsc,
      ...options,
      '--moduleResolution',
      'bundler',
      '--types',
      '@webgpu/types,babylon-figment/imports',
      'typed.ts',
      ...Object.keys(snippets),
    );
  });
});

interface Game {
  backend(): string;
  cells(): string[];
  texture(): Promise<number[]>;
  sheet(): Promise<number[]>;
}

const html = (head: string) => `<!doctype html>
<meta charset="utf-8">
<link rel="icon" href="data:,">
${head}
<canvas width="64" height="64"></canvas>
<script type="module" src="./main.js"></script>
`;

const IMPORT_MAP = `<script type="importmap">{ "imports": {
  "@babylonjs/core/": "/node_modules/@babylonjs/core/",
  "babylon-figment": "/node_modules/babylon-figment/dist/browser/plugin.js"
} }</script>`;

describeInBrowser('the package in a page', (openPage) => {
  beforeAll(async () => {
    copyFileSync(path.join(packageRoot(), 'plugin/testing/outside/main.js'), path.join(project.folder, 'main.js'));
    const { bin } = JSON.parse(packageJson());
    const figment = path.join('node_modules/babylon-figment', bin.figment);
    const recipe = ['--label', 'elf,goblin', '--count', '2', '--seed', '7', '--guidance', '2', '--steps', '3'];
    await project.node(figment, 'bake', 'portraits', ...recipe, '--backend', 'wasm', '--out', 'baked');
  }, BUILD_LIMIT_MS);

  const models = { '/models/': path.join(packageRoot(), 'assets/models') };
  const folder = (name: string) => path.join(project.folder, name);

  it('works without a bundler, by import map', { timeout: PAGE_LIMIT_MS }, async () => {
    const page = await openPage<Game>({
      files: { '/index.html': html(IMPORT_MAP), '/main.js': readFileSync(folder('main.js')) },
      folders: { ...models, '/node_modules/': folder('node_modules') },
    });
    await expectBakedPictures(page);
  });

  it('works built by Vite, isolated and under a strict policy', { timeout: PAGE_LIMIT_MS }, async () => {
    write('index.html', html(''));
    await project.node('node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn');
    const page = await openPage<Game>({
      folders: { ...models, '/': folder('dist') },
      crossOriginIsolated: true,
      contentSecurityPolicy: STRICT_CSP,
    });
    await expectBakedPictures(page);
  });
});

/** The pictures in the page's texture and sheet are those that the command bakes. */
async function expectBakedPictures(page: TestPage<Game>): Promise<void> {
  expect(await page.call('backend')).toBe('wasm');
  expect(page.playwright.workers().map((worker) => worker.url())).toEqual([expect.stringMatching(/worker.*\.js$/)]);
  const cells = await page.call('cells');
  expect(cells).toHaveLength(4);
  expect(cells.slice(0, 2)).toEqual(['elf-7', 'goblin-8']);
  const [texture, sheet] = [await page.call('texture'), await page.call('sheet')];
  expectLike(rowsReversed(texture), baked('elf-7'));
  expectLike(cut(sheet, 2, 0), baked('elf-7'));
  expectLike(cut(sheet, 2, 1), baked('goblin-8'));
}

function baked(name: string): Uint8Array {
  return decodePng(readFileSync(path.join(project.folder, 'baked', `${name}.png`))).pixels;
}

function rowsReversed(pixels: readonly number[]): number[] {
  const rows = Array.from({ length: WIDTH_PX }, (_, y) => pixels.slice(4 * WIDTH_PX * y, 4 * WIDTH_PX * (y + 1)));
  return rows.reverse().flat();
}

/** A cell of the first row of a sheet. */
function cut(sheet: readonly number[], numColumns: number, column: number): number[] {
  const rowBytes = 4 * WIDTH_PX;
  return Array.from({ length: WIDTH_PX }, (_, y) => {
    const start = rowBytes * (y * numColumns + column);
    return sheet.slice(start, start + rowBytes);
  }).flat();
}

function expectLike(actual: readonly number[], expected: Uint8Array): void {
  expect(actual).toHaveLength(expected.length);
  const difference = actual.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
  expect(difference).toBeLessThanOrEqual(TOLERANCE);
  expect(new Set(expected).size).toBeGreaterThan(16); // a picture, not a plain colour
}
