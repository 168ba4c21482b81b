// Pictures of other sizes than the tile, from a model whose convolutions wrap.
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, expect, it, vi } from 'vitest';
import * as random from '../core/random.ts';
import { describeOnBackends } from '../testing/backends.ts';
import { rollImage } from '../testing/rollImage.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { generate } from './generate.ts';
import { createModel } from './model.ts';
import type { SampleOptions } from './samplingPlan.ts';

vi.mock('../core/random.ts', { spy: true });
const { normals } = await vi.importActual<typeof random>('../core/random.ts');

afterEach(() => vi.mocked(random.normals).mockReset());

const SEED = 7;
const BRICKS = [{ label: 'brick', seed: SEED }];
const [WIDTH_PX, HEIGHT_PX] = [48, 16]; // 3 × 1 tiles
const LATENT_CHANNELS = 4;
/** The tiny model's latents are half as wide as its pictures, and its U-Net halves them once more. */
const LATENT_PX = 2;
const STEP = 2;

async function make(options: SampleOptions, circularPadding = true): Promise<Uint8Array> {
  const model = createModel(tinyModelFiles({ labels: ['brick', 'wood'], circularPadding, channels: 3 }));
  try {
    const [pixels] = await generate(model, BRICKS, options);
    return pixels!;
  } finally {
    model.dispose();
  }
}

/** From here on all noise is shifted down and right, around the edges of a grid of latents; the weights are as before. */
function rollNoise(dy: number, dx: number): void {
  vi.mocked(random.normals).mockImplementation((seed, stream, count, out = new Float32Array(count), offset = 0) => {
    const drawn = normals(seed, stream, count);
    const isNoise = seed === SEED && count === (HEIGHT_PX * WIDTH_PX * LATENT_CHANNELS) / LATENT_PX ** 2;
    out.set(isNoise ? rollImage(drawn, WIDTH_PX / LATENT_PX, HEIGHT_PX / LATENT_PX, dy, dx) : drawn, offset);
    return out;
  });
}

describeOnBackends(() => {
  it('has no seam: a picture of 3 × 1 tiles rolls with its noise', async () => {
    const size: SampleOptions = { widthPx: WIDTH_PX, heightPx: HEIGHT_PX, sampler: 'ddpm' };
    const picture = await make(size);
    expect(picture).toHaveLength(4 * WIDTH_PX * HEIGHT_PX);
    expect(new Set(picture).size).toBeGreaterThan(20);
    rollNoise(STEP, 5 * STEP);
    const rolled = await make(size);
    const expected = rollImage(picture, WIDTH_PX, HEIGHT_PX, STEP * LATENT_PX, 5 * STEP * LATENT_PX);
    const differences = rolled.map((value, i) => Math.abs(value - expected[i]!));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(rolled).not.toEqual(picture);
  });

  it('leaves no tensors behind, also when it refuses', async () => {
    const { numTensors } = memory();
    await make({ widthPx: 32 });
    await expect(make({ widthPx: 40 })).rejects.toThrow(/expected multiples of tiny's tile of 16×16/);
    await expect(make({ widthPx: 32 }, false)).rejects.toThrow(/but tiny makes 16×16 alone/);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('of the tile is the same whether its size is given or not', async () => {
    expect(await make({ widthPx: 16, heightPx: 16 })).toEqual(await make({}));
  });
});
