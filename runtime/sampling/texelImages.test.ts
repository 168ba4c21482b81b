import { dispose, memory, tensor4d } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { type NumValues, toMapPixels, toPixels } from '../core/pixels.ts';
import { normals } from '../core/random.ts';
import { currentRecorder, forgetRecordings, useRecorder } from '../kernels/plan/recordings.ts';
import { readTexels } from '../kernels/texels.ts';
import type { DiffusionModel } from './model.ts';
import { texelImages } from './texelImages.ts';

const [HEIGHT, WIDTH] = [3, 70];

const modelOf = (channels: number) =>
  ({ index: { figment: { channels, premultipliedAlpha: true } } }) as DiffusionModel;

async function expectTexels(channels: NumValues): Promise<void> {
  const model = modelOf(channels);
  const size = HEIGHT * WIDTH * channels;
  const values = Float32Array.from(normals(5, channels, 2 * size), (value) => 0.5 * value);
  values[0] = Number.NaN;
  const images = tensor4d(values, [2, HEIGHT, WIDTH, channels]);
  const { numTensors } = memory();
  const made = texelImages(model, images);
  expect(made).toHaveLength(2);
  for (const [i, { picture, maps, widthPx, heightPx }] of made.entries()) {
    const own = values.subarray(i * size, (i + 1) * size);
    expect([widthPx, heightPx]).toEqual([WIDTH, HEIGHT]);
    expect(await readTexels(picture, WIDTH)).toEqual(toPixels(own, channels));
    expect(maps && (await readTexels(maps, WIDTH))).toEqual(channels === 6 ? toMapPixels(own) : null);
    dispose(maps ? [picture, maps] : [picture]);
  }
  expect(memory().numTensors).toBe(numTensors);
  images.dispose();
  forgetRecordings(model);
}

describeOnBackends(() => {
  it.each([3, 4, 6] as const)('gives each image of %s channels its bytes, as toPixels does', expectTexels);

  it('does so without a recording, too', async () => {
    const recorder = currentRecorder()!;
    useRecorder('webgpu', { ...recorder, record: () => recorder.refuse('on purpose') });
    await expectTexels(6);
    useRecorder('webgpu', recorder);
  });
}, ['webgpu']);
