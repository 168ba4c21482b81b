// The packages as they are published, in a project outside this repository: what README tells is done there.

import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModel, generate, loadModelFolder, selectBackend } from '../../runtime/index.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { snippetFiles } from '../../scripts/docs/snippets.ts';
import { diskSource } from '../../scripts/node/diskSource.ts';
import { packageRoot } from '../../scripts/node/packageRoot.ts';
import { decodePng } from '../../scripts/node/png.ts';
import { type SiteOptions, STRICT_CSP } from '../../scripts/node/serveSite.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import { createOutsideProject, type OutsideProject } from './outsideProject.ts';
import { testPackageTypes } from './packageTypes.ts';

const LIMIT_MS = 240_000;
const MODEL = 'portraits';
const PLUGIN_MAX_BYTES = 3 * 2 ** 20;
const INSTALL_MAX_BYTES = 25 * 2 ** 20;

let project: OutsideProject;

beforeAll(async () => {
  project = await createOutsideProject(MODEL);
  write('package.json', '{ "type": "module", "private": true }');
}, LIMIT_MS);

afterAll(() => project?.remove());

const inProject = (...names: string[]) => path.join(project.folder, ...names);
const write = (name: string, content: string) => project.write(name, content);
const manifestOf = (name: string) => JSON.parse(readFileSync(inProject('node_modules', name, 'package.json'), 'utf8'));
const readme = () => readFileSync(path.join(packageRoot(), 'README.md'), 'utf8');
const figment = (...words: string[]) => project.node('node_modules/babylon-figment-cli/dist/cli.js', ...words);

describe('the packages', () => {
  it('weigh what they do, and need nothing but Babylon.js', () => {
    const [plugin, , model] = project.packed;
    expect(plugin!.unpackedSize).toBeLessThanOrEqual(PLUGIN_MAX_BYTES);
    expect(plugin!.unpackedSize + model!.unpackedSize).toBeLessThanOrEqual(INSTALL_MAX_BYTES);
    const { figment } = JSON.parse(readFileSync(inProject('node_modules', model!.name, 'model_index.json'), 'utf8'));
    for (const file of Object.keys(figment.sha256))
      expect(inProject('node_modules', model!.name, file)).toSatisfy(existsSync);
    const { dependencies, devDependencies, peerDependencies, peerDependenciesMeta } = manifestOf('babylon-figment');
    expect({ dependencies, devDependencies }).toEqual({});
    const needed = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
    expect(needed).toEqual(['@babylonjs/core']);
    const { dependencies: ofCommand, optionalDependencies } = manifestOf('babylon-figment-cli');
    expect(Object.keys(ofCommand)).not.toContain('webgpu');
    expect(Object.keys(optionalDependencies)).toEqual(['webgpu']);
    expect(manifestOf(`babylon-figment-${MODEL}`)).not.toHaveProperty('dependencies');
  });

  it('say where they are from, and show pictures that are packed', () => {
    for (const { name, version } of project.packed) {
      const manifest = manifestOf(name);
      expect(manifest).toMatchObject({
        version: JSON.parse(readFileSync(path.join(packageRoot(), 'package.json'), 'utf8')).version,
        homepage: expect.stringMatching(/^https:/),
        repository: { type: 'git', url: expect.stringMatching(/^git\+https:/), directory: expect.any(String) },
        bugs: { url: expect.stringMatching(/^https:/) },
      });
      expect(manifest.keywords).toContain('babylonjs');
      const text = readFileSync(inProject('node_modules', name, 'README.md'), 'utf8');
      expect(text).not.toMatch(/\]\((?!https?:|#)/);
      if (name.endsWith(MODEL)) continue;
      const pictures = Array.from(text.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g), ([, address]) => address!);
      expect(pictures.length).toBeGreaterThan(0);
      const packed = project.packed[1]!.files.map(
        (file) => `https://unpkg.com/babylon-figment-cli@${version}/${file.path}`,
      );
      for (const picture of pictures) expect(packed).toContain(picture);
    }
  });

  it('have no flaw that publint or attw know', { timeout: LIMIT_MS }, async () => {
    for (const { name, filename } of project.packed) {
      // What is there was unpacked from what npm packed; it need not be packed again.
      const { messages } = await publint({ pkgDir: inProject('node_modules', name), strict: true, pack: false });
      expect(messages, name).toEqual([]);
      const tarball = createPackageFromTarballData(readFileSync(inProject('packed', filename)));
      const untyped = ['./worker', './tfjs-backend-wasm-simd.wasm', './babylon.figment.js', './imports'];
      const analysis = await checkPackage(tarball, { excludeEntrypoints: untyped });
      const problems = analysis.types === false ? ['no types'] : analysis.problems;
      // Modules alone: what cannot import them, or reads no exports, is not asked for.
      const ofModules = problems.filter(
        (problem) => !/"node10"|"node16-cjs"|CJSResolvesToESM/.test(JSON.stringify(problem)),
      );
      expect(ofModules, name).toEqual([]);
    }
  });
});

testPackageTypes(() => project, MODEL);

describe('the packages in Node', () => {
  it('can be imported, by a server that renders pages', async () => {
    write(
      'names.mjs',
      `import { AssetGenerator, GeneratedTexture } from 'babylon-figment';
       import { generate } from 'babylon-figment/runtime';
       import { portraits } from 'babylon-figment-portraits';
       import { generate as inNode } from 'babylon-figment-cli/runtime';
       const files = ['worker', 'tfjs-backend-wasm-simd.wasm'].map((name) => import.meta.resolve('babylon-figment/' + name));
       console.log(typeof AssetGenerator.LoadAsync, typeof GeneratedTexture.Parse, typeof generate, typeof inNode);
       console.log([...files, ...Object.values(portraits.files)].join('\\n'));`,
    );
    const [types, ...files] = (await project.node('names.mjs')).trim().split('\n');
    expect(types).toBe('function function function function');
    for (const file of files) expect(readFileSync(new URL(file)).length).toBeGreaterThan(100);
    expect(files.length).toBeGreaterThan(6);
  });

  it('paint in a scene without a page', { timeout: LIMIT_MS }, async () => {
    write(
      'paint.mjs',
      `import { fileURLToPath } from 'node:url';
       import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
       import { Scene } from '@babylonjs/core/scene.js';
       import { AssetGenerator } from 'babylon-figment';
       import { portraits } from 'babylon-figment-portraits';
       const wasmPaths = fileURLToPath(new URL('.', import.meta.resolve('babylon-figment/worker')));
       const generator = await AssetGenerator.LoadAsync(portraits, new Scene(new NullEngine()), { wasmPaths });
       const pixels = await generator.generatePixelsAsync({ label: 'elf', seed: 7, numInferenceSteps: 1 });
       console.log(generator.backend.backend, pixels.some((value) => value > 0));
       process.exit();`,
    );
    expect(await project.node('paint.mjs')).toMatch(/^wasm true$/m);
  });

  it('bake for an editor script, and by the command in threads', { timeout: LIMIT_MS }, async () => {
    const example = readFileSync(path.join(packageRoot(), 'scripts/examples/bakeInEditor.mjs'), 'utf8');
    const quick = example.replace('guidanceScale: 2,', 'guidanceScale: 2, numInferenceSteps: 2,');
    expect(quick).not.toBe(example);
    write('bakeInEditor.mjs', quick);
    write('twice.mjs', `await import('./bakeInEditor.mjs'); await import('./bakeInEditor.mjs?again');`);
    const [first, again] = (await project.node('twice.mjs', 'art')).split(/(?=0 of 3 to bake)/);
    expect(first).toMatch(/3 of 3 to bake[\s\S]*3 baked, 0 as they were/);
    expect(again).toMatch(/0 baked, 3 as they were/);
    expect(readFileSync(inProject('art/report.html'), 'utf8')).toContain('Ilva');
    write('mistaken.mjs', quick.replace("label: 'elf'", "label: 'elff'"));
    const mistake = expect.stringMatching(/label "elff" is unknown; did you mean "elf"\?(?![\s\S]*\n +at )/);
    await expect(project.node('mistaken.mjs', 'art')).rejects.toMatchObject({ code: 2, stderr: mistake });
    write(
      'figment.bake.json',
      `{ "figment": 1, "defaults": { "model": "portraits", "numInferenceSteps": 2, "output": "{label}" },
         "assets": [{ "name": "a", "labels": ["elf", "orc"], "formats": ["ktx2"] }] }`,
    );
    const baked = await figment('bake', 'figment.bake.json', '--jobs', '2', '--batch', '1');
    expect(baked).toMatch(/2 images baked, 0 as they were; 2 files written/);
  });

  it('list models and copy what a page fetches of them', async () => {
    expect(await figment('models')).toMatch(
      /^model +portraits .*babylon-figment-portraits\nclassifier +portraits-ornate /m,
    );
    const copying = await figment('models', 'copy', MODEL, `${MODEL}-ornate`, 'public/models');
    for (const name of [MODEL, `${MODEL}-ornate`]) expect(copying).toContain(path.join('public/models', name));
    const copied = readdirSync(inProject('public/models', MODEL), { recursive: true, encoding: 'utf8' });
    expect(copied).toEqual(
      expect.arrayContaining(['model_index.json', 'credits.csv', path.join('unet', 'config.json')]),
    );
    expect(copied).not.toContain('contact-sheet.png');
    const wrong = figment('models', 'copy', MODEL, 'portrait', 'public/other');
    await expect(wrong).rejects.toThrow(/did you mean "portraits"/);
    await expect(figment('models', 'copy', 'public/other')).rejects.toThrow(/only argument; name models/);
    expect(existsSync(inProject('public/other'))).toBe(false);
  });
});

/** The three ways to bundle README's page, and the page that needs no bundler: what is served then. */
const SET_UPS: Record<string, () => Promise<SiteOptions>> = {
  'a page without a bundler': async () => {
    const [, page] = /^```html\n([\s\S]*?)^```/m.exec(readme())!;
    const html = page!.replace('https://cdn.babylonjs.com/babylon.js', 'node_modules/babylonjs/babylon.js');
    expect(html).not.toBe(page);
    return { files: { '/index.html': `${HEAD}${html}` }, folders: { '/node_modules/': inProject('node_modules') } };
  },
  Vite: async () => {
    write('index.html', `${HEAD}<script type="module" src="./main.js"></script>`);
    await project.node(
      'node_modules/vite/bin/vite.js',
      'build',
      '--outDir',
      'vite',
      '--logLevel',
      'warn',
      '--minify',
      'false',
    );
    const html = readFileSync(inProject('vite/index.html'), 'utf8');
    return {
      files: { '/index.html': html },
      folders: { '/': inProject('vite') },
      crossOriginIsolated: true,
      contentSecurityPolicy: STRICT_CSP,
    };
  },
  webpack: async () => {
    write(
      'bundle.mjs',
      `import webpack from 'webpack';
       const output = { path: process.cwd() + '/webpack' };
       // What makes the bundle small takes a minute, and is not what can fail.
       const not = ['minimize', 'concatenateModules', 'usedExports', 'innerGraph', 'mangleExports', 'flagIncludedChunks'];
       const optimization = Object.fromEntries(not.map((name) => [name, false]));
       // Nor is Babylon.js, whose two thousand files take half a minute: the page has it as a script.
       const externals = [({ request }, done) => done(null, /^@babylonjs.core/.test(request) ? 'BABYLON' : undefined)];
       webpack({ mode: 'production', entry: './main.js', devtool: false, output, optimization, externals }, (error, stats) => {
         if (error || stats.hasErrors()) throw error ?? new Error(stats.toString({ all: false, errors: true }));
       });`,
    );
    await project.node('bundle.mjs');
    const html = `${HEAD}<script defer src="babylon.js"></script><script defer src="main.js"></script>`;
    const babylon = readFileSync(inProject('node_modules/babylonjs/babylon.js'));
    return { files: { '/index.html': html, '/babylon.js': babylon }, folders: { '/': inProject('webpack') } };
  },
  esbuild: async () => {
    const byAddress = readme().match(/AssetGenerator\.LoadAsync\('portraits\/', scene\)/)![0];
    const lines = mainOfReadme()
      .split('\n')
      .filter((line) => !line.includes('babylon-figment-portraits'));
    const code = lines.join('\n').replace('AssetGenerator.LoadAsync(portraits, scene)', byAddress);
    expect(code).toContain(byAddress);
    write('byAddress.js', code);
    const options = ['--bundle', '--format=esm', '--splitting', '--outdir=public', '--log-level=warning'];
    await project.run('node_modules/esbuild/bin/esbuild', 'main=byAddress.js', ...options);
    const copies = readme().match(/^ {2}cp .*$/gm)!;
    expect(copies).toHaveLength(2);
    for (const copy of copies) await project.run('/bin/sh', '-c', copy);
    const html = `${HEAD}<script type="module" src="main.js"></script>`;
    return { files: { '/index.html': html }, folders: { '/': inProject('public') } };
  },
};

const HEAD = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script src="/page.js"></script><body>`;

function mainOfReadme(): string {
  return /^```ts\n([\s\S]*?)^```/m.exec(readme())![1]!;
}

/** Where a texel of the plane is in README's canvas of 300 × 150: the camera is 1.3 before it, with an angle of 0.8. */
function placeOf(x: number, y: number, sizePx: number): [number, number] {
  const unitPx = 75 / (1.3 * Math.tan(0.4));
  return [150 + ((x + 0.5) / sizePx - 0.5) * unitPx, 75 + ((y + 0.5) / sizePx - 0.5) * unitPx];
}

describeInBrowser(
  'the ten lines of README',
  (openPage) => {
    let expected: { pixels: Uint8Array; sizePx: number };

    beforeAll(async () => {
      write('main.js', mainOfReadme());
      await selectBackend({ backend: 'wasm' });
      const model = createModel(await loadModelFolder(diskSource(path.join(packageRoot(), 'assets/models', MODEL))));
      const [pixels] = await generate(model, [{ label: 'elf', seed: 7 }]);
      expected = { pixels: pixels!, sizePx: Math.sqrt(pixels!.length / 4) };
      model.dispose();
    }, LIMIT_MS);

    it.each(Object.keys(SET_UPS))('show the elf cut out, by %s', { timeout: LIMIT_MS }, async (name) => {
      const site = await SET_UPS[name]!();
      const files = { ...site.files, '/page.js': 'globalThis.page = {};' };
      const { playwright } = await openPage({ ...site, files });
      const middle = expected.sizePx / 2;
      const face = texel(expected, middle, middle);
      expect(face[3], 'the middle of the face is opaque').toBeGreaterThan(250);
      await expect
        .poll(() => shown(playwright, ...placeOf(middle, middle, expected.sizePx)), { timeout: 120_000, interval: 500 })
        .toSatisfy((pixel: number[]) => pixel.every((value, i) => Math.abs(value - face[i]!) <= 6));
      const corner = await shown(playwright, ...placeOf(0, 0, expected.sizePx));
      expect(texel(expected, 0, 0)[3]).toBeLessThan(50);
      const background = [51, 51, 76.5];
      const isBackground = corner.every((value, i) => Math.abs(value - background[i]!) < 1);
      expect(isBackground, `the scene's own colour around the face, not ${corner}`).toBe(true);
    });
  },
  { webgpu: false },
);

describeInBrowser(
  'the runtime in a page that Vite has built',
  (openPage) => {
    it('computes on wasm, whose file is called otherwise there', { timeout: LIMIT_MS }, async () => {
      write('runtime/index.html', `${HEAD}<script type="module" src="./runtime.js"></script>`);
      write(
        'runtime/runtime.js',
        `import { selectBackend } from 'babylon-figment/runtime';
         page.backend = async () => (await selectBackend()).backend;
         page.isReady = () => true;`,
      );
      const options = ['--outDir', '../vite-runtime', '--logLevel', 'error', '--minify', 'false'];
      await project.node('node_modules/vite/bin/vite.js', 'build', 'runtime', ...options);
      const html = readFileSync(inProject('vite-runtime/index.html'), 'utf8');
      const files = { '/index.html': html, '/page.js': 'globalThis.page = {};' };
      const page = await openPage<{ backend(): Promise<string> }>({
        files,
        folders: { '/': inProject('vite-runtime') },
      });
      await page.playwright.waitForFunction('page.isReady');
      expect(await page.call('backend')).toBe('wasm');
    });
  },
  { webgpu: false },
);

/** The recipes of the guide, by a line that is only in them. */
const RECIPES = { react: "from 'react'", gui: "from '@babylonjs/gui'", scene: 'new ParticleSystem(' };

describeInBrowser(
  'the recipes of the guide',
  (openPage) => {
    it('work as they are written', { timeout: LIMIT_MS }, async () => {
      const snippets = Object.values(snippetFiles());
      for (const [name, line] of Object.entries(RECIPES))
        write(`${name}.ts`, snippets.find((code) => code.includes(line))!);
      copyFileSync(path.join(packageRoot(), 'plugin/testing/recipes/page.js'), inProject('recipes.js'));
      const options = ['--bundle', '--format=esm', '--splitting', '--outdir=recipes', '--log-level=warning'];
      await project.run(
        'node_modules/esbuild/bin/esbuild',
        'recipes.js',
        ...options,
        '--define:process.env.NODE_ENV="development"',
      );
      const dist = inProject('node_modules/babylon-figment/dist');
      const model = await tinyModelFolder({ labels: ['elf', 'vampire'], channels: 3 });
      const page = await openPage<Recipes>({
        files: {
          '/index.html': `${HEAD.replace('<script src="/page.js"></script>', '')}<canvas></canvas><img alt=""><div id="react"></div>
<script type="module" src="recipes.js"></script>`,
          '/worker.js': readFileSync(path.join(dist, 'worker.js')),
          '/tfjs-backend-wasm-simd.wasm': readFileSync(path.join(dist, 'tfjs-backend-wasm-simd.wasm')),
          ...Object.fromEntries(Object.entries(model).map(([name, bytes]) => [`/models/portraits/${name}`, bytes])),
        },
        folders: { '/': inProject('recipes') },
      });
      expect(await page.call('gui')).toBe(await page.call('sizePx'));
      expect(await page.call('scene')).toEqual({ ready: true, nodes: 'NodeMaterial' });
      await page.call('react');
      const { playwright } = page;
      const middle = () => shown(playwright, ...placeOf(16, 16, 32), '#react canvas');
      await expect.poll(middle, { timeout: 120_000, interval: 500 }).toSatisfy(isOpaque);
      expect(await playwright.locator('#react canvas').count()).toBe(1);
      expect(playwright.workers(), "the page's and the component's: that of the first mount has ended").toHaveLength(2);
    });
  },
  { webgpu: false },
);

interface Recipes {
  gui(): Promise<number>;
  scene(): Promise<object>;
  react(): void;
  sizePx(): number;
}

/** A face: neither the scene's own colour nor black. */
function isOpaque(pixel: number[]): boolean {
  return Math.max(...pixel) > 20 && Math.abs(pixel[2]! - 76.5) > 4;
}

function texel({ pixels, sizePx }: { pixels: Uint8Array; sizePx: number }, x: number, y: number): number[] {
  return Array.from(pixels.slice(4 * (y * sizePx + x), 4 * (y * sizePx + x + 1)));
}

/** Red, green and blue of a place in the page's canvas. */
async function shown(page: import('playwright-core').Page, x: number, y: number, canvas = 'canvas'): Promise<number[]> {
  const place = page.locator(canvas);
  if ((await place.count()) === 0) return [];
  const { width, height, pixels } = decodePng(await place.screenshot());
  const start = (pixels.length / (width * height)) * (Math.floor(y) * width + Math.floor(x));
  return Array.from(pixels.slice(start, start + 3));
}
