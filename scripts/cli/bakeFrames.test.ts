// figment bake of a model with frames: rows, a sheet with animations, and animated PNG files.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import { SpritePackedManager } from '@babylonjs/core/Sprites/spritePackedManager.js';
import { Scene } from '@babylonjs/core/scene.js';
import { decodeApng } from 'fast-png';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Atlas, footPivot } from '../../runtime/core/atlas.ts';
import { TINY_FRAMES } from '../../runtime/testing/tinyModel.ts';
import { describeError } from '../node/describeError.ts';
import { decodePng } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { createProgram } from './program.ts';

const [WIDTH, HEIGHT] = [2 * 8, 2 * 12]; // of a frame, enlarged

let place: BakeFolder;
let out: string;

beforeAll(async () => {
  place = await createBakeFolder();
  out = join(place.folder, 'out');
  await place.writeModel({ sizePx: 8, heightPx: 12, frames: TINY_FRAMES }, 'walks');
  await figment(
    'bake',
    join(place.folder, 'walks'),
    '--count',
    '2',
    '--enlarge',
    '2',
    '--sheet',
    '--animated',
    '--out',
    out,
  );
});

afterAll(() => place.remove());

async function figment(...words: string[]): Promise<void> {
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(() => {}),
    vi.spyOn(process.stderr, 'write').mockReturnValue(true),
  ];
  try {
    await createProgram().parseAsync([...words, '--backend', 'wasm'], { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const read = async (name: string) => new Uint8Array(await readFile(join(out, name)));

/** RGBA of a part of a picture. */
function cut(image: { width: number; pixels: Uint8Array | Uint8ClampedArray }, left: number, top: number): number[] {
  return Array.from({ length: HEIGHT }, (_, y) => {
    const from = 4 * ((top + y) * image.width + left);
    return [...image.pixels.subarray(from, from + 4 * WIDTH)];
  }).flat();
}

it('writes a row of frames for each character', async () => {
  expect((await readdir(out)).filter((name) => name.startsWith('elf'))).toEqual([
    'elf-0.apng',
    'elf-0.png',
    'elf-1.apng',
    'elf-1.png',
  ]);
  expect(decodePng(await read('elf-0.png'))).toMatchObject({ width: 3 * WIDTH, height: HEIGHT, channels: 4 });
});

it('writes a sheet whose JSON is of TexturePacker, PixiJS and Aseprite', async () => {
  const sheet = decodePng(await read('sheet.png'));
  const atlas = JSON.parse(Buffer.from(await read('sheet.json')).toString()) as Atlas;
  expect(Object.keys(atlas.frames)).toHaveLength(3 * 2 * 3);
  const row = decodePng(await read('orc-1.png'));
  const names = ['orc-1-stand-down-0', 'orc-1-walk-left-0', 'orc-1-walk-left-1'];
  for (const [i, name] of names.entries()) {
    const { frame, duration, pivot } = atlas.frames[name]!;
    expect(cut(sheet, frame.x, frame.y)).toEqual(cut(row, i * WIDTH, 0));
    expect(frame).toMatchObject({ w: WIDTH, h: HEIGHT });
    expect(duration).toBe([100, 100, 150][i]);
    expect(pivot).toEqual(atlas.frames[names[0]!]!.pivot); // a character does not sink while it walks
  }
  expect(atlas.animations!['orc-1-walk-left']).toEqual(names.slice(1));
  const tag = atlas.meta.frameTags!.find(({ name }) => name === 'orc-1-walk-left')!;
  expect(Object.keys(atlas.frames).slice(tag.from, tag.to + 1)).toEqual(names.slice(1));
  expect(tag.direction).toBe('forward');
  const scene = new Scene(new NullEngine());
  const manager = new SpritePackedManager('npcs', 'data:,', 10, scene, JSON.stringify(atlas));
  const packed = manager as unknown as { _packedAndReady: boolean; _spriteMap: string[] };
  expect([packed._packedAndReady, packed._spriteMap]).toEqual([true, Object.keys(atlas.frames)]);
  scene.getEngine().dispose();
});

it('holds a map where its picture is held', async () => {
  const asset = { model: './walks', labels: ['elf'], count: 2, sheet: '{asset}-{map}' };
  await place.describe([
    { ...asset, maps: ['albedo', 'normal'] },
    { ...asset, maps: ['normal'] },
  ]);
  await figment('bake', place.file);
  const files = await place.files();
  const pivots = (sheet: string) => {
    const { frames } = JSON.parse(String(files.get(`${sheet}.json`))) as Atlas;
    return Object.values(frames).map(({ pivot }) => pivot);
  };
  const [row] = [...files].filter(([path]) => path.endsWith('elf-0-albedo.png')).map(([, bytes]) => decodePng(bytes));
  expect(pivots('asset0-albedo')[0]).toEqual(footPivot(row!.pixels, row!.width, row!.height, TINY_FRAMES));
  expect(pivots('asset0-normal')).toEqual(pivots('asset0-albedo'));
  expect(new Set(pivots('asset1-normal'))).toEqual(new Set([undefined])); // nothing tells where the feet are
});

it('lays the sheet of a map anew when its picture is baked beside it, which tells where it is held', async () => {
  const asset = { model: './walks', labels: ['elf'], sheet: '{asset}-{map}', output: '{asset}-{map}/{label}' };
  const pivots = async (maps: ('normal' | 'albedo')[]) => {
    await place.describe([{ ...asset, maps }]);
    await figment('bake', place.file);
    const { frames } = JSON.parse(String((await place.files()).get('asset0-normal.json'))) as Atlas;
    return new Set(Object.values(frames).map(({ pivot }) => pivot !== undefined));
  };
  expect(await pivots(['normal'])).toEqual(new Set([false]));
  expect(await pivots(['normal', 'albedo'])).toEqual(new Set([true]));
  expect(await pivots(['normal'])).toEqual(new Set([false]));
});

it('writes animations of what moves', async () => {
  const row = decodePng(await read('goblin-0.png'));
  const { width, height, frames } = decodeApng(await read('goblin-0.apng'), { checkCrc: true });
  expect([width, height]).toEqual([WIDTH, HEIGHT]);
  expect(frames.map(({ data }) => [...data])).toEqual([1, 2].map((frame) => cut(row, frame * WIDTH, 0)));
  expect(frames.map((frame) => frame.delayNumber)).toEqual([100, 150]);
});

it('writes none of a picture that does not move', async () => {
  await place.describe([{ formats: ['apng'] }]);
  const error = await figment('bake', place.file).catch((thrown) => thrown);
  expect(describeError(error).message).toContain(
    'pictures of tiny have no frames, so they do not move; leave out "apng"',
  );
});
