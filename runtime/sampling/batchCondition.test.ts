import { memory, type Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { runToEnd } from '../core/slices.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, ELF, makePictures, ORC, tinyModelFiles, withModel } from '../testing/tinyModel.ts';
import { conditionInSlices, rowsOfCondition } from './batchCondition.ts';
import { generate } from './generate.ts';
import { createModel } from './model.ts';
import { sampleInSlices } from './sample.ts';

const MODEL = { attributes: { hair: ['black', 'red'], wear: { min: 0, max: 2 } } };
const RED = { hair: 'red' };
const conditionNow = (...given: Parameters<typeof conditionInSlices>) => runToEnd(conditionInSlices(...given));

describeOnBackends(() => {
  it('is a row a recipe, and one for "any"; what is absent is "any" too', async () => {
    await withModel(async (model) => {
      const before = memory().numTensors;
      const recipes = [
        { ...ELF, attributes: RED },
        ORC,
        { ...ORC, attributes: { wear: 1 } },
        { ...ELF, attributes: RED },
      ];
      const condition = conditionNow(model, recipes);
      expect([condition.classesAt(0), condition.nullLabel]).toEqual([[0, 1, 2, 3], 4]);
      expect(condition.vectors!.shape).toEqual([5, 32]);
      const values = (await condition.vectors!.array()) as number[][];
      expectClose(values[0]!, values[3]!, { absolute: 1e-6, relative: 1e-6 });
      expect(new Set(values.map((row) => row[0]!.toFixed(3))).size).toBe(4);
      const again = rowsOfCondition(condition, [4, 0]) as Tensor;
      const chosen = (await again.array()) as number[][];
      expectClose(chosen.flat(), [...values[4]!, ...values[0]!], { absolute: 1e-6, relative: 1e-6 });
      again.dispose();
      condition.vectors!.dispose();
      expect(memory().numTensors).toBe(before);
    }, MODEL);
  });

  it('is the class for a U-Net that takes it', async () => {
    await withModel(async (model) => {
      const condition = conditionNow(model, [ORC, ELF]);
      expect(condition).toMatchObject({ nullLabel: 3, vectors: null });
      expect(condition.classesAt(0)).toEqual([2, 0]);
      expect(rowsOfCondition(condition, [3, 0])).toEqual([3, 0]);
    });
  });

  it('makes the same picture of a recipe whatever else is in the batch, and leaves nothing behind', async () => {
    await withModel(async (model) => {
      const before = memory().numTensors;
      const red = { ...ELF, attributes: RED };
      const [alone] = await generate(model, [red]);
      const [black, same, any] = await generate(model, [{ ...ELF, attributes: { hair: 'black' } }, red, ELF]);
      expect(memory().numTensors).toBe(before);
      expect(difference(same!, alone!)).toBeLessThanOrEqual(1);
      expect(difference(black!, alone!)).toBeGreaterThan(5);
      expect(difference(any!, alone!)).toBeGreaterThan(5);
    }, MODEL);
  });
}, ['wasm']);

describe('a picture that is to be the same as another', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('has the conditions of the other for its share of the steps, then its own', async () => {
    await withModel(async (model) => {
      const same = { ...ELF, attributes: { hair: 'red', wear: 1 }, sameAs: { hair: 'black' }, numInferenceSteps: 4 };
      const condition = conditionNow(model, [{ ...same, sameFor: 0.5 }, ORC, { ...same, sameFor: 1 }]);
      const other = conditionNow(model, [{ ...ELF, attributes: { hair: 'black', wear: 1 } }]);
      expect([0, 1, 2, 3, 4].map(condition.classesAt)).toEqual([
        [3, 1, 4],
        [3, 1, 4],
        [0, 1, 4],
        [0, 1, 4],
        [0, 1, 2],
      ]);
      const rows = (await condition.vectors!.array()) as number[][];
      const [expected, any] = (await other.vectors!.array()) as number[][];
      expect([rows.length, condition.nullLabel]).toEqual([6, 5]);
      for (const row of [3, 4]) expectClose(rows[row]!, expected!, { absolute: 1e-6, relative: 1e-6 });
      expectClose(rows[5]!, any!, { absolute: 1e-6, relative: 1e-6 });
      condition.vectors!.dispose();
      other.vectors!.dispose();
    }, MODEL);
  });

  it('is its own from the first step on where none lies within its share', async () => {
    await withModel(async (model) => {
      const same = { ...ELF, attributes: RED, sameAs: { hair: 'black' }, sameFor: 0.2 };
      const firstSteps = [4, 5, 15, 20].map((numInferenceSteps) => {
        const condition = conditionNow(model, [{ ...same, numInferenceSteps }]);
        condition.vectors!.dispose();
        const steps = Array.from({ length: numInferenceSteps }, (_, step) => condition.classesAt(step)[0]);
        return steps.indexOf(0);
      });
      expect(firstSteps).toEqual([0, 1, 3, 4]);
    }, MODEL);
  });

  it('is the other picture where it is the same for all steps, and its own where for none', async () => {
    await withModel(async (model) => {
      const before = memory().numTensors;
      const options = { numInferenceSteps: 4 };
      const [black, red] = await generate(
        model,
        [
          { ...ELF, attributes: { hair: 'black' } },
          { ...ELF, attributes: RED },
        ],
        options,
      );
      const same = { ...ELF, attributes: RED, sameAs: { hair: 'black' } };
      const made = await generate(
        model,
        [1, 0, 0.5].map((sameFor) => ({ ...same, sameFor })),
        options,
      );
      expect(memory().numTensors).toBe(before);
      expect(difference(made[0]!, black!)).toBeLessThanOrEqual(1);
      expect(difference(made[1]!, red!)).toBeLessThanOrEqual(1);
      for (const other of [black!, red!]) expect(difference(made[2]!, other)).toBeGreaterThan(2);
    }, MODEL);
  });
});

describe('a conditioned model on wasm', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('is between two labels where it is blended, and at the ends one of them', async () => {
    await withModel(async (model) => {
      const before = memory().numTensors;
      const blends = [0.5, 1].map((amount) => ({ ...ELF, blend: { label: 'orc', amount } }));
      const orc = { ...ELF, label: 'orc' };
      const pictures = await generate(model, [ELF, ...blends, orc]);
      const [elf, half, whole, expected] = pictures as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      expect(difference(whole, expected)).toBeLessThanOrEqual(1);
      expect(difference(half, elf)).toBeGreaterThan(2);
      expect(difference(half, expected)).toBeGreaterThan(2);
      const condition = conditionNow(model, [ELF, ...blends, orc]);
      const [first, mixed, , last] = (await condition.vectors!.array()) as number[][];
      const mean = first!.map((value, i) => (value + last![i]!) / 2);
      expectClose(mixed!, mean, { absolute: 1e-6, relative: 1e-6 });
      condition.vectors!.dispose();
      expect(memory().numTensors).toBe(before);
    }, MODEL);
    await expect(makePictures([{ ...ELF, blend: { label: 'orc', amount: 0.5 } }])).rejects.toThrow(/leave out blend/);
  });

  it('is not told label and attributes at guidance 0', async () => {
    await withModel(async (model) => {
      const requests = [{ ...ELF, attributes: RED }, { ...ORC, attributes: { wear: 2 } }, ELF];
      const [first, ...others] = await generate(model, requests, { guidanceScale: 0 });
      for (const other of others) expect(difference(other, first!)).toBeLessThanOrEqual(1);
    }, MODEL);
  });

  it('refuses attributes that it lacks, and leaves nothing behind', async () => {
    await withModel(async (model) => {
      const before = memory().numTensors;
      await expect(generate(model, [{ ...ELF, attributes: { hair: 'redd' } }])).rejects.toThrow(/did you mean "red"/);
      expect(() => conditionNow(model, [{ label: 'elf', attributes: { hat: 'no' } }])).toThrow(/"hat" is unknown/);
      expect(memory().numTensors).toBe(before);
    }, MODEL);
    await expect(makePictures([{ ...ELF, attributes: RED }])).rejects.toThrow(/this model has no attributes/);
  });

  it('leaves nothing behind when it is given up', async () => {
    await withModel(async (model) => {
      const before = memory().numTensors;
      const slices = sampleInSlices(model, [{ ...ELF, attributes: RED }]);
      for (let i = 0; i < 5; i++) slices.next();
      slices.return(undefined);
      expect(memory().numTensors).toBe(before);
    }, MODEL);
  });

  it('is refused when its parts do not fit together', () => {
    const files = tinyModelFiles(MODEL);
    const before = memory().numTensors;
    const { config, index } = { config: files.conditioningConfig as object, index: files.index };
    const withFigment = (entries: object) => ({ ...index, figment: { ...index.figment, ...entries } });
    const refused = (changes: object) => expect(() => createModel({ ...files, ...changes }));
    refused({ conditioningConfig: { ...config, embedding_dim: 64 } }).toThrow(
      /tiny\/conditioning\/config.json: embedding_dim is 64; expected 32/,
    );
    refused({ conditioningConfig: { ...config, num_labels: 2 } }).toThrow(/num_labels is 2; expected 3/);
    refused({ index: withFigment({ attributes: { hair: ['black'] } }) }).toThrow(
      /attributes are .*"hair",2.*; expected those of model_index.json, .*"hair",1/,
    );
    refused({ conditioning: new Map() }).toThrow(/tiny\/conditioning/);
    refused({ conditioningConfig: undefined }).toThrow(/tiny\/conditioning\/config.json: expected a JSON object/);
    const classes = tinyModelFiles();
    const listed = { ...classes, index: withFigment(MODEL) };
    expect(() => createModel(listed)).toThrow(
      /class_embed_type is null; expected "identity", since model_index.json lists/,
    );
    expect(memory().numTensors).toBe(before);
  });
});
