// Models of frames: what is made of a row of them is what is made of each.
import { memory, slice, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { swapAxes } from '../core/frames.ts';
import { normals } from '../core/random.ts';
import { runToEnd } from '../core/slices.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, ELF, ORC, TINY_FRAMES, tinyModelFiles } from '../testing/tinyModel.ts';
import { decodeLatents, decodeLatentsInSlices, encodePixelsInSlices } from './autoencoder.ts';
import { IN_A_ROW, STACKED } from './frameRow.ts';
import { generate } from './generate.ts';
import { createModel } from './model.ts';
import { sample } from './sample.ts';

const NUM_FRAMES = TINY_FRAMES.length;
/** The latents are 6×4, which the network halves to 3×2. */
const SIZE = { sizePx: 8, heightPx: 12 };
const FRAMES = { ...SIZE, frames: TINY_FRAMES };

describeOnBackends(() => {
  it('decodes and encodes frame by frame, whatever the number of pictures', async () => {
    const before = memory().numTensors;
    const [model, single] = [createModel(tinyModelFiles(FRAMES)), createModel(tinyModelFiles(SIZE))];
    expect(model.latentShape).toEqual([6, 4, 12]);
    const values = normals(1, 0, 2 * 6 * 4 * 12);
    const latents = tensor4d(values, [2, 6, 4, 12]);
    const rows = runToEnd(decodeLatentsInSlices(model, latents));
    expect(rows.shape).toEqual([2, 12, 24, 4]);
    const pixels = (await rows.data()) as Float32Array;
    const whole = decodeLatents(model, latents);
    expectClose(await whole.data(), pixels, { absolute: 1e-5, relative: 1e-5 });
    const ofSecond = swapAxes(values.slice(6 * 4 * 12), 6 * 4, NUM_FRAMES, 4);
    const each = tensor4d(ofSecond, [NUM_FRAMES, 6, 4, 4]);
    const frames = decodeLatents(single, each);
    const inARow = swapAxes((await frames.data()) as Float32Array, NUM_FRAMES, 12, 8 * 4);
    expectClose(pixels.subarray(12 * 24 * 4), inARow, { absolute: 1e-5, relative: 1e-5 });

    const bytes = Uint8Array.from({ length: 12 * 24 * 4 }, (_, i) => (i * i * 31 + i) % 256);
    const encoded = runToEnd(encodePixelsInSlices(model, [bytes, bytes.slice().reverse()]));
    expect(encoded.shape).toEqual([2, 6, 4, 12]);
    const apart = swapAxes(bytes, 12, NUM_FRAMES, 8 * 4);
    const ofFrames = Array.from({ length: NUM_FRAMES }, (_, i) => apart.slice(i * 384, (i + 1) * 384));
    const one = runToEnd(encodePixelsInSlices(single, ofFrames));
    const stacked = swapAxes((await one.data()) as Float32Array, NUM_FRAMES, 6 * 4, 4);
    const first = ((await encoded.data()) as Float32Array).subarray(0, 6 * 4 * 12);
    expectClose(first, stacked, { absolute: 1e-5, relative: 1e-5 });
    for (const tensor of [latents, rows, whole, each, frames, encoded, one]) tensor.dispose();
    model.dispose();
    single.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('makes the same picture of a seed whatever the batch, with its frames in a row', async () => {
    const model = createModel(tinyModelFiles(FRAMES));
    const before = memory().numTensors;
    const [elf] = await generate(model, [ELF]);
    expect(elf).toHaveLength(12 * 24 * 4);
    const [, same] = await generate(model, [ORC, ELF]);
    expect(difference(elf!, same!)).toBeLessThanOrEqual(1);
    expect(memory().numTensors).toBe(before);
    model.dispose();
  });
});

describe('on wasm', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it.each([IN_A_ROW, STACKED])('takes pictures apart and puts them together again', async (order) => {
    const pictures = tensor4d(normals(2, 0, 2 * 6 * 24 * 6), [2, 6, 24, 6]);
    const frames = order.apart(pictures, NUM_FRAMES);
    expect(frames.shape[0]).toBe(6);
    const back = order.together(frames, NUM_FRAMES);
    expect(back.shape).toEqual(pictures.shape);
    expect(await back.data()).toEqual(await pictures.data());
    for (const tensor of [pictures, frames, back]) tensor.dispose();
  });

  it('makes new what a mask covers in one frame alone', async () => {
    const model = createModel(tinyModelFiles(FRAMES));
    const image = Uint8Array.from({ length: 12 * 24 * 4 }, (_, i) => (i * i * 31 + i) % 256);
    const isMasked = (pixel: number) => pixel % 24 >= 8 && pixel % 24 < 16 && pixel < 6 * 24; // upper half of the second
    const mask = Uint8Array.from({ length: 12 * 24 }, (_, pixel) => (isMasked(pixel) ? 255 : 0));
    const original = runToEnd(encodePixelsInSlices(model, [image]));
    const kept = (await original.data()) as Float32Array;
    let last = new Float32Array();
    for await (const { x0Pred } of sample(model, [{ ...ELF, image, mask }], { numInferenceSteps: 3 })) {
      last = Float32Array.from(await x0Pred.data());
    }
    const changed = last.map((value, i) => (value === kept[i] ? 0 : 1));
    const expected = last.map((_, i) => (Math.floor(i / (4 * 12)) < 3 && Math.floor((i % 12) / 4) === 1 ? 1 : 0));
    expect([...changed]).toEqual([...expected]);
    const [picture] = await generate(model, [{ ...ELF, image, mask }], { numInferenceSteps: 3 });
    for (let pixel = 0; pixel < mask.length; pixel++) {
      if (mask[pixel] === 0)
        expect(picture!.subarray(4 * pixel, 4 * pixel + 4)).toEqual(image.subarray(4 * pixel, 4 * pixel + 4));
    }
    original.dispose();
    model.dispose();
  });

  it('makes pixels without an auto-encoder as well', async () => {
    const files = tinyModelFiles({ sizePx: 4, heightPx: 8, frames: TINY_FRAMES });
    const unetConfig = { ...(files.unetConfig as object), sample_size: [8, 4] };
    const model = createModel({ ...files, unetConfig, vaeConfig: undefined, vae: new Map() });
    expect(model.latentShape).toEqual([8, 4, 12]);
    const [picture] = await generate(model, [ELF]);
    let latents: Float32Array = new Float32Array();
    for await (const { x0Pred } of sample(model, [ELF])) {
      const second = slice(x0Pred as Tensor4D, [0, 0, 0, 4], [1, 8, 4, 4]); // channels 4 to 7
      latents = Float32Array.from(await second.data());
      second.dispose();
    }
    const alphas = Array.from({ length: 8 * 4 }, (_, i) => picture![4 * (Math.floor(i / 4) * 12 + 4 + (i % 4)) + 3]!);
    const expected = alphas.map((_, i) => Math.round(255 * Math.min(1, Math.max(0, (latents[4 * i + 3]! + 1) / 2))));
    expect(alphas).toEqual(expected.map((alpha) => (alpha < 8 ? 0 : alpha)));
    model.dispose();
  });

  it('refuses a network whose channels are not those of all frames', () => {
    const files = tinyModelFiles(FRAMES);
    const { unetConfig, unet } = tinyModelFiles(SIZE);
    expect(() => createModel({ ...files, unetConfig, unet: unet! })).toThrow(
      'createModel: tiny: 3 frames of 8×12 px, a VAE of factor 2 with 4 channels and a U-Net of 4 to 4 do not fit together',
    );
  });
});
