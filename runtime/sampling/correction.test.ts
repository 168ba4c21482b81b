import { memory, type Tensor2D, type Tensor4D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { type LinearProbe, probeGroups } from '../core/linearProbe.ts';
import { normals } from '../core/random.ts';
import { corrected, createCorrector } from '../networks/corrector.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, tinyModelFiles } from '../testing/tinyModel.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { decodeLatents, imagesToPixels } from './autoencoder.ts';
import { type GenerateOptions, generate } from './generate.ts';
import { createModel } from './model.ts';
import { sample } from './sample.ts';

const VOCABULARY = { hair: ['black', 'red'], wear: { min: 0, max: 1 } };
const FILES = tinyModelFiles({ attributes: VOCABULARY });
const { labels } = FILES.index;
const GROUPS = probeGroups(labels.length, VOCABULARY);
const NUM_WORDS = labels.length + 2;

const CHANNELS = 4;

const probe = (grid: number, rate = 0.2, margins = [1.5, 0.5]): LinearProbe => ({
  grid,
  weights: normals(1, 0, NUM_WORDS * CHANNELS * grid ** 2),
  bias: normals(2, 0, NUM_WORDS),
  rate,
  margins: Float32Array.from(margins),
});

/** Which pixels a cell has, by PyTorch's AdaptiveAvgPool2d. */
const inCell = (cell: number, grid: number, at: number, size: number) =>
  at >= Math.floor((cell * size) / grid) && at < Math.ceil(((cell + 1) * size) / grid);

/** log p(asked | latents) of one image by its cells' means, in double precision; what is asked for is likelier by its margin. */
function logLikelihood({ grid, weights, bias, margins }: LinearProbe, means: number[], asked: number[]): number {
  const logits = Array.from(bias, (value, word) =>
    means.reduce((sum, mean, i) => sum + mean * weights[word * CHANNELS * grid ** 2 + i]!, value),
  );
  return GROUPS.reduce((sum, { start, size }, group) => {
    const shares = asked.slice(start, start + size);
    const own = logits.slice(start, start + size).map((logit, i) => logit - margins[group]! * shares[i]!);
    const total = Math.log(own.reduce((all, logit) => all + Math.exp(logit), 0));
    return sum + shares.reduce((all, share, i) => all + share * (own[i]! - total), 0);
  }, 0);
}

/** The latents after steps up its gradient, which finite differences find: each moves by the mean of its cells' gradients. */
function climbed(own: LinearProbe, z: ArrayLike<number>, [height, width]: readonly [number, number], asked: number[]) {
  const { grid, rate } = own;
  const latents = Array.from(z);
  const cells = Array.from({ length: CHANNELS * grid ** 2 }, (_, i) => {
    const [channel, row, column] = [Math.floor(i / grid ** 2), Math.floor(i / grid) % grid, i % grid];
    return Array.from(latents.keys()).filter((at) => {
      const pixel = Math.floor(at / CHANNELS);
      const [y, x] = [Math.floor(pixel / width), pixel % width];
      return at % CHANNELS === channel && inCell(row, grid, y, height) && inCell(column, grid, x, width);
    });
  });
  const meansOf = () => cells.map((places) => places.reduce((sum, at) => sum + latents[at]!, 0) / places.length);
  for (let step = 0; step < 4; step++) {
    const means = meansOf();
    const gradient = means.map((_, i) => {
      const moved = (by: number) =>
        logLikelihood(
          own,
          means.map((mean, j) => mean + (i === j ? by : 0)),
          asked,
        );
      return (moved(1e-5) - moved(-1e-5)) / 2e-5;
    });
    for (const at of latents.keys()) {
      const owners = [...cells.keys()].filter((cell) => cells[cell]!.includes(at));
      latents[at]! += (rate * owners.reduce((sum, cell) => sum + gradient[cell]!, 0)) / owners.length;
    }
  }
  return latents;
}

const ASKED = [
  [0, 1, 0, 0, 1],
  [0.25, 0, 0.75, 0, 0], // nothing is asked for of hair
];
const KNOWN = [
  [1, 1, 1, 1, 1],
  [1, 1, 1, 0, 0],
];

describeOnBackends((backend) => {
  // Of 4×6 places a grid of 4 has cells that overlap.
  it.each([1, 2, 4])('climbs the likelihood of what is asked for, by the means of cells, %i a side', async (grid) => {
    const shape: [number, number, number] = [4, 6, CHANNELS];
    const z = draw(3, [2, ...shape]);
    const own = probe(grid);
    const [result] = await valuesOn(backend, () => {
      const corrector = createCorrector(own, GROUPS, shape);
      const told = [ASKED, KNOWN].map((rows) =>
        toTensor<Tensor2D>({ shape: [2, NUM_WORDS], values: Float32Array.from(rows.flat()) }),
      );
      return [corrected(corrector, toTensor<Tensor4D>(z), ...(told as [Tensor2D, Tensor2D]))];
    });
    const size = z.values.length / 2;
    const expected = ASKED.flatMap((asked, i) =>
      climbed(own, z.values.subarray(i * size, (i + 1) * size), [4, 6], asked),
    );
    expectClose(result!.values, expected, { absolute: 2e-4, relative: 1e-3 });
  });

  it('moves nothing where the words that were asked for are read already, however large the logits', async () => {
    // One channel in one cell: the first word of each group has the logit 10 z, and the others 8 z.
    const weights = Float32Array.from([10, 8, 8, 10, 8].flatMap((weight) => [weight, 0, 0, 0]));
    const margins = Float32Array.of(3, 3);
    const sure: LinearProbe = { grid: 1, weights, bias: new Float32Array(NUM_WORDS), rate: 0.3, margins };
    const asked = [1, 0, 0, 1, 0];
    const z = [6, 0, 0, 0, 30, 0, 0, 0]; // logits of 60 and 48, and of 300 and 240
    const [result] = await valuesOn(backend, () => {
      const told = [[...asked, ...asked], new Array(2 * NUM_WORDS).fill(1)];
      const [words, known] = told.map((values) => tensor2d(values, [2, NUM_WORDS]));
      return [
        corrected(
          createCorrector(sure, GROUPS, [1, 1, CHANNELS]),
          toTensor({ shape: [2, 1, 1, 4], values: Float32Array.from(z) }),
          words!,
          known!,
        ),
      ];
    });
    expectClose(result!.values, z, { absolute: 1e-3 });
  });

  it('goes on until what was asked for is as plain as its margin says', async () => {
    // Of two words the first has the logit z and the second 0, in latents that show the first, but hardly.
    const weights = Float32Array.from([0, 0, 0, 1, 0].flatMap((weight) => [weight, 0, 0, 0]));
    const shown = async (margin: number) => {
      const own = {
        grid: 1,
        weights,
        bias: new Float32Array(NUM_WORDS),
        rate: 1.5,
        margins: Float32Array.of(0, margin),
      };
      const [result] = await valuesOn(backend, () => {
        const told = [
          [0, 0, 0, 1, 0],
          [0, 0, 0, 1, 1],
        ].map((values) => tensor2d(values, [1, NUM_WORDS]));
        const z = toTensor<Tensor4D>({ shape: [1, 1, 1, 4], values: Float32Array.of(0.5, 0, 0, 0) });
        return [corrected(createCorrector(own, GROUPS, [1, 1, CHANNELS]), z, told[0]!, told[1]!)];
      });
      return result!.values[0]!;
    };
    // As much of the logit as p(asked) lacks, four times.
    const climbing = (margin: number) => {
      let z = 0.5;
      for (let step = 0; step < 4; step++) z += 1.5 * (1 - 1 / (1 + Math.exp(margin - z)));
      return z;
    };
    for (const margin of [0, 3, 8]) expect(await shown(margin)).toBeCloseTo(climbing(margin), 4);
    expect([climbing(0) < 2, climbing(3) > 3, climbing(8) > 5]).toEqual([true, true, true]);
  });

  it('corrects pictures, each by its recipe alone, and leaves nothing behind', async () => {
    const before = memory().numTensors;
    const [plain] = await pictures(FILES, [RED_ELF]);
    const [own] = await pictures(withProbe(probe(2)), [RED_ELF]);
    const together = await pictures(withProbe(probe(2)), [{ ...RED_ELF, seed: 4 }, RED_ELF]);
    expect(difference(own!, plain!)).toBeGreaterThan(5);
    expect(difference(together[1]!, own!)).toBeLessThanOrEqual(1);
    expect(difference(await byHand(RED_ELF, [1, 0, 0, 0, 1], [1, 1, 1, 1, 1]), own!)).toBeLessThanOrEqual(1);
    expect(memory().numTensors).toBe(before);
  });
});

const RED_ELF: PictureOptions = { label: 'elf', seed: 3, attributes: { hair: 'red' } };

const withProbe = (own: LinearProbe): ModelFiles => ({
  ...FILES,
  index: { ...FILES.index, figment: { ...FILES.index.figment, probe: own } },
});

const DDIM = { sampler: 'ddim', numInferenceSteps: 2 } as const;

/** The picture of a recipe: its latents, corrected towards these words, and decoded. */
async function byHand(request: PictureOptions, asked: number[], known: number[]): Promise<Uint8Array> {
  const model = createModel(withProbe(probe(2)));
  let images: Tensor4D | null = null;
  for await (const { step, numSteps, x0Pred } of sample(model, [request], DDIM)) {
    if (step < numSteps) continue;
    images = tidy(() =>
      decodeLatents(model, corrected(model.corrector!, x0Pred, tensor2d([asked]), tensor2d([known]))),
    );
  }
  const [pixels] = await imagesToPixels(model, images!);
  images!.dispose();
  model.dispose();
  return pixels!;
}

async function pictures(files: ModelFiles, requests: PictureOptions[], options: GenerateOptions = {}) {
  const model = createModel(files);
  const made = await generate(model, requests, { ...DDIM, ...options });
  model.dispose();
  return made;
}

describe('the correction of a model', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  const CASES: { what: string; changes: Partial<PictureOptions>; asked: number[]; known: number[] }[] = [
    { what: 'label and word', changes: {}, asked: [1, 0, 0, 0, 1], known: [1, 1, 1, 1, 1] },
    {
      what: 'another word',
      changes: { attributes: { hair: 'black' } },
      asked: [1, 0, 0, 1, 0],
      known: [1, 1, 1, 1, 1],
    },
    {
      what: 'what is blended in',
      changes: { blend: { label: 'orc', amount: 0.25 } },
      asked: [0.75, 0, 0.25, 0, 1],
      known: [1, 1, 1, 1, 1],
    },
    { what: 'no number', changes: { attributes: { wear: 0.8 } }, asked: [1, 0, 0, 0, 0], known: [1, 1, 1, 0, 0] },
    { what: 'nothing that is open', changes: { attributes: {} }, asked: [1, 0, 0, 0, 0], known: [1, 1, 1, 0, 0] },
  ];

  it.each(CASES)('follows $what', async ({ changes, asked, known }) => {
    const request = { ...RED_ELF, ...changes };
    const [own] = await pictures(withProbe(probe(2)), [request]);
    expect(difference(await byHand(request, asked, known), own!)).toBeLessThanOrEqual(1);
    const [still] = await pictures(withProbe(probe(2, 0)), [request]);
    expect(difference(own!, still!)).toBeGreaterThan(5);
  });

  it('lets pictures be that are larger, or begin from another', async () => {
    const files = tinyModelFiles({ attributes: VOCABULARY, circularPadding: true });
    const probed = { ...files, index: { ...files.index, figment: { ...files.index.figment, probe: probe(2) } } };
    const large = { ...RED_ELF, widthPx: 32 };
    expect(await pictures(probed, [large])).toEqual(await pictures(files, [large]));
    const [image] = await pictures(FILES, [RED_ELF]);
    const mask = new Uint8Array(16 * 16).fill(255, 0, 128);
    const edit: PictureOptions = { ...RED_ELF, image: image!, mask };
    for (const request of [edit, { ...RED_ELF, image: image!, strength: 0.5 }]) {
      const [own, plain] = [await pictures(withProbe(probe(2)), [request]), await pictures(FILES, [request])];
      expect(own).toEqual(plain);
    }
  });

  it('lets pictures be at guidance 0, which ignores what they are to show', async () => {
    const unguided = { guidanceScale: 0 };
    const [own] = await pictures(withProbe(probe(2)), [RED_ELF], unguided);
    expect(own).toEqual((await pictures(FILES, [RED_ELF], unguided))[0]);
  });

  it('is refused for latents of other channels', () => {
    const wrong = { ...probe(2), weights: new Float32Array(NUM_WORDS * 3 * 4) };
    const before = memory().numTensors;
    expect(() => createModel(withProbe(wrong))).toThrow(
      'createModel: tiny: its probe is for latents of 3 channels, not 4; make it again by figment probe',
    );
    expect(memory().numTensors).toBe(before);
  });

  it('is refused for more latents and cells than there is memory for', () => {
    const one = { weights: new Float32Array(256), bias: new Float32Array(1), margins: new Float32Array(1) };
    const fine = { grid: 16, rate: 1, ...one };
    expect(() => createCorrector(fine, probeGroups(1, {}), [1024, 1024, 1])).toThrow(
      'its probe of 16×16 cells is for latents of 1024×1024; expected at most 16777216 weights; make it again by figment probe',
    );
  });
});
