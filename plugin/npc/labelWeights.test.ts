import { expect, it } from 'vitest';
import { labelWeights } from './labelWeights.ts';

const HAIR = ['white', 'brown'];
const AGE = ['young', 'old'];
const rows = [
  [0, 0, 1, 0.9],
  [0, 1, 1, 0.8],
  [1, 1, 0, 0.1],
  [1, 1, 0, 0.2],
  [1, 0, 0, 0.3],
];
const model = {
  labels: ['elder', 'child', 'nobody'],
  attributes: { hair: HAIR, age: AGE, wear: { min: 0, max: 1 } },
  examples: {
    labels: Uint8Array.from(rows, ([label]) => label!),
    values: Float32Array.from(rows.flatMap(([, ...values]) => values)),
  },
};

it.each([
  [{}, [1, 1, 0]],
  [{ hair: 'white' }, [1 / 2, 1 / 3, 0]],
  [{ age: 'old' }, [1, 0, 0]],
  [{ hair: 'white', age: 'old' }, [1 / 2, 0, 0]],
  [{ hair: 'white', age: 'young' }, [0, 1 / 3, 0]],
  [{ wear: 0.1 }, [1, 1, 0]],
  [{ hair: 'blue', hat: 'red' }, [1, 1, 0]],
])('counts how often labels go with %j', (asked, weights) => {
  expect(labelWeights(model, asked)).toEqual(weights);
});

it('weighs nothing where there are no examples', () => {
  const examples = { labels: new Uint8Array(), values: new Float32Array() };
  expect(labelWeights({ ...model, examples }, { age: 'old' })).toEqual([0, 0, 0]);
});
