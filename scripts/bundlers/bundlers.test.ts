import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, context, type Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decodePng, readPngText } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { figmentEsbuild } from './esbuild.ts';
import { parseImport } from './importRequest.ts';

const OPTIONS = { models: { heroes: './tiny' }, backend: 'wasm' } as const;

let art: BakeFolder;
beforeAll(async () => {
  art = await createBakeFolder();
});
afterAll(() => art.remove());

/** Bundles one script; tests look at what it exports. */
async function bundle(code: string) {
  const outdir = join(art.folder, 'dist');
  await rm(outdir, { recursive: true, force: true });
  await build({
    stdin: { contents: code, resolveDir: art.folder },
    absWorkingDir: art.folder,
    bundle: true,
    format: 'esm',
    outdir,
    logLevel: 'silent',
    plugins: [figmentEsbuild(OPTIONS)],
  });
  const module = await import(/* @vite-ignore */ `${join(outdir, 'stdin.js')}?${Math.random()}`);
  return { module, outdir };
}

describe('parseImport', () => {
  it('tells recipes apart, whatever the order of their parameters', () => {
    const path = (query: string) => parseImport(`figment:portraits/elf${query}`, {}).path;
    expect(path('?seed=7')).toMatch(/^[0-9a-f]{16}\/elf-7\.png$/);
    expect(path('?seed=7&enlarge=2')).toBe(path('?enlarge=2&seed=7'));
    expect(path('?seed=7&enlarge=2')).not.toBe(path('?seed=7&enlarge=3'));
    expect(parseImport('figment:heroes/dark%20elf', { heroes: './tiny' }).asset).toMatchObject({
      model: './tiny',
      labels: ['dark elf'],
      seeds: [0],
    });
  });

  it('has files whose names no bundler takes for anything else', () => {
    const { asset, path } = parseImport('figment:portraits/a%23b%3Fc{d}%20é', {});
    expect(asset.labels).toEqual(['a#b?c{d} é']);
    expect(path).toMatch(/^[0-9a-f]{16}\/a_b_c_d_ é-0\.png$/);
    expect(`${asset.output}.png`).toBe(path);
  });

  it('asks for pipelines and steering as a bake file does', () => {
    const query =
      'pipeline=cvae%2Bddpm&strength=0.4&classifier=portraits-ornate&classifierLabel=ornate&classifierScale=-20';
    expect(parseImport(`figment:portraits/elf?${query}`, {}).asset).toMatchObject({
      pipeline: 'cvae+ddpm',
      strength: 0.4,
      classifier: 'portraits-ornate',
      classifierLabel: 'ornate',
      classifierScale: -20,
    });
  });

  it('takes attributes as the command line does', () => {
    const { asset } = parseImport('figment:portraits/elf?with=hair_colour=red,wear=0.5&seed=7', {});
    expect(asset).toMatchObject({ seeds: [7], attributes: { hair_colour: 'red', wear: 0.5 } });
  });

  it('takes another label and its share', () => {
    const { asset, path } = parseImport('figment:materials/brick?blend=grass=0.4', {});
    expect(asset).toMatchObject({ labels: ['brick'], blend: { label: 'grass', amount: 0.4 } });
    expect(path).not.toBe(parseImport('figment:materials/brick', {}).path);
  });

  it.each([
    ['figment:a/b?with=red', /with: expected attributes such as hair_colour=red,expression=happy/],
    ['figment:a/b?with=hair=red,black', /with: expected attributes/],
    ['figment:a/b?blend=grass', /blend: expected another label and its share, such as grass=0.4/],
    ['figment:elf', /expected figment:MODEL\/LABEL\?seed=7/],
    ['figment:a/b/c', /expected figment:MODEL/],
    ['figment:https%3A%2F%2Fevil.example/elf', /expected a shipped model, or one that the plugin has/],
    ['figment:..%2Felsewhere/elf', /expected a shipped model/],
    ['figment:%/elf', /% is not well encoded; write % as %25/],
    ['figment:portraits/%E0%A4%A', /is not well encoded/],
    [
      'figment:a/b?sed=1',
      /sed is unknown; did you mean "seed"\? known: seed, with, blend, sameAs, sameFor, map, enlarge/,
    ],
    ['figment:a/b?classifier=..%2Fmine', /classifier: expected a shipped classifier/],
    ['figment:a/b?seed=one', /seed: expected a number/],
    ['figment:a/b?seed=1&seed=2', /seed is there twice/],
    ['figment:a/b?interpolateSeed=2', /go together/],
  ])('refuses %s', (specifier, message) => {
    expect(() => parseImport(specifier, {})).toThrow(message);
  });

  it('says so briefly, however long the specifier', () => {
    expect(() => parseImport(`figment:a/b?${'x'.repeat(1e5)}=1`, {})).toThrow(/^import "figment:a\/b.{1,483}$/);
  });
});

describe('the plugin for esbuild', () => {
  it('bakes each import to one file, and hands over its address and recipe', async () => {
    const { module, outdir } = await bundle(`
      import elf, { url, recipe } from 'figment:heroes/elf?seed=7&enlarge=2';
      import normal from 'figment:heroes/orc?map=normal';
      export { elf, url, recipe, normal };`);
    expect(module.elf).toEqual({ url: module.url, recipe: module.recipe, widthPx: 32, heightPx: 32 });
    expect(module.recipe).toMatchObject({ model: 'tiny', label: 'elf', seed: 7, guidanceScale: 2 });
    const pngs = (await readdir(outdir)).filter((name) => name.endsWith('.png'));
    expect(pngs).toHaveLength(2);
    const png = await readFile(join(outdir, module.url));
    expect(decodePng(png)).toMatchObject({ width: 32, height: 32 });
    expect(JSON.parse(readPngText(png).figment!)).toEqual(module.recipe);
    expect(decodePng(await readFile(join(outdir, module.normal.url)))).toMatchObject({ width: 16, channels: 3 });
  });

  it('bakes what is in the cache only when the model has changed', async () => {
    const cache = join(art.folder, 'node_modules/.cache/babylon-figment');
    const code = `export { default as elf } from 'figment:heroes/elf?seed=1';`;
    const first = await bundle(code);
    const file = join(cache, parseImport('figment:heroes/elf?seed=1', OPTIONS.models).path);
    const before = await stat(file);
    await bundle(`${code} export { default as orc } from 'figment:heroes/orc?seed=1';`);
    expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
    await art.writeModel({ seed: 9 });
    const second = await bundle(code);
    expect(second.module.elf.url).not.toBe(first.module.elf.url);
    expect(second.module.elf.recipe.hash).not.toBe(first.module.elf.recipe.hash);
  });

  it('tells which import is wrong, and why', async () => {
    const wrong = bundle(`
      export { default as elf } from 'figment:heroes/elf?seed=2';
      export { default as elff } from 'figment:heroes/elff';
      export { default as huge } from 'figment:heroes/elf?enlarge=1000';
      export { default as fast } from 'figment:heroes/elf?pipeline=cvae';
      export { default as none } from 'figment:nobody/elf';`);
    const { errors } = await wrong.then(
      () => ({ errors: [] }),
      (failure) => failure as { errors: { text: string }[] },
    );
    expect(errors.map(({ text }) => text).sort()).toEqual([
      expect.stringContaining(
        'import "figment:heroes/elf?enlarge=1000": expected a whole number from 1 to 64, found 1000',
      ),
      expect.stringContaining(
        'import "figment:heroes/elf?pipeline=cvae": this model makes no pictures in one step; train one for it by',
      ),
      expect.stringContaining('import "figment:heroes/elff": label "elff" is unknown; did you mean "elf"?'),
      expect.stringContaining('import "figment:nobody/elf": model "nobody" does not exist'),
    ]);
  });
});

it('watches a model of the project also where a picture could not be made, so that it is tried again', async () => {
  const { figmentVite } = await import('./vite.ts');
  const options = { ...OPTIONS, models: { later: './later' } };
  const index = join(art.folder, 'later/model_index.json');
  const specifier = 'figment:later/elf?seed=7';
  const errors: string[][] = [];
  const told: Plugin = {
    name: 'told',
    setup: ({ onEnd }) => onEnd((result) => void errors.push(result.errors.map(({ text }) => text))),
  };
  const watching = await context({
    stdin: { contents: `export { default as elf } from '${specifier}';`, resolveDir: art.folder },
    absWorkingDir: art.folder,
    bundle: true,
    write: false,
    outdir: join(art.folder, 'watched'),
    logLevel: 'silent',
    plugins: [figmentEsbuild(options), told],
  });
  const forVite = figmentVite(options);
  forVite.configResolved({ root: art.folder, base: '/' });
  const addWatchFile = vi.fn();
  const load = () => forVite.load.call({ addWatchFile }, `\0${specifier}`);
  try {
    await watching.watch();
    await expect.poll(() => errors[0], { timeout: 20_000 }).toEqual([expect.stringContaining('does not exist')]);
    await expect(load()).rejects.toThrow('does not exist');
    expect(addWatchFile).toHaveBeenCalledWith(index);
    await art.writeModel({}, 'later');
    await expect.poll(() => errors.at(-1), { timeout: 20_000 }).toEqual([]);
    expect(await load()).toContain('"label":"elf","seed":7');
  } finally {
    await watching.dispose();
  }
});

it('finds models that are packages of the project, wherever the command runs', async () => {
  const { figmentVite } = await import('./vite.ts');
  await art.writeModel({}, 'node_modules/babylon-figment-near');
  const { module } = await bundle(`export { default as elf } from 'figment:near/elf?seed=7';`);
  expect(module.elf.recipe).toMatchObject({ label: 'elf', seed: 7 });
  const forVite = figmentVite({ ...OPTIONS, pageModels: ['near'] });
  expect(forVite.config({ root: art.folder }).optimizeDeps.exclude).toContain('babylon-figment-near');
  forVite.configResolved({ root: art.folder, base: '/' });
  const emitFile = vi.fn();
  await forVite.generateBundle.call({ emitFile });
  const fileName = 'models/near/model_index.json';
  expect(emitFile).toHaveBeenCalledWith(expect.objectContaining({ fileName }));
});

describe('the plugin for Vite', () => {
  it('bakes at build time, and when a page is served', async () => {
    const { build: viteBuild, createServer } = await import('vite');
    const { figmentVite } = await import('./vite.ts');
    await writeFile(
      join(art.folder, 'main.js'),
      `import elf, { recipe } from 'figment:heroes/elf?seed=7&enlarge=2'; export { elf, recipe };`,
    );
    await writeFile(join(art.folder, OPTIONS.models.heroes, 'credits.csv'), 'somebody');
    const models = { ...OPTIONS.models, 'Élan vital': './tiny' };
    const config = {
      root: art.folder,
      logLevel: 'silent',
      configFile: false,
      plugins: [figmentVite({ ...OPTIONS, models, pageModels: ['heroes', 'Élan vital'] })],
    } as const;
    const outDir = join(art.folder, 'site');
    const lib = { entry: join(art.folder, 'main.js'), formats: ['es' as const], fileName: 'main' };
    await viteBuild({ ...config, plugins: [...config.plugins], build: { outDir, lib } });
    await copyFile(
      join(outDir, (await readdir(outDir)).find((name) => /\.m?js$/.test(name))!),
      join(outDir, 'copy.mjs'),
    );
    const { elf, recipe } = await import(/* @vite-ignore */ join(outDir, 'copy.mjs'));
    const unetConfig = await readFile(resolve(art.folder, OPTIONS.models.heroes, 'unet/config.json'), 'utf8');
    expect(await readFile(join(outDir, 'models/heroes/unet/config.json'), 'utf8')).toBe(unetConfig);
    expect(await readFile(join(outDir, 'models/heroes/credits.csv'), 'utf8')).toBe('somebody'); // as licences ask
    expect(await readFile(join(outDir, 'models/Élan vital/unet/config.json'), 'utf8')).toBe(unetConfig);
    expect(recipe).toMatchObject({ label: 'elf', seed: 7 });
    const png = Buffer.from(elf.url.replace('data:image/png;base64,', ''), 'base64');
    expect(decodePng(png)).toMatchObject({ width: 32, height: 32 });
    expect(JSON.parse(readPngText(png).figment!)).toEqual(recipe);

    const server = await createServer({
      ...config,
      base: '/game/',
      plugins: [...config.plugins],
      server: { host: '127.0.0.1', port: 0, strictPort: false, ws: false },
    });
    try {
      await server.listen();
      const origin = server.resolvedUrls!.local[0]!;
      const fetched = async (address: string) => (await fetch(new URL(address, origin))).text();
      for (const name of ['heroes', 'Élan vital'])
        expect(await fetched(`models/${name}/unet/config.json`), name).toBe(unetConfig);
      const address = /from "(\/game\/@id\/__x00__figment:[^"]+)"/.exec(await fetched('main.js'))![1]!;
      const module = await fetched(address);
      expect(module).toContain('"label":"elf","seed":7');
      const picture = await fetched(/from "([^"]*elf-7\.png[^"]*)"/.exec(module)![1]!);
      const url = JSON.parse(/export default ("[^"]+")/.exec(picture)![1]!);
      const served = await fetch(new URL(url, origin));
      expect(Buffer.from(await served.arrayBuffer())).toEqual(png);
      await art.writeModel({ seed: 12 }); // as a training does, while the page is served
      await expect.poll(() => fetched(address), { timeout: 20_000 }).not.toBe(module);
      expect(await fetched(address)).toContain('"label":"elf","seed":7');
    } finally {
      await server.close();
    }
  });
});
