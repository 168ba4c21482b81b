import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createModel, type DiffusionModel, type Recipe, sample, selectBackend } from '../../runtime/index.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { traceGuidance } from './traceGuidance.ts';

const RECIPE: Recipe = {
  ...{ label: 'elf', seed: 7, guidanceScale: 3, numInferenceSteps: 5, sampler: 'ddim' },
  guidanceInterval: [300, 700],
};
const PACE = {};

describe('traceGuidance', () => {
  let model: DiffusionModel;
  let numTensors: number;

  beforeAll(() => selectBackend({ backend: 'wasm' }));

  beforeEach(() => {
    model = createModel(tinyModelFiles());
    ({ numTensors } = memory());
  });

  afterEach(() => {
    expect(memory().numTensors).toBe(numTensors);
    model.dispose();
  });

  it('gives what the steps of the runtime measure, and null where they are not guided', async () => {
    const expected: (number | null)[] = [];
    for await (const { guidanceNorm } of sample(model, [RECIPE], { measureGuidance: true })) {
      expected.push(guidanceNorm && (await guidanceNorm.data())[0]!);
      guidanceNorm?.dispose();
    }
    const norms = await traceGuidance({ model }, RECIPE, { pace: PACE });
    expect(norms).toEqual(expected);
    expect(norms.map((norm) => norm !== null)).toEqual([false, true, true, false, false]);
    for (const norm of norms) expect(norm ?? 0.1).toBeGreaterThan(0.01);
  });

  it('grows with the guidance scale, and is null where one pass is enough', async () => {
    const [first] = await traceGuidance({ model }, { ...RECIPE, guidanceInterval: undefined }, { pace: PACE });
    const [doubled] = await traceGuidance(
      { model },
      { ...RECIPE, guidanceScale: 6, guidanceInterval: undefined },
      { pace: PACE },
    );
    expect(doubled! / first!).toBeCloseTo(2, 3); // the first step starts from the same noise
    for (const guidanceScale of [0, 1]) {
      const norms = await traceGuidance({ model }, { ...RECIPE, guidanceScale }, { pace: PACE });
      expect(norms).toEqual([null, null, null, null, null]);
    }
  });

  it('stops when aborted, and leaves nothing behind', async () => {
    const controller = new AbortController();
    let numSteps = 0;
    const step = async () => {
      if (++numSteps === 3) controller.abort(new Error('enough'));
    };
    await expect(traceGuidance({ model }, RECIPE, { pace: { step }, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    expect(numSteps).toBe(3);
  });
});
