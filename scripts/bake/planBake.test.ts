import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { encodePng } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import { bake, checkBake, InterruptError, UsageError } from './index.ts';
import { openPlan } from './planBake.ts';

let art: BakeFolder;
beforeEach(async () => {
  art = await createBakeFolder();
});
afterEach(() => art.remove());

/** What a bake refuses its file for. */
async function mistake(): Promise<string> {
  const error = await bake(art.file, { backend: 'wasm' }).then(
    () => new Error('it went well'),
    (error) => error,
  );
  expect(error).toBeInstanceOf(UsageError);
  return error.message;
}

const NUMBERS = Array.from({ length: 150 }, (_, i) => i);

describe('a bake', () => {
  it.each<[string, Partial<BakeAsset>[], string]>([
    ['a label', [{ labels: ['orcc'] }], ':10:9 assets[0].labels[0]: label "orcc" is unknown; did you mean "orc"?'],
    ['a model', [{ model: './nowhere' }], 'assets[0].model: model "./nowhere" does not exist'],
    ['two assets of one name', [{ name: 'a' }, { name: 'a' }], 'assets[1].name: assets[0] has this name, too'],
    [
      'a file of two assets',
      [
        { output: 'x{seed}', labels: ['orc'] },
        { output: 'X0', labels: ['elf'] },
      ],
      'X0.png would be written twice, by asset0 (orc, seed 0) and by asset1 (elf, seed 0)',
    ],
    [
      'a file of two pictures',
      [{ output: '{label}', count: 2 }],
      'elf.png would be written twice, by asset0 (elf, seed 0) and by asset0 (elf, seed 1); name {map}, {label}, {seed}',
    ],
    [
      'a file that is the manifest',
      [{ output: 'sheet', labels: ['elf'] }, { sheet: 'figment.bake.manifest' }],
      'written twice, by the manifest',
    ],
    ['a way out', [{ output: '../{label}' }], 'assets[0].output: "../elf" cannot name a file below the output folder'],
    [
      'an unknown placeholder',
      [{ output: '{lable}' }],
      'assets[0].output: {lable} is unknown; did you mean {label}? the placeholders here are',
    ],
    [
      'seeds past the last',
      [{ firstSeed: 4294967295, count: 2 }],
      'assets[0].count: seeds would count up to 4294967296',
    ],
    ['seeds and where to begin', [{ seeds: [1], firstSeed: 2 }], 'assets[0].firstSeed: seeds says already which'],
    [
      'maps in one file',
      [{ labels: ['elf'], maps: ['albedo', 'normal'], output: '{asset}' }],
      'asset0.png would be written for several pictures of asset0 (elf, seed 0); name {map}, {label}, {seed} or an attribute',
    ],
    ['an ending', [{ output: '{seed}.png' }], 'assets[0].output: leave out .png at the end; files get the endings of'],
    ['an ending of a sheet', [{ sheet: 'guests.JSON' }], 'assets[0].sheet: leave out .JSON at the end'],
    ['seeds and a count', [{ seeds: [1], count: 2 }], 'assets[0].count: seeds says already how many'],
    ['a sheet without PNG', [{ sheet: 's', formats: ['ktx2'] }], 'assets[0].sheet: a sheet is laid from PNG files'],
    ['eta elsewhere', [{ sampler: 'euler', eta: 1 }], 'assets[0].eta: eta is for the sampler ddim'],
    ['settings of no maps', [{ surface: { depthPx: 2 } }], 'assets[0].surface: there are no maps'],
    ['a height of no normal map', [{ maps: ['albedo'], parallax: 'offset' }], 'assets[0].parallax: the height goes'],
    ['a colour that is none', [{ pixelArt: { palette: ['red'] } }], 'pixelArt.palette[0]: expected a colour such as'],
    [
      'a palette and colours',
      [{ pixelArt: { palette: ['#ffffff'], colours: 8 } }],
      'assets[0].pixelArt: both palette and colours are given; expected one of them; leave out colours',
    ],
    [
      'pictures that no machine holds',
      [{ enlarge: 64, pixelArt: { factor: 4 }, count: 2, model: './large' }],
      'assets[0].enlarge: pictures would be 16384×16384; expected at most 67108864 pixels; lower it',
    ],
    [
      'more pictures than anybody waits for, of more attributes',
      [{ count: 100_000, attributes: Object.fromEntries(['a', 'b', 'c'].map((name) => [name, NUMBERS])) }],
      'assets[0].attributes: expected at most 100000 pictures',
    ],
    ['one colour', [{ pixelArt: { colours: 1 } }], 'assets[0].pixelArt.colours: expected'],
    [
      'settings that clash',
      [{ maps: ['normal'], surface: { reliefPx: 1, grainPx: 2 } }],
      'assets[0].surface: grainPx is 2',
    ],
  ])('refuses %s before anything is baked', async (_, assets, message) => {
    if (message.includes('16384')) await art.writeModel({ sizePx: 64 }, 'large');
    await art.describe(assets);
    const text = await mistake();
    expect(text).toContain(message);
    expect(text).toMatch(/^figment\.bake\.json:\d+:\d+ /);
    expect(await readdir(art.out)).toEqual([]);
  });

  it.each<[Partial<BakeAsset>, object, string]>([
    [{}, { gltf: 'a.gltf' }, 'no asset has maps'],
    [{ maps: ['normal'] }, { gltf: 'a.glb' }, 'expected a name that ends in .gltf'],
    [{ maps: ['normal'] }, { babylon: '../a.babylon' }, '".." would leave the folder'],
    [{ maps: ['normal', 'roughness'] }, { babylon: 'a.babylon' }, 'from one file; add "orm" to its maps'],
    [{ maps: ['normal'], formats: ['ktx2'] }, { babylon: 'a.babylon' }, 'add "png" to its formats'],
    [{ maps: ['normal'], surface: { green: 'directx' } }, { gltf: 'a.gltf' }, 'green: "opengl"'],
  ])('refuses a library that could not be: %j %j', async (asset, materials, message) => {
    await art.describe([asset], { materials });
    const text = await mistake();
    expect(text).toMatch(/^figment\.bake\.json:\d+:\d+ materials\.(gltf|babylon): /);
    expect(text).toContain(message);
    expect(await readdir(art.out)).toEqual([]);
  });

  it('asks for attributes and labels that are called as parts of objects', async () => {
    await art.writeModel({ labels: ['elf', 'constructor'], attributes: { constructor: ['a', 'b'] } }, 'odd');
    const odd = { model: './odd', output: '{asset}-{label}-{seed}-{constructor}' };
    await art.describe([
      { ...odd, labels: ['elf'] },
      { ...odd, seedsByLabel: { constructor: [7] }, attributes: { constructor: 'b' } },
      { ...odd, labels: ['elf'], vary: ['constructor'] },
    ]);
    const { pictures } = await openPlan(art.file, {});
    expect(pictures.flatMap(({ files }) => files.map(({ path }) => path))).toEqual([
      'asset0-elf-0-any.png',
      'asset1-constructor-7-b.png',
      'asset2-elf-0-a.png',
      'asset2-elf-0-b.png',
    ]);
    expect(pictures[1]!.look.recipe.attributes).toEqual({ constructor: 'b' });
    expect(pictures[3]!.look.recipe.sameAs).toEqual({ constructor: 'any' });
  });

  it('tells of a mistake in the defaults there, once', async () => {
    await art.writeModel({ attributes: { mood: ['glad', 'sad'] } }, 'moody');
    const lines = async (entries: object) => {
      const defaults = { model: './moody', ...entries };
      await art.describe([{}, {}, { model: './tiny', vary: [] }], { defaults });
      return (await mistake()).split('\n').map((line) => line.replace(/^figment\.bake\.json:\d+:\d+ /, ''));
    };
    expect(await lines({ vary: ['mod'] })).toEqual([
      'defaults.vary[0]: attribute "mod" is unknown; did you mean "mood"? known attributes: mood',
    ]);
    expect(await lines({ attributes: { mood: 'gald' } })).toEqual([
      'defaults.attributes: for "asset0", "asset1": mood "gald" is unknown; did you mean "glad"? known values: glad, sad',
      'defaults.attributes: for "asset2": attribute "mood" is unknown; this model has no attributes',
    ]);
  });

  it('takes of the defaults what an asset can use', async () => {
    await writeFile(
      join(art.folder, 'elf.png'),
      encodePng({ width: 16, height: 16, channels: 4, pixels: new Uint8Array(1024) }),
    );
    const labels = ['elf'];
    const defaults = { model: './tiny', strength: 0.3, surface: { depthPx: 3 }, parallax: 'offset' as const };
    await art.describe([{ labels, image: './elf.png' }, { labels, maps: ['normal'] }, { labels }], { defaults });
    const looks = (await openPlan(art.file, {})).pictures.map(({ look }) => look);
    expect(looks.map(({ recipe }) => recipe.strength)).toEqual([0.3, undefined, undefined]);
    expect(looks.map(({ surface }) => surface?.depthPx)).toEqual([undefined, 3, undefined]);
  });

  it('takes back by an empty list what the defaults vary', async () => {
    await art.writeModel({ attributes: { mood: ['glad', 'sad'] } }, 'moody');
    const defaults = { model: './moody', vary: ['mood'], sameFor: 0.5 };
    await art.describe([{ labels: ['elf'], vary: [] }, { labels: ['elf'] }], { defaults });
    const { pictures } = await openPlan(art.file, {});
    expect(pictures.map(({ files }) => files[0]!.path)).toEqual([
      'asset0/elf-0.png',
      'asset1/elf-0-glad.png',
      'asset1/elf-0-sad.png',
    ]);
    expect(pictures[0]!.look.recipe).not.toHaveProperty('sameFor');
  });

  it('names the model without a VAE in words about it, and a file where one is damaged', async () => {
    await art.describe([{ labels: ['elf'], pipeline: 'cvae' }]);
    expect(await mistake()).toMatch(
      / assets\[0\]\.pipeline: this model makes no pictures in one step; train one for it/,
    );
    await art.writeModel({ cvae: true }, 'quick');
    await writeFile(join(art.folder, 'quick', 'cvae', 'config.json'), '{');
    await art.describe([
      { name: 'steps', labels: ['elf'] },
      { labels: ['elf'], pipeline: 'cvae' },
    ]);
    expect(await mistake(), 'of that asset alone').not.toContain('assets[0]');
    await art.describe([{ labels: ['elf'], model: './quick', pipeline: 'cvae' }]);
    expect(await mistake()).toMatch(/ assets\[0\]\.pipeline: [^:]*quick\/cvae\/config\.json: /);
  });

  it('varies in one pass by the seed alone', async () => {
    await art.writeModel({ cvae: true, attributes: { mood: ['glad', 'sad'] } }, 'quick');
    const quick = { model: './quick', pipeline: 'cvae' as const, vary: ['mood'], output: '{mood}' };
    await art.describe([{ ...quick, labels: ['elf'] }]);
    const recipes = (await openPlan(art.file, {})).pictures.map(({ look }) => look.recipe);
    expect(recipes.map(({ attributes, sameAs }) => [attributes, sameAs])).toEqual([
      [{ mood: 'glad' }, undefined],
      [{ mood: 'sad' }, undefined],
    ]);
  });

  it.each([
    [{ batch: 0 }, 'bake: batch is 0; expected a whole number from 1'],
    [{ jobs: 1.5 }, 'bake: jobs is 1.5; expected a whole number from 1'],
    [{ engine: 'torch' }, 'bake: engine is torch; expected tfjs or onnx'],
    [{ shard: { index: 0, count: 2 } }, 'bake: shard is 0 of 2; expected whole numbers from 1 of 1 on'],
    [{ shard: { index: 3, count: 2 } }, 'bake: shard is 3 of 2; expected whole numbers from 1 of 1 on'],
  ])('refuses %j of a script', async (options, message) => {
    await art.describe([{ labels: ['elf'] }]);
    await expect(bake(art.file, { backend: 'wasm', ...(options as object) })).rejects.toThrow(message);
    expect(await readdir(art.out)).toEqual([]);
  });

  it('refuses another bake file of its name that writes to the same folder, but not one that is gone', async () => {
    const [one, two] = [join(art.folder, 'one', 'art.json'), join(art.folder, 'two', 'art.json')];
    for (const [i, file] of [one, two].entries()) {
      await mkdir(dirname(file));
      const asset = { name: `elf${i}`, model: '../tiny', labels: ['elf'] };
      await writeFile(file, JSON.stringify({ figment: 1, assets: [asset] }));
    }
    const options = { out: art.out, backend: 'wasm' } as const;
    await bake(one, options);
    await expect(bake(two, options)).rejects.toThrow(
      /one.art\.json writes to .*, too, and has the same name; rename one/,
    );
    await expect(checkBake(two, options)).rejects.toThrow(/has the same name/);
    expect(await checkBake(one, options)).toEqual([]);
    await rm(one);
    expect((await bake(two, options)).numBaked).toBe(1);
  });

  it('keeps the bakes of several descriptions apart by their names', async () => {
    const of = (name: string) => ({
      figment: 1 as const,
      assets: [{ name, model: './tiny', labels: ['elf'], output: name }],
    });
    const options = { out: art.out, folder: art.folder, backend: 'wasm', prune: true } as const;
    await bake(of('walls'), { ...options, name: 'walls' });
    await bake(of('people'), { ...options, name: 'people' });
    expect([...(await art.files()).keys()]).toEqual(['people.png', 'walls.png']);
    expect(await checkBake(of('walls'), { ...options, name: 'walls' })).toEqual([]);
    await expect(bake(of('walls'), { ...options, name: '../walls' })).rejects.toThrow(
      /bake: name is "..\/walls": no slash/,
    );
  });

  it('tells of several mistakes at once, in the order of the file', async () => {
    await art.describe([{ labels: ['orcc'] }, { model: './nowhere' }, { output: '{seed}/..' }]);
    const text = await mistake();
    expect(text.split('\n').map((line) => /assets\[\d\]/.exec(line)?.[0])).toEqual([
      'assets[0]',
      'assets[1]',
      'assets[2]',
    ]);
  });

  it('takes a number for the word that it is in the model, as the command line gives it', async () => {
    await art.writeModel({ attributes: { rank: ['1', '2', '10'], wear: { min: 0, max: 1 } } });
    const asset = { name: 'a', labels: ['elf'], attributes: { rank: [1, '10'], wear: 1 }, sameAs: { rank: 2 } };
    await art.describe([{ ...asset, output: '{rank}-{wear}' }]);
    expect(await checkBake(art.file)).toMatchObject([{ path: '1-1.png' }, { path: '10-1.png' }]);
    await art.describe([{ ...asset, attributes: { rank: 3 } }]);
    expect(await mistake()).toMatch(/rank 3 is unknown; did you mean "1"/);
  });

  it('ends with an InterruptError when it is aborted before its models are open', async () => {
    await art.describe([{}]);
    const signal = AbortSignal.abort();
    for (const run of [bake, checkBake]) {
      const error = await run(art.file, { signal }).catch((error) => error);
      expect(error).toBeInstanceOf(InterruptError);
      expect(error).toMatchObject({
        exitCode: 130,
        message: expect.stringMatching(/^bake: interrupted .*nothing is written/),
      });
    }
    expect(await readdir(art.out)).toEqual([]);
  });

  it('tells once of a mistake in what all assets share', async () => {
    await art.describe([{}, {}, {}], { defaults: { model: './nowhere' } });
    expect(await mistake()).toMatch(/^figment.bake.json:4:14 defaults.model: model ".\/nowhere" does not exist[^\n]*$/);
  });

  it('refuses labels of a model that lead out of the folder, and links that do', async () => {
    await art.writeModel({ labels: ['elf', '../../orc', 'nul'] }, 'evil');
    await art.describe([{ model: './evil' }]);
    expect(await mistake()).toMatch(/the label "..\/..\/orc" cannot name a file/);
    await art.describe([{ model: './evil', labels: ['nul'], output: '{label}' }]);
    expect(await mistake()).toMatch(/the label "nul" cannot name a file: Windows/);
    await mkdir(join(art.folder, 'outside'));
    await symlink(join(art.folder, 'outside'), join(art.out, 'link'));
    await art.describe([
      { labels: ['elf'], output: 'a' },
      { labels: ['elf'], output: 'link/b' },
    ]);
    expect(await mistake()).toMatch(/link\/b.png would leave its folder by the link/);
    expect(await readdir(join(art.folder, 'outside'))).toEqual([]);
    expect(await readdir(art.out)).toEqual(['link']);
  });

  it('refuses to write over its own file and the pictures that it begins from', async () => {
    await art.describe([{ labels: ['elf'], sheet: 'figment.bake' }], { out: '.' });
    const text = await readFile(art.file, 'utf8');
    expect(await mistake()).toMatch(
      /assets: figment.bake.json is read by this bake and would be written over by the sheet of asset0; choose another/,
    );
    expect(await readFile(art.file, 'utf8')).toBe(text);
    const picture = encodePng({ width: 16, height: 16, channels: 4, pixels: new Uint8Array(1024) });
    await writeFile(join(art.out, 'elf.png'), picture);
    await symlink(art.out, join(art.folder, 'link'));
    const sister = { labels: ['elf'], image: 'baked/elf.png' };
    await art.describe([{ ...sister, output: 'elf' }]);
    for (const out of ['baked', 'link']) {
      const run = bake(art.file, { out: join(art.folder, out), backend: 'wasm' });
      await expect(run).rejects.toThrow(
        /elf.png is read by this bake and would be written over by asset0 \(elf, seed 0/,
      );
    }
    expect(await readFile(join(art.out, 'elf.png'))).toEqual(Buffer.from(picture));
    await art.describe([{ ...sister, mask: 'baked/elf.png', image: 'art.png', output: 'elf' }]);
    await writeFile(join(art.folder, 'art.png'), picture);
    expect(await mistake()).toMatch(/elf.png is read by this bake/);
  });

  it('refuses to write over the files of a model that it reads', async () => {
    await art.describe([{ labels: ['elf'], output: 'art/elf', sheet: 'model_index' }]);
    const index = await readFile(join(art.folder, 'tiny/model_index.json'));
    await expect(bake(art.file, { out: join(art.folder, 'tiny'), backend: 'wasm' })).rejects.toThrow(
      /model_index.json is read by this bake and would be written over by the sheet of asset0/,
    );
    expect(await readFile(join(art.folder, 'tiny/model_index.json'))).toEqual(index);
  });

  it('may write a file of the name that a description without one is told by', async () => {
    const asset = { name: 'a', model: './tiny', labels: ['elf'], sheet: 'figment.bake' };
    const plan = await openPlan({ figment: 1, assets: [asset] }, { folder: art.folder, out: art.folder });
    expect(plan.sheets.map(({ atlas }) => atlas)).toEqual([plan.origin]);
  });

  it('writes below its own folder alone, but for --out', async () => {
    await art.describe([{ labels: ['elf'], output: 'a' }], { out: '../elsewhere' });
    expect(await mistake()).toMatch(/:\d+:\d+ out: expected a folder below this file's; --out takes any/);
    const outside = await mkdtemp(join(tmpdir(), 'figment-outside-'));
    onTestFinished(() => rm(outside, { recursive: true }));
    await symlink(outside, join(art.folder, 'art'));
    for (const folder of ['art', 'art/below']) {
      await art.describe([{ labels: ['elf'], output: 'a' }], { out: folder });
      expect(await mistake()).toMatch(
        /:\d+:\d+ out: .*--out takes any: art.* would leave its folder by the link .*art;/,
      );
    }
    await bake(art.file, { out: join(art.folder, 'art'), backend: 'wasm' });
    expect(await readdir(outside)).toContain('a.png');
    const out = join(art.folder, 'asked', 'for');
    await bake(art.file, { out, backend: 'wasm' });
    expect(await readdir(out)).toEqual(['a.png', 'figment.bake.manifest.json']);
  });
});
