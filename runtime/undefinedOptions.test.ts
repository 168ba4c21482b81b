// An option that is undefined is as one that is left out, wherever there is a default.
import { expect, it } from 'vitest';
import { fromPixels } from './core/pixels.ts';
import * as runtime from './index.ts';
import { tinyModelFiles } from './testing/tinyModel.ts';

const SIDE = 4;
const HEIGHT = Float32Array.from({ length: SIDE ** 2 }, (_, i) => ((7 * i) % 16) / 16);
const PIXELS = Uint8Array.from({ length: 4 * SIDE ** 2 }, (_, i) => (i % 4 === 3 ? 128 : (37 * i) % 256));
const VALUES = Float32Array.from(PIXELS, (byte) => byte / 127.5 - 1);
const TENSOR = { shape: [2], data: Float32Array.of(1, 2) };

it.each<[name: string, made: (options?: object) => unknown, option: string]>([
  ['toPixels', (options) => runtime.toPixels(VALUES, 4, options), 'premultiplied'],
  ['fromPixels', (options) => fromPixels(PIXELS, 4, options), 'premultiplied'],
  ['writeSafetensors', (options) => runtime.writeSafetensors([['w', TENSOR]], options), 'dtype'],
  ['ambientOcclusionMap', (options) => runtime.ambientOcclusionMap(HEIGHT, SIDE, SIDE, options), 'depthPx'],
  ['cavityMap', (options) => runtime.cavityMap(HEIGHT, SIDE, SIDE, options), 'strength'],
  ['heightMap', (options) => runtime.heightMap(PIXELS, SIDE, SIDE, options), 'grain'],
  ['roughnessMap', (options) => runtime.roughnessMap(HEIGHT, SIDE, SIDE, options), 'wear'],
  ['metallicMap', (options) => runtime.metallicMap(PIXELS, SIDE, SIDE, options), 'metallic'],
  ['normalMap', (options) => runtime.normalMap(HEIGHT, SIDE, SIDE, options), 'depthPx'],
  ['snapToPalette', (options) => runtime.snapToPalette(PIXELS, SIDE, SIDE, ['#000000', '#ffffff'], options), 'dither'],
  ['scalePixelArt', (options) => runtime.scalePixelArt(PIXELS, SIDE, SIDE, options), 'factor'],
  ['pixelArt', (options) => runtime.pixelArt(PIXELS, SIDE, SIDE, options), 'palette'],
])('%s takes its default', (_, made, option) => {
  expect(made({ [option]: undefined })).toEqual(made());
});

it('model folders are written and read by their defaults', async () => {
  const written = await runtime.modelFolderFiles(tinyModelFiles());
  expect(await runtime.modelFolderFiles(tinyModelFiles(), { dtype: undefined })).toEqual(written);
  const source = runtime.memorySource(written);
  const read = await runtime.readModelFiles(source);
  expect(await runtime.readModelFiles(source, { parts: undefined })).toEqual(read);
});
