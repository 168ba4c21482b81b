// Bakes that begin from a picture.
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkBake } from '../bake/index.ts';
import { describeError } from '../node/describeError.ts';
import { decodePng, encodePng, readPngText } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { createProgram } from './program.ts';

const LIMIT_MS = 120_000;
const SIZE = { width: 16, height: 16 };
/** Bytes without a pattern, and the upper half. */
const IMAGE = Uint8Array.from({ length: 4 * 256 }, (_, i) => (i * i * 31 + i) % 256);
const MASK = Uint8Array.from({ length: 3 * 256 }, (_, i) => (i < 3 * 128 ? 255 : 0));

let art: BakeFolder;
beforeEach(async () => {
  art = await createBakeFolder();
  vi.spyOn(console, 'log').mockImplementation(() => {});
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  await mkdir(join(art.folder, 'art'));
  await writeFile(join(art.folder, 'art/elf.png'), encodePng({ ...SIZE, channels: 4, pixels: IMAGE }));
  await writeFile(join(art.folder, 'art/upper.png'), encodePng({ ...SIZE, channels: 3, pixels: MASK }));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await art.remove();
});

async function figment(...words: string[]): Promise<void> {
  await createProgram().parseAsync(['bake', ...words, '--backend', 'wasm'], { from: 'user' });
}

/** The message of a mistake. */
async function mistake(...words: string[]): Promise<string> {
  const error = await figment(...words).then(
    () => new Error('it went well'),
    (error) => error,
  );
  const { exitCode, message } = describeError(error);
  return `${exitCode}: ${message}`;
}

const HAIR = { labels: ['elf'], image: 'art/elf.png', mask: './art/upper.png', output: '{asset}-{seed}' };

describe('a bake file', () => {
  it('varies a picture, and makes a part of it again', { timeout: LIMIT_MS }, async () => {
    const { mask: _, ...image } = HAIR;
    await art.describe([
      { ...HAIR, name: 'hair', count: 2 },
      { ...image, name: 'sister', strength: 0.4 },
      { name: 'plain', labels: ['elf'], output: '{asset}-{seed}' },
    ]);
    await figment(art.file, '--jobs', '2');
    const files = await art.files();
    expect([...files.keys()]).toEqual(['hair-0.png', 'hair-1.png', 'plain-0.png', 'sister-0.png']);
    const [hair, other, plain, sister] = [...files.values()].map((bytes) => decodePng(bytes).pixels);
    for (const made of [hair!, other!]) {
      expect(made.subarray(512)).toEqual(IMAGE.subarray(512));
      expect(made.subarray(0, 512)).not.toEqual(IMAGE.subarray(0, 512));
    }
    expect(other).not.toEqual(hair);
    expect(sister).not.toEqual(plain);
    expect(sister!.filter((_, i) => i % 4 === 3)).toEqual(IMAGE.filter((_, i) => i % 4 === 3));
    const recipe = JSON.parse(readPngText(files.get('hair-1.png')!).figment!);
    expect(recipe).toMatchObject({ label: 'elf', seed: 1, strength: 1, resamples: 4, keepAlpha: false });
    expect(Buffer.from(recipe.image, 'base64')).toEqual(Buffer.from(IMAGE));
    expect(Buffer.from(recipe.mask, 'base64')).toEqual(Buffer.from(MASK.filter((_, i) => i % 3 === 0)));
    expect(JSON.parse(readPngText(files.get('plain-0.png')!).figment!)).not.toHaveProperty('strength');
  });

  it('is stale when the picture it begins from has changed', { timeout: LIMIT_MS }, async () => {
    await art.describe([{ ...HAIR, name: 'hair', numInferenceSteps: 1 }]);
    await figment(art.file);
    expect(await checkBake(art.file)).toEqual([]);
    await writeFile(join(art.folder, 'art/elf.png'), encodePng({ ...SIZE, channels: 4, pixels: IMAGE.toReversed() }));
    expect(await checkBake(art.file)).toEqual([{ path: 'hair-0.png', reason: 'changed' }]);
  });

  it.each<[string, object, RegExp]>([
    [
      'a picture above its folder',
      { image: '../elf.png' },
      /assets\[0\]\.image: expected a PNG below this file's folder: .*would leave/,
    ],
    ['an absolute path', { image: '/elf.png' }, /expected a PNG below this file's folder: .*absolute/],
    ['a link out of its folder', { image: 'link/elf.png' }, /would leave its folder by the link/],
    [
      'a picture that is a link out of its folder',
      { image: 'away.png' },
      /would leave its folder by the link .*away.png/,
    ],
    ['a picture that is a folder', { image: 'tiny' }, /tiny is a folder, pipe or device; expected a PNG file/],
    ['a picture that is not there', { image: 'art/orc.png' }, /there is no file art\/orc.png/],
    ['a file that is no picture', { image: 'figment.bake.json' }, /figment.bake.json is damaged or not a PNG/],
    [
      'a picture of another size',
      { image: 'art/small.png' },
      /art\/small.png is 8×8; expected 16×16, the size that is made/,
    ],
    [
      'a picture that no model makes',
      { image: 'art/vast.png' },
      /art\/vast.png is 4096×4096; expected .*at most 4194304 pixels; scale it/,
    ],
    [
      'a mask of another size',
      { image: 'art/elf.png', mask: 'art/small.png' },
      /assets\[0\]\.mask: art\/small.png is 8×8/,
    ],
    [
      'a mask alone',
      { mask: 'art/upper.png' },
      /assets\[0\]\.mask: there is a mask but no image to begin from; give an image/,
    ],
    [
      'a strength alone',
      { strength: 0.5 },
      /assets\[0\]\.strength: .* give an image, or choose the pipeline cvae\+ddpm/,
    ],
    ['another pipeline', { image: 'art/elf.png', pipeline: 'cvae' }, /makes no pictures in one step; train one for it/],
    ['a strength out of range', { image: 'art/elf.png', strength: 2 }, /strength/],
  ])('refuses %s', async (_, edit, message) => {
    await symlink('/', join(art.folder, 'link'));
    await symlink(process.execPath, join(art.folder, 'away.png'));
    await writeFile(
      join(art.folder, 'art/small.png'),
      encodePng({ width: 8, height: 8, channels: 3, pixels: new Uint8Array(192) }),
    );
    const header = Buffer.from('89504e470d0a1a0a0000000d494844520000100000001000', 'hex'); // that is all of it
    await writeFile(join(art.folder, 'art/vast.png'), header);
    await art.describe([{ labels: ['elf'], output: 'x', ...edit }]);
    expect(await mistake(art.file)).toMatch(/^2: /);
    expect(await mistake(art.file)).toMatch(message);
    expect((await art.files()).size).toBe(0);
  });
});

describe('figment bake MODEL', () => {
  const model = () => [join(art.folder, 'tiny'), '--label', 'elf', '--out', art.out];

  it('begins from a picture anywhere', { timeout: LIMIT_MS }, async () => {
    const files = ['--image', join(art.folder, 'art/elf.png'), '--mask', join(art.folder, 'art/upper.png')];
    await figment(...model(), ...files, '--resamples', '2', '--keep-alpha');
    const bytes = (await art.files()).get('elf-0.png')!;
    expect(decodePng(bytes).pixels.filter((_, i) => i % 4 === 3 || i >= 512)).toEqual(
      IMAGE.filter((_, i) => i % 4 === 3 || i >= 512),
    );
    expect(JSON.parse(readPngText(bytes).figment!)).toMatchObject({ resamples: 2, keepAlpha: true });
  });

  it('says what is wrong with it', async () => {
    expect(await mistake(...model(), '--image', 'nowhere.png')).toBe('2: bake: --image: there is no file nowhere.png');
    expect(await mistake(...model(), '--strength', '0.5')).toMatch(
      /^2: bake: --strength: there is a strength but no image to begin from/,
    );
    expect(await mistake(art.file, '--image', 'x.png')).toMatch(/^2: bake: --image is for a model's name; say so in/);
  });
});
