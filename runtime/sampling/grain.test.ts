import { memory, type Tensor4D } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import type { Grain } from '../core/grain.ts';
import { normals } from '../core/random.ts';
import { runToEnd } from '../core/slices.ts';
import { SAMPLING_STREAMS } from '../core/streams.ts';
import { slerp } from '../diffusion/slerp.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { expectClose, largestDifference } from '../testing/matchers.ts';
import { rollImage } from '../testing/roll.ts';
import { difference, tinyModelFiles } from '../testing/tinyModel.ts';
import { generatePictures } from './generate.ts';
import { grainedInSlices } from './grain.ts';
import { createModel } from './model.ts';

const SIDE = 3;
const FILES = tinyModelFiles({ channels: 6, circularPadding: true });
const { labels } = FILES.index;
const TEXTON = SIDE * SIDE * 6;
const GRAIN: Grain = { side: SIDE, textons: normals(7, 0, labels.length * TEXTON) };

const withGrain = (grain?: Grain) => ({
  ...FILES,
  index: { ...FILES.index, figment: { ...FILES.index.figment, ...(grain && { grain }) } },
});
const recipe = (changes: Partial<Recipe>): Recipe =>
  ({ label: labels[0]!, seed: 1, guidanceScale: 2, ...changes }) as Recipe;

/** y(p) = Σ k(q) n(p + q − middle), around the borders: one picture's grain, (H, W, 6). */
function naiveGrain(texton: ArrayLike<number>, white: ArrayLike<number>, [height, width]: readonly [number, number]) {
  const out: number[] = [];
  const around = (at: number, size: number) => (at + size) % size;
  for (let at = 0; at < height * width * 6; at++) {
    const [channel, x, y] = [at % 6, Math.floor(at / 6) % width, Math.floor(at / 6 / width)];
    let sum = 0;
    for (let q = 0; q < SIDE * SIDE; q++) {
      const [v, u] = [y + Math.floor(q / SIDE) - 1, x + (q % SIDE) - 1];
      sum += texton[q * 6 + channel]! * white[around(v, height) * width + around(u, width)]!;
    }
    out.push(sum);
  }
  return out;
}

const textonOf = (label: number) => GRAIN.textons.slice(label * TEXTON, (label + 1) * TEXTON);
const whiteOf = (seed: number, size: number) => normals(seed, SAMPLING_STREAMS.grain.first, size);

describeOnBackends((backend) => {
  it('lays over each picture the noise of its seed, by the texton of its label', async () => {
    const [height, width] = [8, 6] as const;
    const images = draw(3, [3, height, width, 6]);
    const blended = { label: labels[0]!, seed: 4, blend: { label: labels[2]!, amount: 0.25 } };
    const recipes = [recipe({ label: labels[1]!, seed: 9 }), recipe(blended), recipe({ seed: 4 })];
    const [result] = await valuesOn(backend, () => {
      const given = toTensor<Tensor4D>(images);
      return [runToEnd(grainedInSlices(withGrain(GRAIN), recipes, given))!];
    });
    const mixed = textonOf(0).map((value, i) => 0.75 * value + 0.25 * textonOf(2)[i]!);
    const textons = [textonOf(1), mixed, textonOf(0)];
    const size = height * width * 6;
    const expected = recipes.flatMap(({ seed }, i) =>
      naiveGrain(textons[i]!, whiteOf(seed, height * width), [height, width]).map(
        (value, at) => value + images.values[i * size + at]!,
      ),
    );
    expectClose(result!.values, expected, { absolute: 2e-5 });
  });
});

describe('grain of a model', () => {
  beforeAll(() => selectBackend({ backend: 'cpu' }));

  const at = async (changes: object, grain?: Grain, options = {}) => {
    const model = createModel(withGrain(grain));
    try {
      return (await generatePictures(model, [{ label: labels[1]!, seed: 5, ...changes }], options))[0]!;
    } finally {
      model.dispose();
    }
  };
  const small: Grain = { side: SIDE, textons: GRAIN.textons.map((value) => value / 200) };

  it('shows in colours and maps, the same again for the same seed, and not where there is none', async () => {
    const [plain, grained, again] = [await at({}), await at({}, small), await at({}, small)];
    expect(again).toEqual(grained);
    for (const part of ['pixels', 'maps'] as const) {
      expect(difference(plain[part]!, grained[part]!)).toBeGreaterThan(0);
      expect(largestDifference(plain[part]!, grained[part]!)).toBeLessThan(40);
    }
  });

  it('is none where what is asked for is ignored', async () => {
    const options = { guidanceScale: 0 };
    expect(await at({}, small, options)).toEqual(await at({}, undefined, options));
  });

  it('moves with the noise of the picture', async () => {
    const { widthPx, heightPx } = FILES.index.figment;
    const { pixels } = await at({}, small);
    const moved = await at({}, small, { noiseShift: [2, -4] });
    const expected = rollImage(pixels, widthPx, heightPx, 2 * 2, 2 * -4); // two pixels a latent
    expect(largestDifference(moved.pixels, expected)).toBeLessThanOrEqual(1);
    expect(moved.pixels).not.toEqual(pixels);
  });

  it('goes from one seed to the other where a picture is between two', () => {
    const given = toTensor<Tensor4D>({ shape: [1, 4, 4, 6], values: new Float32Array(96) });
    const between = recipe({ seed: 5, interpolate: { seed: 6, amount: 0.3 } });
    const result = runToEnd(grainedInSlices(withGrain(GRAIN), [between], given))!;
    const white = slerp(whiteOf(5, 16), whiteOf(6, 16), 0.3);
    expectClose(result.dataSync(), naiveGrain(textonOf(0), white, [4, 4]), { absolute: 2e-5 });
    given.dispose();
    result.dispose();
  });

  it('leaves no tensor behind, whether it is made or given up', () => {
    const given = toTensor<Tensor4D>(draw(3, [2, 4, 4, 6]));
    const before = memory().numTensors;
    const recipes = [recipe({}), recipe({ seed: 2 })];
    runToEnd(grainedInSlices(withGrain(GRAIN), recipes, given))!.dispose();
    const slices = grainedInSlices(withGrain(GRAIN), recipes, given);
    slices.next();
    slices.return(null);
    expect(memory().numTensors).toBe(before);
    expect(runToEnd(grainedInSlices(withGrain(), recipes, given))).toBeNull();
    given.dispose();
  });
});
