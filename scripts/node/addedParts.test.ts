import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { withAddedParts } from './addedParts.ts';
import { writeFilesAtomic } from './atomicWrite.ts';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-added-'));
});

afterAll(() => rm(dir, { recursive: true }));

const FRESH = { figment: { name: 'busts', sha256: { 'unet/config.json': 'new' } } };
const files = { 'unet/config.json': new Uint8Array(1), 'model_index.json': encodeJson(FRESH) };
const figmentOf = (written: Record<string, Uint8Array>) =>
  JSON.parse(new TextDecoder().decode(written['model_index.json'])).figment;

it('a resumed training keeps palette, probe, grain, regions and conditional VAE, and nothing else of what was there', async () => {
  const sha256 = { 'unet/config.json': 'old', 'cvae/config.json': 'c' };
  const before = {
    figment: {
      name: 'old',
      palette: { colours: 'p' },
      probe: { grid: 4 },
      grain: { side: 3 },
      regions: { mood: ['#'] },
      sha256,
    },
  };
  await writeFilesAtomic(dir, { 'model_index.json': encodeJson(before) });
  const written = await withAddedParts(dir, files);
  expect(figmentOf(written)).toEqual({
    name: 'busts',
    palette: { colours: 'p' },
    probe: { grid: 4 },
    grain: { side: 3 },
    regions: { mood: ['#'] },
    sha256: { 'unet/config.json': 'new', 'cvae/config.json': 'c' },
  });
  expect(Object.keys(written).at(-1)).toBe('model_index.json'); // which vouches for the others
});

it('a resumed training leaves the conditional VAE of the folder as it is, and writes its own where there is none', async () => {
  const own = { figment: { name: 'busts', sha256: { 'cvae/config.json': 'own' } } };
  const written = { ...files, 'cvae/config.json': new Uint8Array(2), 'model_index.json': encodeJson(own) };
  await writeFilesAtomic(dir, { 'model_index.json': encodeJson({ figment: { sha256: { 'cvae/config.json': 'c' } } }) });
  const kept = await withAddedParts(dir, written);
  expect([Object.keys(kept), figmentOf(kept).sha256]).toEqual([
    ['unet/config.json', 'model_index.json'],
    { 'cvae/config.json': 'c' },
  ]);
  await writeFilesAtomic(dir, { 'model_index.json': encodeJson({ figment: { sha256: {} } }) });
  const whole = await withAddedParts(dir, written);
  expect([Object.keys(whole).sort(), figmentOf(whole).sha256]).toEqual([
    Object.keys(written).sort(),
    { 'cvae/config.json': 'own' },
  ]);
});

it.each(['{', '[]', '{"figment":null}'])('changes nothing where the index is %s', async (text) => {
  await writeFilesAtomic(dir, { 'model_index.json': new TextEncoder().encode(text) });
  expect(await withAddedParts(dir, files)).toBe(files);
});

it('changes nothing where there is none', async () => {
  expect(await withAddedParts(join(dir, 'nowhere'), files)).toBe(files);
});
