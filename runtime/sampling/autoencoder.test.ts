import { dispose, memory, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { fromPixels } from '../core/pixels.ts';
import { normals } from '../core/random.ts';
import { runToEnd } from '../core/slices.ts';
import { reconstruct } from '../evaluation/reconstruction.ts';
import { encode } from '../networks/autoencoderKl.ts';
import { scaleLatents } from '../networks/latentScaling.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyModelFiles, withModel } from '../testing/tinyModel.ts';
import {
  assertPictures,
  decodeLatents,
  decodeLatentsInSlices,
  encodePixelsInSlices,
  imagesToPixels,
} from './autoencoder.ts';
import { generate } from './generate.ts';
import { createModel } from './model.ts';

describe('decodeLatentsInSlices', () => {
  describeOnBackends((backend) => {
    it('decodes the same, exactly but for rounding by a recording', async () => {
      await withModel(async (model) => {
        const latents = tensor4d(normals(1, 0, 2 * 8 * 8 * 4), [2, 8, 8, 4]);
        const { numTensors } = memory();
        const slices = decodeLatentsInSlices(model, latents);
        let slice = slices.next();
        while (!slice.done) slice = slices.next();
        const whole = decodeLatents(model, latents);
        if (backend === 'cpu') expect(await slice.value.data()).toEqual(await whole.data());
        else expectClose(await slice.value.data(), await whole.data());
        dispose([slice.value, whole]);
        expect(memory().numTensors).toBe(numTensors);
        latents.dispose();
      });
    });
  });

  it('leaves nothing behind of a picture half decoded', async () => {
    await selectBackend({ backend: 'wasm' });
    await withModel(async (model) => {
      const latents = tensor4d(normals(1, 0, 8 * 8 * 4), [1, 8, 8, 4]);
      const { numTensors } = memory();
      const slices = decodeLatentsInSlices(model, latents);
      for (let i = 0; i < 5; i++) expect(slices.next().done).toBe(false);
      slices.return(latents);
      expect(memory().numTensors).toBe(numTensors);
      expect(latents.isDisposed).toBe(false);
      latents.dispose();
    });
  });
});

/** Bytes without a pattern. */
const picture = (seed: number) => Uint8Array.from({ length: 4 * 16 * 16 }, (_, i) => (i * i * 31 + i * seed) % 256);

describe('encodePixelsInSlices', () => {
  describeOnBackends((backend) => {
    it('gives the scaled means of the pictures, and leaves nothing behind', async () => {
      const model = createModel(tinyModelFiles());
      const { config, weights } = model.vae!;
      const { numTensors } = memory();
      const latents = runToEnd(encodePixelsInSlices(model, [picture(1), picture(2)]));
      expect(latents.shape).toEqual([2, 8, 8, 4]);
      const values = [1, 2].flatMap((seed) => [...fromPixels(picture(seed), 4)]);
      const images: Tensor4D = tensor4d(values, [2, 16, 16, 4]);
      const { mean, logVar } = encode(config, weights, images);
      const expected = scaleLatents(config, mean);
      if (backend === 'webgpu') expectClose(await latents.data(), await expected.data());
      else expect(await latents.data()).toEqual(await expected.data());
      dispose([latents, images, mean, logVar, expected]);
      expect(memory().numTensors).toBe(numTensors);
      model.dispose();
    });
  });

  it('leaves nothing behind when it is given up, or refuses a picture', () => {
    const model = createModel(tinyModelFiles());
    const { numTensors } = memory();
    const slices = encodePixelsInSlices(model, [picture(1)]);
    for (let i = 0; i < 4; i++) expect(slices.next().done).toBe(false);
    slices.return(undefined as never);
    expect(() => encodePixelsInSlices(model, [picture(1), new Uint8Array(8)]).next()).toThrow(
      /encode: a picture has 8 bytes; expected 1024, RGBA of 16×16 pixels/,
    );
    expect(memory().numTensors).toBe(numTensors);
    model.dispose();
  });
});

describe('a model of pixels', () => {
  describeOnBackends(() => {
    it('keeps a picture of one colour, which is no sign of damage there', async () => {
      const files = tinyModelFiles({ sizePx: 8 });
      const unetConfig = { ...(files.unetConfig as object), sample_size: 8 };
      const model = createModel({ ...files, unetConfig, vaeConfig: undefined, vae: new Map() });
      const image = new Uint8Array(8 * 8 * 4).fill(255);
      const edit = { label: 'elf', seed: 1, image, strength: 0 };
      expect(await generate(model, [edit], { numInferenceSteps: 2 })).toEqual([image]);
      const white = { shape: [8, 8, 4] as [number, number, number], values: new Float32Array(256).fill(1) };
      const { pictures, l1 } = await reconstruct(model, { ...white, classLabels: Int32Array.of(0) });
      expect([l1, pictures[0]!.pixels]).toEqual([0, image]);
      model.dispose();
    });
  });
});

describe('assertPictures', () => {
  describeOnBackends(() => {
    it('refuses each picture that is flat or not finite, whatever stands beside it', async () => {
      const model = tinyModelFiles();
      const [flat, noise] = [new Float32Array(64), normals(1, 0, 64)];
      const assertBatch = async (...pictures: Float32Array[]) => {
        const images: Tensor4D = tensor4d(
          pictures.flatMap((values) => [...values]),
          [pictures.length, 4, 4, 4],
        );
        await assertPictures(model, images).finally(() => images.dispose());
      };
      const { numTensors } = memory();
      await assertBatch(noise, normals(2, 0, 64));
      await expect(
        assertBatch(
          flat,
          flat.map(() => 1),
        ),
      ).rejects.toThrow('the picture of tiny is flat');
      await expect(assertBatch(noise, flat)).rejects.toThrow('the picture of tiny is flat');
      await expect(assertBatch(noise, flat.fill(Number.NaN))).rejects.toThrow('the picture of tiny is not finite');
      expect(memory().numTensors).toBe(numTensors);
    });
  });

  it.each([Infinity, -Infinity])('refuses a picture with one value of %d', async (value) => {
    await selectBackend({ backend: 'wasm' });
    const images: Tensor4D = tensor4d(normals(1, 0, 64).fill(value, 5, 6), [1, 4, 4, 4]);
    const { numTensors } = memory();
    for (const take of [assertPictures, imagesToPixels]) {
      await expect(take(tinyModelFiles(), images)).rejects.toThrow('the picture of tiny is not finite');
    }
    expect(memory().numTensors).toBe(numTensors);
    images.dispose();
  });
});
