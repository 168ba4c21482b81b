// Pictures of other sizes than the tile, from a model whose convolutions wrap.
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, expect, it, vi } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import * as random from '../core/random.ts';
import { largestDifference } from '../testing/matchers.ts';
import { rollImage } from '../testing/roll.ts';
import { type TinyModelOptions, tinyModelFiles } from '../testing/tinyModel.ts';
import type { SampleOptions } from './completeAll.ts';
import { generate } from './generate.ts';
import { COMMON_SHARE } from './latentNoise.ts';
import { createModel } from './model.ts';

const { normals } = random;

afterEach(() => vi.restoreAllMocks());

const SEED = 7;
const BRICKS = [{ label: 'brick', seed: SEED }];
const TILE_PX = 16;
const NUM_TILES = 3; // beside each other
const WIDTH_PX = NUM_TILES * TILE_PX;
/** The tiny model's latents are half as wide as its pictures. */
const LATENT_PX = 2;
const TILE_LATENTS = TILE_PX / LATENT_PX;
const NOISE_SIZE = NUM_TILES * TILE_LATENTS ** 2 * 4;

async function make(options: SampleOptions, of: TinyModelOptions = {}): Promise<Uint8Array> {
  const files = tinyModelFiles({ labels: ['brick', 'wood'], circularPadding: true, channels: 3, ...of });
  const model = createModel(files);
  try {
    const [pixels] = await generate(model, BRICKS, options);
    return pixels!;
  } finally {
    model.dispose();
  }
}

/** From here on noise is what `draw` gives; the weights are as before. */
function replaceNoise(draw: (drawn: Float32Array) => ArrayLike<number>): void {
  vi.spyOn(random, 'normals').mockImplementation((seed, stream, count, out = new Float32Array(count), offset = 0) => {
    const drawn = normals(seed, stream, count);
    out.set(seed === SEED ? draw(drawn) : drawn, offset);
    return out;
  });
}

/** Rows of a picture of one tile, each as often as there are tiles. */
function repeated(tile: Uint8Array): number[] {
  const rowSize = tile.length / TILE_PX;
  return Array.from({ length: TILE_PX }, (_, y) => {
    const row = [...tile.slice(y * rowSize, (y + 1) * rowSize)];
    return Array.from({ length: NUM_TILES }, () => row).flat();
  }).flat();
}

it('refuses a picture among whose places an auto-encoder would attend for minutes', async () => {
  await selectBackend({ backend: 'wasm' });
  const model = createModel(tinyModelFiles({ labels: ['brick'], circularPadding: true, channels: 3 }));
  const vae = { ...model.vae!, config: { ...model.vae!.config, mid_block_add_attention: true } };
  const { numTensors } = memory();
  await expect(generate({ ...model, vae }, BRICKS, { sizePx: 512 })).rejects.toThrow(
    'generate: tiny: attention among 65536 places takes minutes a layer',
  );
  expect(memory().numTensors).toBe(numTensors);
  model.dispose();
});

const size: SampleOptions = { widthPx: WIDTH_PX, heightPx: TILE_PX, sampler: 'ddpm', numInferenceSteps: 2 };

describeOnBackends(() => {
  it.each([false, true])(
    'has no seam: a picture of 3 × 1 tiles rolls with its noise, positions: %s',
    async (positions) => {
      const { numTensors } = memory();
      const picture = await make(size, { positions });
      expect(memory().numTensors).toBe(numTensors);
      expect(picture).toHaveLength(4 * WIDTH_PX * TILE_PX);
      expect(new Set(picture).size).toBeGreaterThan(20);
      const rolled = await make({ ...size, noiseShift: [0, TILE_LATENTS] }, { positions });
      expect(largestDifference(rolled, rollImage(picture, WIDTH_PX, TILE_PX, 0, TILE_PX))).toBeLessThanOrEqual(1);
      expect(rolled).not.toEqual(picture);
    },
  );
});

describeOnBackends(() => {
  it.each([
    [3, 0],
    [-2, 5],
  ])('is one tile that rolls with its noise and its places, by %i, %i', async (down, right) => {
    const [picture, rolled] = [
      await make({ numInferenceSteps: 2 }, { positions: true }),
      await make({ numInferenceSteps: 2, noiseShift: [2 * down, 2 * right] }, { positions: true }),
    ];
    const expected = rollImage(picture, TILE_PX, TILE_PX, 4 * down, 4 * right);
    expect(largestDifference(rolled, expected)).toBeLessThanOrEqual(1);
    expect(rolled).not.toEqual(picture);
  });

  it.each([false, true])(
    'is the tile thrice where tiles have nothing to themselves, positions: %s',
    async (positions) => {
      replaceNoise((drawn) => drawn.map((value) => Math.sqrt(COMMON_SHARE) * value));
      const tile = await make({ sampler: 'ddpm', numInferenceSteps: 2 }, { positions });
      replaceNoise((drawn) => (drawn.length === NOISE_SIZE ? drawn.fill(0) : drawn));
      expect(largestDifference(await make(size, { positions }), repeated(tile))).toBeLessThanOrEqual(1);
    },
  );

  it('leaves no tensors behind, also when it refuses', async () => {
    const { numTensors } = memory();
    await make({ widthPx: 32 });
    await expect(make({ widthPx: 40 })).rejects.toThrow(/expected multiples of tiny's tile of 16×16/);
    await expect(make({ widthPx: 32 }, { circularPadding: false })).rejects.toThrow(/but tiny makes 16×16 alone/);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('of the tile is the same whether its size is given or not', async () => {
    expect(await make({ widthPx: 16, heightPx: 16 })).toEqual(await make({}));
  });
}, ['wasm']);
