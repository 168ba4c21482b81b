import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Atlas } from '../../runtime/core/atlas.ts';
import { createModel, generatePictures, selectBackend } from '../../runtime/index.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import type { BakeAsset } from '../bake/bakeFileSchema.ts';
import { describeError } from '../node/describeError.ts';
import { decodePng, encodePng, readPngText } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { createProgram } from './program.ts';

const LIMIT_MS = 120_000;

let art: BakeFolder;
const printed: string[] = [];
beforeEach(async () => {
  art = await createBakeFolder();
  printed.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
  vi.spyOn(console, 'error').mockImplementation((line) => void printed.push(line));
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await art.remove();
});

/** Runs the command; returns what it printed. */
async function bake(...words: string[]): Promise<string> {
  printed.length = 0;
  await createProgram().parseAsync(['bake', art.file, '--backend', 'wasm', ...words], { from: 'user' });
  return printed.join('\n');
}

/** Exit code and message. */
async function failure(...words: string[]): Promise<[number, string]> {
  const error = await bake(...words).then(
    () => new Error('it went well'),
    (error) => error,
  );
  const { exitCode, message } = describeError(error);
  return [exitCode, message];
}

const THREE: Partial<BakeAsset>[] = [
  { name: 'guests', labels: ['elf', 'orc'], count: 2, firstSeed: 5, enlarge: 2, sheet: 'sheets/{asset}' },
  { name: 'wall', labels: ['goblin'], seeds: [9], maps: ['albedo', 'normal', 'orm'], output: 'walls/{map}' },
  { name: 'boss', seedsByLabel: { orc: [1, 2], elf: [3] }, output: '{asset}/{index}-{label}' },
];

describe('figment bake FILE', () => {
  it('knows a bake file with comments by its name, and one that is none', async () => {
    await art.describe([{ labels: ['elf'], seeds: [1] }]);
    const [commented, other] = [`${art.file.slice(0, -'.json'.length)}.jsonc`, `${art.file}.txt`];
    for (const file of [commented, other]) await copyFile(art.file, file);
    const run = (file: string) => createProgram().parseAsync(['bake', file, '--backend', 'wasm'], { from: 'user' });
    await run(commented);
    expect(printed.join()).toMatch(/bake: 1 image baked/);
    await expect(run(other)).rejects.toThrow(/txt is a file, and no bake file, which ends in \.json or \.jsonc/);
  });

  it('writes its report to a page alone, not over the bake file that follows the option', async () => {
    await art.describe([{ labels: ['elf'], seeds: [1] }]);
    const before = await readFile(art.file, 'utf8');
    await expect(bake('--report', art.file)).rejects.toThrow(/Expected a page such as report\.html/);
    expect(await readFile(art.file, 'utf8')).toBe(before);
  });

  it('refuses to write its report over a page that no bake has made, before it bakes', async () => {
    await art.describe([{ labels: ['elf'], seeds: [1] }]);
    const page = `${art.file.slice(0, -'.json'.length)}.html`;
    await writeFile(page, 'mine');
    await expect(bake('--report', page)).rejects.toThrow(/would be written over, but no bake has made it/);
    expect(await readFile(page, 'utf8')).toBe('mine');
    expect((await art.files()).size).toBe(0);
    await rm(page);
  });

  it('writes what the file lists, and nothing when nothing has changed', async () => {
    await art.describe(THREE, { materials: { babylon: 'm/all.babylon', gltf: 'm/all.gltf' } });
    expect(await bake()).toMatch(/bake: 8 images baked, 0 as they were; 14 files written/);
    const files = await art.files();
    expect([...files.keys()]).toEqual([
      'boss/0-orc.png',
      'boss/1-orc.png',
      'boss/2-elf.png',
      'guests/elf-5.png',
      'guests/elf-6.png',
      'guests/orc-5.png',
      'guests/orc-6.png',
      'm/all.babylon',
      'm/all.gltf',
      'sheets/guests.json',
      'sheets/guests.png',
      'walls/albedo.png',
      'walls/normal.png',
      'walls/orm.png',
    ]);
    expect(decodePng(files.get('guests/elf-5.png')!)).toMatchObject({ width: 32, height: 32, channels: 4 });
    expect(decodePng(files.get('walls/normal.png')!)).toMatchObject({ width: 16, height: 16, channels: 3 });
    expect(JSON.parse(readPngText(files.get('boss/2-elf.png')!).figment!)).toMatchObject({ label: 'elf', seed: 3 });
    const atlas: Atlas = JSON.parse(files.get('sheets/guests.json')!.toString());
    expect(Object.keys(atlas.frames)).toEqual(['elf-5', 'elf-6', 'orc-5', 'orc-6']);
    const before = await stat(join(art.out, 'walls/orm.png'));
    expect(await bake()).toBe(`bake: 0 images baked, 8 as they were; 0 files written in ${art.out}`);
    expect((await stat(join(art.out, 'walls/orm.png'))).mtimeMs).toBe(before.mtimeMs);
    expect(await bake('--check')).toMatch(/all is as .* asks/);
    expect(await bake('--force')).toMatch(/bake: 8 images baked/);
    expect(await art.files()).toEqual(files);
  });

  it('bakes again only what has changed: recipe, weights, missing and altered files', async () => {
    await art.describe(THREE);
    await bake();
    const files = await art.files();
    const check = async () => {
      const [exitCode, message] = await failure('--check');
      expect([exitCode, message]).toEqual([1, expect.stringMatching(/files are not as .*figment.bake.json asks/)]);
      return printed.slice().sort();
    };
    await rm(join(art.out, 'guests/elf-6.png'));
    await writeFile(join(art.out, 'walls/orm.png'), 'scribble');
    await art.describe([...THREE.slice(0, 2), { ...THREE[2], guidanceScale: 3 }]);
    expect(await check()).toEqual([
      'boss/0-orc.png: was baked by another recipe or model',
      'boss/1-orc.png: was baked by another recipe or model',
      'boss/2-elf.png: was baked by another recipe or model',
      'guests/elf-6.png: is missing',
      'walls/orm.png: was written to since',
    ]);
    expect(await bake()).toMatch(/bake: 5 images baked, 3 as they were; 5 files written/);
    const after = await art.files();
    const changed = [...files].filter(([path, bytes]) => !after.get(path)!.equals(bytes)).map(([path]) => path);
    expect(changed).toEqual(['boss/0-orc.png', 'boss/1-orc.png', 'boss/2-elf.png']);
    await art.writeModel({ seed: 2 });
    expect(await check()).toHaveLength(12);
    expect(await bake()).toMatch(/bake: 8 images baked, 0 as they were/);
    expect(await bake('--check')).toMatch(/all is as/);
  });

  it('says what was never baked, and writes nothing with --check', async () => {
    await art.describe([{ labels: ['elf'], output: 'elf' }]);
    expect(await failure('--check')).toEqual([1, expect.stringContaining('1 file is not as')]);
    expect(printed).toEqual(['elf.png: was never baked']);
    expect(await readdir(art.out)).toEqual([]);
  });

  it('keeps what it no longer lists until --prune, and then what others wrote to', async () => {
    await art.describe([{ labels: ['elf'], count: 3, output: '{seed}' }]);
    await bake();
    await art.describe([{ labels: ['elf'], count: 1, output: '{seed}' }]);
    expect(await bake()).toMatch(/2 files that the bake file no longer lists, such as 1.png; --prune removes them/);
    await writeFile(join(art.out, '2.png'), 'mine');
    expect(await bake('--prune')).toMatch(/1 file that the bake file no longer lists removed/);
    expect([...(await art.files()).keys()]).toEqual(['0.png', '2.png']);
  });

  it('leaves no folder behind that --prune empties, and keeps one that holds something', async () => {
    await art.describe([{ labels: ['elf'], count: 2, output: 'people/{label}/{seed}' }]);
    await bake();
    await art.describe([{ labels: ['orc'], count: 1, output: 'people/{label}/{seed}' }]);
    await bake('--prune');
    expect(await readdir(join(art.out, 'people'))).toEqual(['orc']);
    await mkdir(join(art.out, 'people', 'mine'));
    await art.describe([{ labels: ['elf'], count: 1, output: '{seed}' }]);
    await bake('--prune');
    expect(await readdir(join(art.out, 'people'))).toEqual(['mine']);
  });

  it('takes a file whose name differs in case alone for another where the system does', async () => {
    await art.describe([{ labels: ['elf'], output: 'elf' }]);
    await bake();
    await art.describe([{ labels: ['elf'], output: 'Elf' }]);
    await bake('--prune');
    expect([...(await art.files()).keys()].map((name) => name.toLowerCase())).toEqual(['elf.png']);
    expect(await bake('--check')).toMatch(/all is as/);
  });

  it('makes the whole of its shards, and in threads the same bytes', { timeout: LIMIT_MS }, async () => {
    await art.describe(THREE, { materials: { gltf: 'all.gltf' } });
    await bake('--batch', '2', '--jobs', '2');
    const inThreads = await art.files();
    await rm(art.out, { recursive: true });
    await bake();
    const whole = await art.files();
    expect(inThreads).toEqual(whole);
    await rm(art.out, { recursive: true });
    const parts: string[][] = [];
    for (const shard of ['1/3', '2/3', '3/3']) {
      await bake('--shard', shard);
      parts.push([...(await art.files()).keys()]);
      expect(await bake('--check', '--shard', shard)).toMatch(/all is as/);
    }
    expect(parts[0]!.length).toBeLessThan(parts[1]!.length);
    expect(parts[1]!.length).toBeLessThan(parts[2]!.length);
    expect(await art.files()).toEqual(whole);
    expect(await bake()).toMatch(/bake: 0 images baked, 8 as they were/);
    const manifests = (await readdir(art.out)).filter((name) => name.includes('.manifest.'));
    expect(manifests).toEqual(['figment.bake.manifest.json']);
  });

  it('ends with code 2 and the lines of the mistakes', async () => {
    await art.describe([{ labels: ['orcc'] }, { output: '../{seed}' }]);
    const [exitCode, text] = await failure();
    expect([exitCode, text.split('\n').length]).toEqual([2, 2]);
    expect(await readdir(art.out)).toEqual([]);
  });

  it.each([
    [['--label', 'elf'], /--label is for a model's name; say so in .*figment.bake.json/],
    [['--interpolate-seed', '3'], /--interpolate-seed is for a model's name/],
    [['--shard', '3/2'], /./],
    [['--watch', '--check', '--report'], /--watch bakes everything, again and again; leave out --check and --report$/],
    [['--check', '--force', '--prune'], /--check writes nothing; leave out --prune and --force$/],
    [['--shard', '1/2', '--report'], /--shard bakes a part, and these need the whole; leave out --report$/],
    [['--shard', '1/2', '--prune'], /; leave out --prune$/],
    [['--neighbours', '0'], /only --report shows neighbours; leave out --neighbours$/],
    [['--jobs', '2', '--backend', 'webgpu'], /jobs are threads on the CPU/],
    [['--engine', 'onnx', '--backend', 'webgpu'], /onnx computes on the CPU, and webgpu does not/],
  ])('refuses %j', async (words, message) => {
    await art.describe([{ labels: ['elf'], count: 20 }]);
    const [exitCode, text] = await failure(...words);
    expect(exitCode).toBe(2);
    expect(text || String(words)).toMatch(message);
    expect(await readdir(art.out)).toEqual([]);
  });

  it('ends by Ctrl-C while the neighbours of a report are painted', async () => {
    await art.describe([{ labels: ['elf'] }]);
    vi.mocked(console.log).mockImplementation((line) => {
      if (/1 image baked/.test(line)) process.kill(process.pid, 'SIGINT');
    });
    expect(await failure('--report', '--neighbours', '32')).toEqual([130, expect.stringContaining('interrupted')]);
    expect([...(await art.files()).keys()]).toEqual(['asset0/elf-0.png']);
  });

  it('bakes again when the file or the model is saved, and survives mistakes', { timeout: LIMIT_MS }, async () => {
    await art.describe([{ labels: ['elf'], output: 'a' }]);
    const ended = failure('--watch', '--prune');
    const said = (text: RegExp) => vi.waitUntil(() => printed.some((line) => text.test(line)), { timeout: 30_000 });
    await said(/1 image baked/);
    await writeFile(art.file, '{');
    await said(/no JSON: close brace expected/);
    printed.length = 0;
    await art.describe([{ labels: ['elf'], output: 'b' }]);
    await said(/1 image baked/);
    await said(/1 file that the bake file no longer lists removed/);
    printed.length = 0;
    await art.writeModel({ seed: 3 });
    await said(/1 image baked/);
    process.kill(process.pid, 'SIGINT');
    await ended;
    const lines = vi
      .mocked(process.stderr.write)
      .mock.calls.filter(([text]) => /bake .*1\/1 images/.test(String(text)));
    expect(lines.length).toBeGreaterThanOrEqual(3); // one a bake
    expect([...(await art.files()).keys()]).toEqual(['b.png']);
  });

  it('bakes as soon as the picture and the model that it lacked are there', { timeout: LIMIT_MS }, async () => {
    await art.describe([{ model: './late', labels: ['elf'], image: 'late.png', output: 'a' }]);
    const ended = failure('--watch');
    const said = (text: RegExp) => vi.waitUntil(() => printed.some((line) => text.test(line)), { timeout: 30_000 });
    await said(/model ".\/late" does not exist/);
    await art.writeModel({}, 'late');
    await said(/there is no file late.png/);
    const pixels = new Uint8Array(16 * 16 * 4).fill(255);
    await writeFile(join(art.folder, 'late.png'), encodePng({ width: 16, height: 16, channels: 4, pixels }));
    await said(/1 image baked/);
    process.kill(process.pid, 'SIGINT');
    await ended;
  });

  it('makes pictures of several tiles where they repeat', async () => {
    await art.writeModel({ circularPadding: true }, 'wrapping');
    const wall = { model: './wrapping', labels: ['orc'], widthPx: 48, maps: ['albedo', 'normal'] as const };
    await art.describe([{ ...wall, maps: [...wall.maps], heightPx: 32, enlarge: 2, output: '{map}' }]);
    await bake();
    const files = await art.files();
    for (const name of ['albedo', 'normal']) {
      expect(decodePng(files.get(`${name}.png`)!)).toMatchObject({ width: 96, height: 64 });
    }
    expect(JSON.parse(readPngText(files.get('albedo.png')!).figment!)).toMatchObject({ widthPx: 48, heightPx: 32 });
    await art.describe([{ labels: ['orc'], heightPx: 32 }]);
    expect((await failure())[1]).toMatch(/heightPx: the size is 16×32, but tiny makes 16×16 alone/);
  });

  it('writes the maps that a model of materials makes with its pictures', async () => {
    const materials = { labels: ['brick'], channels: 6 as const, circularPadding: true };
    await art.writeModel(materials, 'materials');
    const maps = ['albedo', 'height', 'roughness', 'metallic'] as const;
    await art.describe([{ model: './materials', labels: ['brick'], seeds: [5], maps: [...maps], output: '{map}' }]);
    await bake();
    const files = await art.files();
    const bytesOf = (name: string, channel: number) =>
      decodePng(files.get(`${name}.png`)!).pixels.filter((_, i) => i % 3 === channel);
    await selectBackend({ backend: 'wasm' });
    const model = createModel(tinyModelFiles(materials));
    const [made] = await generatePictures(model, [{ label: 'brick', seed: 5 }]);
    model.dispose();
    for (const [channel, name] of (['height', 'roughness', 'metallic'] as const).entries()) {
      const least = name === 'roughness' ? 10 : 0; // smoother ones would flicker
      const expected = made!.maps!.filter((_, i) => i % 4 === channel).map((value) => Math.max(value, least));
      expect(bytesOf(name, 0), name).toEqual(expected);
    }
    await art.describe([{ model: './materials', image: 'baked/albedo.png', labels: ['brick'] }]);
    expect((await failure())[1]).toMatch(/image: tiny makes materials, and a picture alone has no maps to begin from/);
    await art.describe([{ model: './materials', image: 'small.png', labels: ['brick'] }]);
    const pixels = new Uint8Array(3);
    await writeFile(join(art.folder, 'small.png'), encodePng({ width: 1, height: 1, channels: 3, pixels }));
    const [, ...told] = await failure();
    expect(told.join()).toMatch(/^[^,]*image: tiny makes materials/);
  });

  it('begins between two seeds when asked to', async () => {
    const elf = { labels: ['elf'], seeds: [1] };
    await art.describe([
      { ...elf, output: 'one' },
      { ...elf, output: 'between', interpolate: { seed: 2, amount: 0.5 } },
      { ...elf, output: 'same', interpolate: { seed: 2, amount: 0 } },
      { ...elf, output: 'two', interpolate: { seed: 2, amount: 1 } },
      { ...elf, seeds: [2], output: 'other' },
      { ...elf, output: 'none', interpolate: { seed: 0, amount: 1 } },
      { ...elf, seeds: [0], output: 'zero' },
    ]);
    await bake();
    const files = await art.files();
    const pixels = (name: string) => decodePng(files.get(`${name}.png`)!).pixels;
    expect(pixels('same')).toEqual(pixels('one'));
    expect(pixels('two')).toEqual(pixels('other'));
    expect(pixels('none')).toEqual(pixels('zero'));
    expect(pixels('between')).not.toEqual(pixels('one'));
    expect(pixels('between')).not.toEqual(pixels('other'));
    expect(JSON.parse(readPngText(files.get('between.png')!).figment!).interpolate).toEqual({ seed: 2, amount: 0.5 });
    expect(JSON.parse(readPngText(files.get('same.png')!).figment!).interpolate).toBeUndefined();
  });
});
