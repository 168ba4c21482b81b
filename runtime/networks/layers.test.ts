import {
  add,
  pad,
  slice,
  conv2d as stockConv2d,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import type { BackendName } from '../backends/selectBackend.ts';
import { runToEnd } from '../core/slices.ts';
import { expectClose } from '../testing/matchers.ts';
import { randomWeights } from '../testing/tinyNetworks.ts';
import {
  attentionShapes,
  type BlockOptions,
  convShapes,
  downsample,
  midBlockPass,
  midBlockShapes,
  oneHotValues,
  planMidBlock,
  resnetPass,
  resnetShapes,
  type Shapes,
  selfAttention,
  weight,
} from './layers.ts';
import { uploadWeights } from './uploadWeights.ts';
import type { Tiles } from './windows.ts';

const OPTIONS: BlockOptions = {
  numGroups: 4,
  epsilon: 1e-5,
  circular: false,
  timeChannels: null,
  scaleShift: false,
  outputScale: 1,
};
const TOLERANCE = { absolute: 1e-5, relative: 1e-5 };

async function one(backend: BackendName, compute: () => Tensor): Promise<Values> {
  const [values] = await valuesOn(backend, () => [compute()]);
  return values!;
}

describe('weight', () => {
  it('names the weight that is missing', () => {
    expect(() => weight({}, 'conv_in.bias')).toThrow(/conv_in.bias is missing/);
  });
});

it('has no one in the row of what is not known, and leaves the row before as it is', () => {
  expect([...oneHotValues([0, -1, 1], 2)]).toEqual([1, 0, 0, 0, 0, 1]);
});

describeOnBackends((backend) => {
  it('halves with padding 0 by one row below and one column to the right', async () => {
    const x = draw(1, [2, 4, 6, 4]);
    const shapes: Shapes = new Map();
    convShapes(shapes, 'down', 4, 4);
    const weights = randomWeights(shapes);
    const expected = await one('cpu', () => {
      const { 'down.weight': filter, 'down.bias': bias } = uploadWeights(weights);
      const padded = pad(toTensor<Tensor4D>(x), [
        [0, 0],
        [0, 1],
        [0, 1],
        [0, 0],
      ]) as Tensor4D;
      return add(stockConv2d(padded, filter as Tensor4D, 2, 'valid'), bias!);
    });
    const actual = await one(backend, () => downsample(uploadWeights(weights), 'down', toTensor(x), 0, false));
    expect(actual.shape).toEqual([2, 2, 3, 4]);
    expectClose(actual.values, expected.values, TOLERANCE);
  });

  it.each([
    { attention: null, numBlocks: 2 },
    { attention: { numHeads: 2, numGroups: 4 }, numBlocks: 3 },
  ])(
    'divides every sum of the middle block by its scale factor, $numBlocks blocks',
    async ({ attention, numBlocks }) => {
      const options = { ...OPTIONS, outputScale: 2 };
      const mid = planMidBlock('mid', 8, attention);
      const shapes: Shapes = new Map();
      midBlockShapes(shapes, mid, options);
      const weights = randomWeights(shapes);
      for (const [name, { data }] of weights) if (/conv2|to_out/.test(name)) data.fill(0);
      const x = draw(2, [2, 2, 4, 8]);
      const actual = await one(backend, () =>
        runToEnd(midBlockPass(uploadWeights(weights), mid, toTensor(x), null, options)),
      );
      expectClose(
        actual.values,
        x.values.map((value) => value / 2 ** numBlocks),
        TOLERANCE,
      );
    },
  );

  it('attends within each tile alone, as if the others were not there', async () => {
    const block = { prefix: 'a', channels: 8, numHeads: 2, numGroups: null };
    const shapes: Shapes = new Map();
    attentionShapes(shapes, block);
    const weights = randomWeights(shapes);
    const x = draw(5, [2, 4, 6, 8]);
    const attend = (input: Values, tiles: Tiles) =>
      one(backend, () => selfAttention(uploadWeights(weights), block, toTensor(input), { ...OPTIONS, tiles }));
    const actual = await attend(x, [2, 3]);
    for (const [top, left] of [
      [0, 0],
      [2, 2],
      [2, 4],
    ] as const) {
      const crop = (values: Values) =>
        one('cpu', () => slice(toTensor<Tensor4D>(values), [0, top, left, 0], [2, 2, 2, 8]));
      expectClose((await crop(actual)).values, (await attend(await crop(x), [1, 1])).values, TOLERANCE);
    }
    expect((await attend(x, [1, 1])).values).not.toEqual(actual.values);
  });

  it('adds the time embedding before the second norm, or scales and shifts it', async () => {
    const x = draw(3, [2, 2, 4, 8]);
    const emb = draw(4, [2, 6]);
    const block = { prefix: 'block', cin: 8, cout: 8 };
    const output = async (scaleShift: boolean, bias: (channel: number) => number) => {
      const options = { ...OPTIONS, timeChannels: 6, scaleShift };
      const shapes: Shapes = new Map();
      resnetShapes(shapes, block, options);
      const weights = randomWeights(shapes);
      weights.get('block.time_emb_proj.weight')!.data.fill(0);
      const { data } = weights.get('block.time_emb_proj.bias')!;
      data.set(data.map((_, channel) => bias(channel)));
      return one(backend, () =>
        runToEnd(resnetPass(uploadWeights(weights), block, toTensor(x), toTensor<Tensor2D>(emb), options)),
      );
    };
    const plain = await output(false, () => 0);
    expectClose((await output(true, () => 0)).values, plain.values, TOLERANCE);
    // A constant over all channels leaves the group norm unmoved; scale −1 and shift 0 silence the branch.
    expectClose((await output(false, () => 3)).values, plain.values, { absolute: 5e-5, relative: 5e-5 });
    const silenced = await output(true, (channel) => (channel < 8 ? -1 : 0));
    const bias = randomBias(block);
    expectClose(
      silenced.values,
      x.values.map((value, i) => value + bias[i % 8]!),
      TOLERANCE,
    );
  });
});

/** The bias of the block's last convolution: all that is left when its input is 0. */
function randomBias(block: { prefix: string; cin: number; cout: number }): ArrayLike<number> {
  const shapes: Shapes = new Map();
  resnetShapes(shapes, block, { ...OPTIONS, timeChannels: 6, scaleShift: true });
  return randomWeights(shapes).get('block.conv2.bias')!.data;
}
