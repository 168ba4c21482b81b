import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Atlas } from '../runtime/core/atlas.ts';
import type { BakeAsset } from './baking/bakeFileSchema.ts';
import { type BakeFolder, createBakeFolder } from './baking/testing/bakeFolder.ts';
import { describeError } from './io/describeError.ts';
import { packageRoot } from './io/packageRoot.ts';
import { decodePng, readPngText } from './io/png.ts';
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
  { name: 'guests', labels: ['elf', 'orc'], count: 2, firstSeed: 5, scale: 2, sheet: 'sheets/{asset}' },
  { name: 'wall', labels: ['goblin'], seeds: [9], maps: ['albedo', 'normal', 'orm'], output: 'walls/{map}' },
  { name: 'boss', seedsByLabel: { orc: [1, 2], elf: [3] }, output: '{asset}/{index}-{label}' },
];

describe('figment bake FILE', () => {
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

  it('bakes anew what has changed alone: recipe, weights, missing and altered files', async () => {
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
    expect(await failure('--check')).toEqual([1, expect.stringContaining('1 files are not as')]);
    expect(printed).toEqual(['elf.png: was never baked']);
    expect(await readdir(art.out)).toEqual([]);
  });

  it('keeps what it no longer lists until --prune, and then what others wrote to', async () => {
    await art.describe([{ labels: ['elf'], count: 3, output: '{seed}' }]);
    await bake();
    await art.describe([{ labels: ['elf'], count: 1, output: '{seed}' }]);
    expect(await bake()).toMatch(/2 files that the bake file no longer lists, such as 1.png; --prune removes them/);
    await writeFile(join(art.out, '2.png'), 'mine');
    expect(await bake('--prune')).toMatch(/1 files that the bake file no longer lists removed/);
    expect([...(await art.files()).keys()]).toEqual(['0.png', '2.png']);
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
    ['a file of two pictures', [{ output: '{label}', count: 2 }], 'elf.png would be written twice'],
    [
      'a file that is the manifest',
      [{ output: 'sheet', labels: ['elf'] }, { sheet: 'figment.bake.manifest' }],
      'written twice, by the manifest',
    ],
    ['a way out', [{ output: '../{label}' }], 'assets[0].output: "../elf" cannot name a file below the output folder'],
    [
      'an unknown placeholder',
      [{ output: '{lable}' }],
      'assets[0].output: {lable} is unknown; the placeholders here are',
    ],
    [
      'seeds past the last',
      [{ firstSeed: 4294967295, count: 2 }],
      'assets[0].count: seeds would count up to 4294967296',
    ],
    ['seeds and a count', [{ seeds: [1], count: 2 }], 'assets[0].count: seeds says already how many'],
    ['a sheet without PNG', [{ sheet: 's', formats: ['ktx2'] }], 'assets[0].sheet: a sheet is laid from PNG files'],
    ['eta elsewhere', [{ sampler: 'euler', eta: 1 }], 'assets[0].eta: eta is for the sampler ddim'],
    ['settings of no maps', [{ surface: { depthPx: 2 } }], 'assets[0].surface: there are no maps'],
    [
      'settings that clash',
      [{ maps: ['normal'], surface: { reliefPx: 1, grainPx: 2 } }],
      'assets[0].surface: grainPx is 2',
    ],
  ])('refuses %s before anything is baked', async (_, assets, message) => {
    await art.describe(assets);
    const [exitCode, text] = await failure();
    expect(text).toContain(message);
    expect(text).toMatch(/^figment\.bake\.json:\d+:\d+ /);
    expect(exitCode).toBe(2);
    expect(await readdir(art.out)).toEqual([]);
  });

  it.each<[Partial<BakeAsset>, object, string]>([
    [{}, { gltf: 'a.gltf' }, 'no asset has maps'],
    [{ maps: ['normal'] }, { gltf: 'a.glb' }, 'expected a name that ends in .gltf'],
    [{ maps: ['normal'] }, { babylon: '../a.babylon' }, '".." would leave the folder'],
    [{ maps: ['normal'], formats: ['ktx2'] }, { babylon: 'a.babylon' }, 'add "png" to its formats'],
    [{ maps: ['normal'], surface: { green: 'directx' } }, { gltf: 'a.gltf' }, 'green: "opengl"'],
  ])('refuses a library that could not be: %j %j', async (asset, materials, message) => {
    await art.describe([asset], { materials });
    const [, text] = await failure();
    expect(text).toMatch(/^figment\.bake\.json:\d+:\d+ materials\.(gltf|babylon): /);
    expect(text).toContain(message);
    expect(await readdir(art.out)).toEqual([]);
  });

  it('tells of several mistakes at once, in the order of the file', async () => {
    await art.describe([{ labels: ['orcc'] }, { model: './nowhere' }, { output: '{seed}/..' }]);
    const [, text] = await failure();
    expect(text.split('\n').map((line) => /assets\[\d\]/.exec(line)?.[0])).toEqual([
      'assets[0]',
      'assets[1]',
      'assets[2]',
    ]);
  });

  it('refuses labels of a model that lead out of the folder, and links that do', async () => {
    await art.writeModel({ labels: ['elf', '../../orc', 'nul'] }, 'evil');
    await art.describe([{ model: './evil' }]);
    expect((await failure())[1]).toMatch(/the label "..\/..\/orc" cannot name a file/);
    await art.describe([{ model: './evil', labels: ['nul'], output: '{label}' }]);
    expect((await failure())[1]).toMatch(/the label "nul" cannot name a file: Windows/);
    await mkdir(join(art.folder, 'outside'));
    await symlink(join(art.folder, 'outside'), join(art.out, 'link'));
    await art.describe([
      { labels: ['elf'], output: 'a' },
      { labels: ['elf'], output: 'link/b' },
    ]);
    expect((await failure())[1]).toMatch(/link\/b.png would leave the output folder by the link/);
    expect(await readdir(join(art.folder, 'outside'))).toEqual([]);
    expect(await readdir(art.out)).toEqual(['link']);
  });

  it('writes below its own folder alone, but for --out', async () => {
    await art.describe([{ labels: ['elf'], output: 'a' }], { out: '../elsewhere' });
    expect((await failure())[1]).toMatch(/:\d+:\d+ out: expected a folder below this file's; --out takes any/);
    const out = join(art.folder, 'asked', 'for');
    await bake('--out', out);
    expect(await readdir(out)).toEqual(['a.png', 'figment.bake.manifest.json']);
  });

  it.each([
    [['--label', 'elf'], /--label is for a model's name; say so in .*figment.bake.json/],
    [['--interpolate-seed', '3'], /--interpolate-seed is for a model's name/],
    [['--shard', '3/2'], /./],
    [['--watch', '--check'], /--watch bakes everything; leave out --check/],
    [['--jobs', '2', '--backend', 'webgpu'], /jobs are threads on the CPU/],
  ])('refuses %j', async (words, message) => {
    await art.describe([{ labels: ['elf'], count: 20 }]);
    const [exitCode, text] = await failure(...words);
    expect(exitCode).toBe(2);
    expect(text + words).toMatch(message);
  });

  it('bakes again when the file or the model is saved, and survives mistakes', { timeout: LIMIT_MS }, async () => {
    await art.describe([{ labels: ['elf'], output: 'a' }]);
    const ended = failure('--watch');
    const said = (text: RegExp) => vi.waitUntil(() => printed.some((line) => text.test(line)), { timeout: 30_000 });
    await said(/1 images baked/);
    await writeFile(art.file, '{');
    await said(/no JSON: close brace expected/);
    printed.length = 0;
    await art.describe([{ labels: ['elf'], output: 'b' }]);
    await said(/1 images baked/);
    printed.length = 0;
    await art.writeModel({ seed: 3 });
    await said(/1 images baked/);
    process.kill(process.pid, 'SIGINT');
    await ended;
    expect([...(await art.files()).keys()]).toEqual(['a.png', 'b.png']);
  });

  it('makes pictures of several tiles where they repeat', async () => {
    await art.writeModel({ circularPadding: true }, 'wrapping');
    const wall = { model: './wrapping', labels: ['orc'], widthPx: 48, maps: ['albedo', 'normal'] as const };
    await art.describe([{ ...wall, maps: [...wall.maps], heightPx: 32, scale: 2, output: '{map}' }]);
    await bake();
    const files = await art.files();
    for (const name of ['albedo', 'normal']) {
      expect(decodePng(files.get(`${name}.png`)!)).toMatchObject({ width: 96, height: 64 });
    }
    expect(JSON.parse(readPngText(files.get('albedo.png')!).figment!)).toMatchObject({ widthPx: 48, heightPx: 32 });
    await art.describe([{ labels: ['orc'], heightPx: 32 }]);
    expect((await failure())[1]).toMatch(/heightPx: the size is 16×32, but tiny makes 16×16 alone/);
  });

  it('begins between two seeds when asked to', async () => {
    const elf = { labels: ['elf'], seeds: [1] };
    await art.describe([
      { ...elf, output: 'one' },
      { ...elf, output: 'between', interpolate: { seed: 2, amount: 0.5 } },
      { ...elf, output: 'same', interpolate: { seed: 2, amount: 0 } },
      { ...elf, output: 'two', interpolate: { seed: 2, amount: 1 } },
      { ...elf, seeds: [2], output: 'other' },
    ]);
    await bake();
    const files = await art.files();
    const pixels = (name: string) => decodePng(files.get(`${name}.png`)!).pixels;
    expect(pixels('same')).toEqual(pixels('one'));
    expect(pixels('two')).toEqual(pixels('other'));
    expect(pixels('between')).not.toEqual(pixels('one'));
    expect(pixels('between')).not.toEqual(pixels('other'));
    expect(JSON.parse(readPngText(files.get('between.png')!).figment!).interpolate).toEqual({ seed: 2, amount: 0.5 });
    expect(JSON.parse(readPngText(files.get('same.png')!).figment!).interpolate).toBeUndefined();
  });
});

describe('figment bake FILE, ended in the middle', () => {
  const MANY = 2000;

  /** The command as a process of its own. */
  function start(...words: string[]) {
    const cli = join(packageRoot(), 'scripts/cli.ts');
    const args = ['--import', 'tsx', cli, 'bake', art.file, '--backend', 'wasm', '--batch', '4', ...words];
    const child = spawn(process.execPath, args, { cwd: packageRoot(), stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, exited };
  }

  const pngs = async () => (await readdir(art.out)).filter((name) => /^\d+\.png$/.test(name));

  async function expectWholeAndResumed(numBefore: number): Promise<void> {
    for (const name of await pngs()) {
      const bytes = await readFile(join(art.out, name));
      expect(decodePng(bytes, name)).toMatchObject({ width: 16, height: 16 });
    }
    await art.describe([{ labels: ['elf'], count: numBefore + 8, output: '{seed}' }]);
    const said = await bake();
    const numKept = Number(/(\d+) as they were/.exec(said)![1]);
    expect(numKept).toBeGreaterThan(0);
    expect(await bake('--check')).toMatch(/all is as/);
  }

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'by %s: whole files, and the rest resumes',
    { timeout: LIMIT_MS },
    async (signal) => {
      await art.describe([{ labels: ['elf'], count: MANY, output: '{seed}' }]);
      const { child, exited } = start('--jobs', '2');
      const manifest = join(art.out, 'figment.bake.manifest.json');
      const isUnderWay = async () => (await stat(manifest).catch(() => null)) !== null && (await pngs()).length > 20;
      await vi.waitUntil(isUnderWay, { timeout: 60_000, interval: 10 });
      child.kill(signal);
      expect(await exited).toBe(signal === 'SIGINT' ? 130 : null);
      const numBefore = (await pngs()).length;
      expect(numBefore).toBeLessThan(MANY);
      if (signal === 'SIGINT') {
        const { files } = JSON.parse(await readFile(manifest, 'utf8'));
        expect(Object.keys(files).sort()).toEqual((await pngs()).sort());
        expect((await readdir(art.out)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
      }
      await expectWholeAndResumed(numBefore);
    },
  );

  it('removes what a killed bake left half-written, and nothing else', async () => {
    await art.describe([{ labels: ['elf'], output: 'elf' }]);
    const names = [
      '.elf.png.00000000-0000-4000-8000-000000000000.tmp',
      '.elf.png.mine.tmp',
      '.orc.png.00000000-0000-4000-8000-000000000000.tmp',
    ];
    for (const name of names) {
      await writeFile(join(art.out, name), '');
      await utimes(join(art.out, name), 0, 0);
    }
    const young = '.elf.png.00000000-0000-4000-8000-000000000001.tmp';
    await writeFile(join(art.out, young), '');
    await bake();
    const left = (await readdir(art.out)).filter((name) => name.endsWith('.tmp'));
    expect(left.sort()).toEqual([young, ...names.slice(1)].sort());
  });
});
