// An option that is undefined is as one that is left out, wherever there is a default.
import { expect, it } from 'vitest';
import { fromPixels, toPixels } from './core/pixels.ts';
import { ambientOcclusionMap } from './surface/ambientOcclusion.ts';
import { cavityMap } from './surface/cavity.ts';
import { heightMap } from './surface/height.ts';
import { metallicMap, roughnessMap } from './surface/metallicRoughness.ts';
import { normalMap } from './surface/normals.ts';
import { snapToPalette } from './surface/palette.ts';
import { pixelArt, scalePixelArt } from './surface/pixelArt.ts';
import { tinyModelFiles } from './testing/tinyModel.ts';
import { readModelFiles } from './weights/modelFolder.ts';
import { modelFolderFiles } from './weights/modelFolderFiles.ts';
import { memorySource } from './weights/modelSource.ts';
import { writeSafetensors } from './weights/writeSafetensors.ts';

const SIDE = 4;
const HEIGHT = Float32Array.from({ length: SIDE ** 2 }, (_, i) => ((7 * i) % 16) / 16);
const PIXELS = Uint8Array.from({ length: 4 * SIDE ** 2 }, (_, i) => (i % 4 === 3 ? 128 : (37 * i) % 256));
const VALUES = Float32Array.from(PIXELS, (byte) => byte / 127.5 - 1);
const TENSOR = { shape: [2], data: Float32Array.of(1, 2) };

it.each<[name: string, made: (options?: object) => unknown, option: string]>([
  ['toPixels', (options) => toPixels(VALUES, 4, options), 'premultiplied'],
  ['fromPixels', (options) => fromPixels(PIXELS, 4, options), 'premultiplied'],
  ['writeSafetensors', (options) => writeSafetensors([['w', TENSOR]], options), 'dtype'],
  ['ambientOcclusionMap', (options) => ambientOcclusionMap(HEIGHT, SIDE, SIDE, options), 'depthPx'],
  ['cavityMap', (options) => cavityMap(HEIGHT, SIDE, SIDE, options), 'strength'],
  ['heightMap', (options) => heightMap(PIXELS, SIDE, SIDE, options), 'grain'],
  ['roughnessMap', (options) => roughnessMap(HEIGHT, SIDE, SIDE, options), 'wear'],
  ['metallicMap', (options) => metallicMap(PIXELS, SIDE, SIDE, options), 'metallic'],
  ['normalMap', (options) => normalMap(HEIGHT, SIDE, SIDE, options), 'depthPx'],
  ['snapToPalette', (options) => snapToPalette(PIXELS, SIDE, SIDE, ['#000000', '#ffffff'], options), 'dither'],
  ['scalePixelArt', (options) => scalePixelArt(PIXELS, SIDE, SIDE, options), 'factor'],
  ['pixelArt', (options) => pixelArt(PIXELS, SIDE, SIDE, options), 'palette'],
])('%s takes its default', (_, made, option) => {
  expect(made({ [option]: undefined })).toEqual(made());
});

it('model folders are written and read by their defaults', async () => {
  const written = await modelFolderFiles(tinyModelFiles());
  expect(await modelFolderFiles(tinyModelFiles(), { dtype: undefined })).toEqual(written);
  const source = memorySource(written);
  const read = await readModelFiles(source);
  expect(await readModelFiles(source, { parts: undefined })).toEqual(read);
});
