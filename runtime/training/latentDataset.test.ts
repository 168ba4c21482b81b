import { setTimeout } from 'node:timers/promises';
import { memory, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { fillBatch } from '../dataset/batches.ts';
import { framesOf, singleFrames } from '../dataset/derive.ts';
import { autoencoderKlShapes, encode } from '../networks/autoencoderKl.ts';
import { latentScaler } from '../networks/latentScaling.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose } from '../testing/matchers.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { tinyFrames } from '../testing/tinyFrames.ts';
import { randomWeights, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { drawLatents, encodeDataset, latentStatistics } from './latentDataset.ts';
import { type LatentEncoder, localEncoder } from './latentEncoder.ts';

const DATASET = tinyDataset({ perClass: 12, widthPx: 8, heightPx: 4 });
const CONFIG = tinyVaeConfig();
const SPEC = { config: CONFIG, weights: randomWeights(autoencoderKlShapes(CONFIG)), circular: false };
const INDICES = Int32Array.from({ length: 35 }, (_, i) => 35 - i); // more than one batch, in an order of its own
const SIZE = 2 * 4 * 4;

/** One image's mean, mirrored or not, encoded alone. */
async function meanOf(image: number, flip: boolean): Promise<Float32Array> {
  const values = new Float32Array(4 * 8 * 4);
  fillBatch(DATASET, Int32Array.of(image), {}, 0, 0, values);
  const pixel = (x: number) => (flip ? 7 - (x % 8) + 8 * Math.floor(x / 8) : x);
  const mirrored = values.map((_, i) => values[4 * pixel(Math.floor(i / 4)) + (i % 4)]!);
  const mean = tidy(() => {
    const x = tensor4d(mirrored, [1, 4, 8, 4]) as Tensor4D;
    return encode(CONFIG, uploadWeights(SPEC.weights), x).mean;
  });
  const result = (await mean.data()) as Float32Array;
  mean.dispose();
  return result;
}

describeOnBackends(() => {
  it('encodes the chosen images in order, then each mirrored', async () => {
    const before = memory().numTensors;
    const encoder = localEncoder(SPEC);
    const progress: number[] = [];
    const latents = await encodeDataset(DATASET, INDICES, CONFIG, [encoder], { flip: true }, (step) => {
      progress.push(step.numDone / step.numImages);
    });
    encoder.dispose();
    expect(memory().numTensors).toBe(before);
    expect(latents.shape).toEqual([2, 4, 4]);
    expect(latents.mean.length).toBe(70 * SIZE);
    const classes = Array.from(INDICES, (image) => DATASET.classLabels[image]!);
    expect([...latents.classLabels]).toEqual([...classes, ...classes]);
    expect(progress.at(-1)).toBe(1);
    for (const [place, image, flip] of [
      [0, 35, false],
      [33, 2, false],
      [35, 35, true],
      [69, 1, true],
    ] as const) {
      const actual = latents.mean.subarray(place * SIZE, (place + 1) * SIZE);
      expectClose(actual, await meanOf(image, flip), { absolute: 1e-5, relative: 1e-5 });
    }
    expect(latents.std.every((value) => value > 0)).toBe(true);
  });

  it('stacks the latents of frames along channels', async () => {
    const walks = tinyFrames({ perClass: 8 });
    const chosen = Int32Array.from({ length: 13 }, (_, i) => 13 - i); // more frames than one batch
    const encoder = localEncoder(SPEC);
    const numsDone: number[] = [];
    const latents = await encodeDataset(walks, chosen, CONFIG, [encoder], { flip: false }, ({ numDone }) => {
      numsDone.push(numDone);
    });
    expect(numsDone).toEqual([10, 13]); // of 32 frames and of 39
    const frames = framesOf(walks, chosen);
    const each = await encodeDataset(singleFrames(walks), frames, CONFIG, [encoder], { flip: false });
    encoder.dispose();
    expect(latents.shape).toEqual([6, 4, 12]);
    expect([...latents.classLabels]).toEqual(Array.from(chosen, (image) => walks.classLabels[image]));
    const cells = 6 * 4;
    for (const part of ['mean', 'std'] as const) {
      const expected = latents[part].map((_, i) => {
        const [image, cell, channel] = [Math.floor(i / (cells * 12)), Math.floor(i / 12) % cells, i % 12];
        const frame = Math.floor(channel / 4);
        return each[part][((image * 3 + frame) * cells + cell) * 4 + (channel % 4)]!;
      });
      expect(latents[part]).toEqual(expected);
    }
    const statistics = latentStatistics(latents, 3);
    const ofEach = latentStatistics(each);
    expectClose(statistics.mean, ofEach.mean, { absolute: 1e-6, relative: 1e-6 });
    expectClose(statistics.std, ofEach.std, { absolute: 1e-6, relative: 1e-6 });
    const scaling = { latents_mean: ofEach.mean, latents_std: ofEach.std, shift_factor: null, scaling_factor: 0.5 };
    const drawn = drawLatents(latents, Int32Array.of(2), latentScaler(scaling), null);
    const expected = drawn.map((_, i) => {
      const c = i % 4;
      return (0.5 * (latents.mean[2 * cells * 12 + i]! - ofEach.mean[c]!)) / ofEach.std[c]!;
    });
    expectClose(drawn, expected, { absolute: 1e-6, relative: 1e-5 });
  });

  it('encodes seamless images at shifts that fill a latent cell', async () => {
    const spec = { ...SPEC, circular: true };
    const encoder = localEncoder(spec);
    const chosen = Int32Array.of(3, 5);
    const views = await encodeDataset(DATASET, chosen, CONFIG, [encoder], { flip: true, isShifted: true });
    const numViews = views.classLabels.length / chosen.length;
    const factor = 8 / views.shape[1];
    expect(numViews).toBe(2 * factor);
    const images: number[][] = [];
    for (let i = 0; i < factor; i++) {
      // Rolled by hand; of two pixels in a cell, the second view has the other one in x and in y.
      const source = DATASET.images.subarray(3 * 128, 4 * 128);
      const rolled = Array.from({ length: 128 }, (_, at) => {
        const [y, x, c] = [Math.floor(at / 32), Math.floor(at / 4) % 8, at % 4];
        return source[(((y - i + 4) % 4) * 8 + ((x - i + 8) % 8)) * 4 + c]!;
      });
      images.push(rolled);
    }
    const alone = { ...DATASET, images: Uint8Array.from(images.flat()), classLabels: new Int32Array(factor) };
    const expected = await encodeDataset(
      alone,
      Int32Array.from({ length: factor }, (_, i) => i),
      CONFIG,
      [encoder],
      {
        flip: true,
      },
    );
    encoder.dispose();
    for (let i = 0; i < factor; i++) {
      for (const [actualAt, expectedAt] of [
        [4 * i, i], // as it is
        [4 * i + 2, factor + i], // mirrored
      ] as const) {
        const actual = views.mean.subarray(actualAt * SIZE, (actualAt + 1) * SIZE);
        expectClose(actual, expected.mean.subarray(expectedAt * SIZE, (expectedAt + 1) * SIZE));
      }
    }
  });
}, ['wasm']);

/** Answers with the sum of each image's pixels once `work` is done, which is told how many batches have begun. */
function fakeEncoder(work: (numBegun: number) => unknown, log: number[] = []): LatentEncoder {
  return {
    async encode({ shape, data }) {
      log.push(shape[0]);
      await work(log.length);
      const sums = Array.from({ length: shape[0] }, (_, i) =>
        data.subarray((i * data.length) / shape[0], ((i + 1) * data.length) / shape[0]).reduce((a, b) => a + b, 0),
      );
      const mean = Float32Array.from({ length: shape[0] * SIZE }, (_, i) => sums[Math.floor(i / SIZE)]!);
      return { mean, std: mean.map(Math.abs) };
    },
    dispose: () => {},
  };
}

it('encodeDataset gives the same latents whatever the number and the speed of the encoders', async () => {
  const batches: number[][] = [[], []];
  const one = await encodeDataset(DATASET, INDICES, CONFIG, [fakeEncoder(() => {})], { flip: true });
  let endSlow = () => {};
  const others = new Promise<void>((resolve) => {
    endSlow = resolve;
  });
  const two = [
    fakeEncoder(() => others, batches[0]),
    fakeEncoder((numBegun) => void (numBegun === 3 && endSlow()), batches[1]),
  ];
  expect(await encodeDataset(DATASET, INDICES, CONFIG, two, { flip: true })).toEqual(one);
  expect([batches[0], batches[1]]).toEqual([[32], [3, 32, 3]]);
});

it('encodeDataset shifts seamless images evenly over a latent cell of four pixels', async () => {
  const images = new Uint8Array(8 * 4 * 4);
  images.fill(255, 0, 4); // a dot in the corner, by which the shift is seen
  const dataset = { ...DATASET, images, classLabels: new Int32Array(1) };
  const shifts: number[][] = [];
  const seeing: LatentEncoder = {
    async encode({ shape: [, , width, channels], data }) {
      const pixel = data.indexOf(Math.max(...data)) / channels;
      shifts.push([pixel % width, Math.floor(pixel / width)]);
      return { mean: new Float32Array(8), std: new Float32Array(8) };
    },
    dispose: () => {},
  };
  const config = tinyVaeConfig({
    block_out_channels: [8, 8, 8],
    down_block_types: new Array(3).fill('DownEncoderBlock2D'),
    up_block_types: new Array(3).fill('UpDecoderBlock2D'),
  });
  await encodeDataset(dataset, Int32Array.of(0), config, [seeing], { flip: false, isShifted: true });
  // Hammersley's points: one in each row, in each column and in each quarter.
  expect(shifts).toEqual([
    [0, 0],
    [1, 2],
    [2, 1],
    [3, 3],
  ]);
});

it('encodeDataset ends with the first failure', async () => {
  const failing: LatentEncoder = { encode: () => Promise.reject(new Error('out of memory')), dispose: () => {} };
  const log: number[] = [];
  const encoding = encodeDataset(DATASET, INDICES, CONFIG, [failing, fakeEncoder(() => setTimeout(5), log)], {
    flip: true,
  });
  await expect(encoding).rejects.toThrow('out of memory');
  await setTimeout(30);
  expect(log.length).toBe(1);
});

it('latentStatistics: variance of the means plus mean posterior variance, by channel', () => {
  const latents = {
    shape: [1, 2, 2] as [number, number, number],
    mean: Float32Array.from([1, 10, 3, 10, 1, 10, 3, 10]), // channels 0 and 1 take turns
    std: Float32Array.from([0, 2, 0, 2, 0, 2, 0, 2]),
    classLabels: Int32Array.of(0, 1),
  };
  expect(latentStatistics(latents)).toEqual({ mean: [2, 10], std: [1, 2] });
  const { std } = latentStatistics({ ...latents, std: new Float32Array(8) });
  expect(std[1]).toBeGreaterThan(0); // never a division by 0
});
