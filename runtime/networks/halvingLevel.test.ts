import type { Tensor4D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { draw, toTensor, valuesOn } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights } from '../testing/tinyNetworks.ts';
import { halvingLevel, halvingShapes, planHalvingLevels } from './halvingLevel.ts';
import { conv, norm, type Shapes } from './layers.ts';
import { uploadWeights } from './uploadWeights.ts';

const OPTIONS = { numGroups: 2, epsilon: 1e-5 };

it('plans each level to take what the one above gives', () => {
  expect(planHalvingLevels('levels', 3, [4, 8])).toEqual([
    { prefix: 'levels.0', cin: 3, cout: 4 },
    { prefix: 'levels.1', cin: 4, cout: 8 },
  ]);
});

it('halves the image, and refines what is left of it', async () => {
  await selectBackend({ backend: 'wasm' });
  const level = { prefix: 'level', cin: 3, cout: 4 };
  const shapes: Shapes = new Map();
  halvingShapes(shapes, level);
  const [actual, expected] = await valuesOn('wasm', () => {
    const weights = uploadWeights(randomWeights(shapes));
    const x = toTensor<Tensor4D>(draw(1, [2, 4, 6, 3]));
    const halved = norm(weights, 'level.halve_norm', conv(weights, 'level.halve', x, { stride: 2 }), OPTIONS);
    const refined = norm(weights, 'level.refine_norm', conv(weights, 'level.refine', halved, {}), OPTIONS);
    return [halvingLevel(weights, level, x, OPTIONS), refined];
  });
  expect(actual!.shape).toEqual([2, 2, 3, 4]);
  expectClose(actual!.values, expected!.values);
});
