import { dispose, memory, mul, sub, type Tensor2D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends, draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import { readJsonFixture, readTensorsFixture } from '../../scripts/testing/fixtures.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { expectClose, largestDifference } from '../testing/matchers.ts';
import { rollValues } from '../testing/roll.ts';
import { runSlices, valuesOfSlices } from '../testing/sliceCase.ts';
import { randomWeights, tinyUNetConfig } from '../testing/tinyNetworks.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { unet2d, unet2dInSlices, unet2dShapes } from './unet2d.ts';
import { parseUNet2DConfig, type UNet2DConfig } from './unet2dConfig.ts';
import { timestepEmbedding, type UNet2DCondition } from './unet2dEmbedding.ts';
import { uploadWeights } from './uploadWeights.ts';
import type { Tiles } from './windows.ts';

const NAMES = ['unet-plain', 'unet-attn-class', 'unet-scale-shift', 'unet-identity', 'unet-resnet-blocks'];
const TOLERANCE = { absolute: 2e-5, relative: 2e-5 };

interface Run {
  circular?: boolean;
  t?: number[];
  labels?: number[] | null;
  weights?: Map<string, WeightTensor>;
  tiles?: Tiles;
}

/** The network's output with random weights; batch and labels as long as the input unless given. */
async function run(backend: Parameters<typeof valuesOn>[0], config: UNet2DConfig, x: Values, options: Run = {}) {
  const { circular = false, weights = randomWeights(unet2dShapes(config)), tiles } = options;
  const batch = x.shape[0]!;
  const t = options.t ?? Array.from({ length: batch }, (_, i) => 17 + 300 * i);
  const labels = options.labels === undefined ? Array.from({ length: batch }, (_, i) => i % 4) : options.labels;
  const [output] = await valuesOn(backend, () => [
    unet2d(config, uploadWeights(weights), toTensor(x), t, config.num_class_embeds === null ? null : labels, {
      circular,
      tiles,
    }),
  ]);
  return output!;
}

function rowsOf(values: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

describe('unet2dShapes', () => {
  it.each(NAMES)('lists the tensors of diffusers, %s', (name) => {
    const stored = readTensorsFixture(`${name}/diffusion_pytorch_model.safetensors`);
    const expected = Object.fromEntries([...stored].map(([key, { shape }]) => [key, shape]));
    const config = parseUNet2DConfig(readJsonFixture(`${name}/config.json`));
    expect(Object.fromEntries(unet2dShapes(config))).toEqual(expected);
  });

  it('gives the middle attention a norm under scale_shift only when attn_norm_num_groups asks for it', () => {
    const hasNorm = (options: Partial<UNet2DConfig>) =>
      unet2dShapes(tinyUNetConfig(options)).has('mid_block.attentions.0.group_norm.weight');
    expect(hasNorm({ attn_norm_num_groups: null })).toBe(false);
    expect(hasNorm({ attn_norm_num_groups: 2 })).toBe(true);
    expect(hasNorm({ attn_norm_num_groups: null, resnet_time_scale_shift: 'default' })).toBe(true);
  });

  it('leaves the middle block, its attention and the labels out when asked', () => {
    const names = (options: Partial<UNet2DConfig>) => [...unet2dShapes(tinyUNetConfig(options)).keys()].join(' ');
    expect(names({ mid_block_type: null })).not.toContain('mid_block');
    expect(names({ add_attention: false })).not.toContain('mid_block.attentions');
    expect(names({ num_class_embeds: null })).not.toContain('class_embedding');
    expect(unet2dShapes(tinyUNetConfig({ time_embedding_dim: 24 })).get('time_embedding.linear_2.weight')).toEqual([
      24, 24,
    ]);
  });
});

describe('timestepEmbedding', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('is sin and cos of t · 10000^(−j / (half − shift))', async () => {
    const t = [0, 1, 333, 999];
    for (const [flip, shift, channels] of [
      [false, 0, 8],
      [true, 0, 8],
      [false, 1, 8],
      [true, 1, 7],
    ] as const) {
      const half = Math.floor(channels / 2);
      const expected = t.flatMap((step) => {
        const angles = Array.from({ length: half }, (_, j) => step * 10000 ** (-j / (half - shift)));
        const [sines, cosines] = [angles.map(Math.sin), angles.map(Math.cos)];
        const halves = flip ? [...cosines, ...sines] : [...sines, ...cosines];
        return channels % 2 === 0 ? halves : [...halves, 0];
      });
      const embedding = timestepEmbedding(t, channels, flip, shift);
      expect(embedding.shape).toEqual([4, channels]);
      expectClose(await embedding.data(), expected, { absolute: 1e-4, relative: 0 });
      embedding.dispose();
    }
  });
});

describe('unet2d refuses', () => {
  const config = tinyUNetConfig();
  const refused = (shape: number[], t: number[], labels: number[] | null, tiles?: Tiles) => () =>
    tidy(() => {
      const weights = uploadWeights(randomWeights(unet2dShapes(config)));
      return unet2d(config, weights, toTensor(draw(1, shape)), t, labels, { tiles });
    });
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('labels that are missing, too few or out of range', () => {
    expect(refused([2, 4, 4, 4], [1, 2], null)).toThrow(/needs class labels/);
    expect(refused([2, 4, 4, 4], [1, 2], [0])).toThrow(
      /2 images and 1 class labels; expected one label for each image/,
    );
    for (const label of [-1, 4, 1.5, Number.NaN]) {
      expect(refused([1, 4, 4, 4], [1], [label])).toThrow(`class label ${label}; expected a whole number from 0 to 3`);
    }
  });

  it('a vector where it takes classes, and another one than it takes', () => {
    const given = (options: Partial<UNet2DConfig>, condition: UNet2DCondition) => () =>
      tidy(() => {
        const config = tinyUNetConfig(options);
        const weights = uploadWeights(randomWeights(unet2dShapes(config)));
        return unet2d(config, weights, toTensor(draw(1, [2, 4, 4, 4])), [1, 2], condition);
      });
    const identity = { class_embed_type: 'identity', num_class_embeds: null } as const;
    expect(given({}, toTensor<Tensor2D>(draw(2, [2, 32])))).toThrow(/takes classes; found a tensor/);
    expect(given(identity, [0, 1])).toThrow(/a tensor of 2×32 to its time embedding; found none/);
    expect(given(identity, toTensor<Tensor2D>(draw(2, [1, 32])))).toThrow(/tensor of 2×32 .* found 1×32/);
  });

  it('timesteps, sizes and channels that do not fit', () => {
    expect(refused([2, 4, 4, 4], [1], [0, 1])).toThrow(
      /2 images and 1 timesteps; expected one timestep for each image/,
    );
    expect(refused([1, 4, 5, 4], [1], [0])).toThrow(/multiples of 2/);
    expect(refused([1, 4, 4, 3], [1], [0])).toThrow(/xt has 3 channels; expected 4/);
    expect(refused([1, 4, 4, 4], [1], [0], [1, 4])).toThrow(/4×4, in 4×1 tiles, cannot be halved 1 times/);
    const knowing = tinyUNetConfig({ sample_size: 4, position_embedding: true });
    const weights = uploadWeights(randomWeights(unet2dShapes(knowing)));
    const wide = toTensor<Tensor4D>(draw(1, [1, 4, 8, 4]));
    expect(() => unet2d(knowing, weights, wide, [1], [0])).toThrow(/broadcast/);
    expect(unet2d(knowing, weights, wide, [1], [0], { tiles: [1, 2] }).shape).toEqual([1, 4, 8, 4]);
  });

  it('weights that are missing, and leaves nothing behind', () => {
    const x = toTensor<Tensor4D>(draw(1, [1, 4, 4, 4]));
    const weights = uploadWeights(randomWeights(unet2dShapes(config)));
    const { 'up_blocks.1.resnets.0.conv2.bias': _, ...others } = weights;
    const before = memory().numTensors;
    expect(() => unet2d(config, others, x, [1], [0])).toThrow(/up_blocks.1.resnets.0.conv2.bias is missing/);
    expect(memory().numTensors).toBe(before);
  });
});

describe('unet2dInSlices', () => {
  const config = tinyUNetConfig();
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
  });

  it('refuses at once what unet2d refuses', () => {
    const x = toTensor<Tensor4D>(draw(1, [1, 4, 4, 4]));
    expect(() => unet2dInSlices(config, {}, x, [1], [4])).toThrow(/class label 4; expected/);
  });

  it('leaves nothing behind when a late block fails', () => {
    const x = toTensor<Tensor4D>(draw(1, [1, 4, 4, 4]));
    const weights = uploadWeights(randomWeights(unet2dShapes(config)));
    const { 'up_blocks.1.resnets.0.conv2.bias': _, ...others } = weights;
    const before = memory().numTensors;
    const { numSlices, error } = runSlices(unet2dInSlices(config, others, x, [1], [0]));
    expect(String(error)).toContain('up_blocks.1.resnets.0.conv2.bias is missing');
    expect(numSlices).toBeGreaterThan(15);
    expect(memory().numTensors).toBe(before);
  });
});

describeOnBackends((backend) => {
  const configs = [
    tinyUNetConfig(),
    tinyUNetConfig({ mid_block_type: null, layers_per_block: 2, center_input_sample: true }),
    tinyUNetConfig({ resnet_time_scale_shift: 'default', add_attention: false, num_class_embeds: null }),
  ];
  it.each(backend === 'webgpu' ? configs.slice(0, 1) : configs)(
    'computes the same in slices, and leaves nothing behind wherever it is given up, case %#',
    async (config) => {
      const x = draw(9, [2, 4, 4, 4]);
      const weights = randomWeights(unet2dShapes(config));
      const whole = await run(backend, config, x, { weights });
      const labels = config.num_class_embeds === null ? null : [0, 1];
      const uploaded = uploadWeights(weights);
      const { values, numSlices } = await valuesOfSlices(backend, x, (input) =>
        unet2dInSlices(config, uploaded, input as Tensor4D, [17, 317], labels),
      );
      dispose(uploaded);
      expect(values).toEqual(whole);
      expect(numSlices).toBeGreaterThan(15);
    },
  );

  it('adds a given vector as it adds the row of a class, in slices too', async () => {
    const classes = tinyUNetConfig();
    const identity = tinyUNetConfig({ class_embed_type: 'identity', num_class_embeds: null });
    const x = draw(10, [2, 4, 4, 4]);
    const weights = randomWeights(unet2dShapes(classes));
    const table = weights.get('class_embedding.weight')!;
    const rows = { shape: [2, 32], values: Float32Array.from([...table.data.slice(96), ...table.data.slice(32, 64)]) };
    const expected = await run(backend, classes, x, { labels: [3, 1], weights });
    const others = new Map([...weights].filter(([name]) => name !== 'class_embedding.weight'));
    expect([...others.keys()]).toEqual([...unet2dShapes(identity).keys()]);
    const [actual] = await valuesOn(backend, () => [
      unet2d(identity, uploadWeights(others), toTensor(x), [17, 317], toTensor<Tensor2D>(rows)),
    ]);
    expectClose(actual!.values, expected.values, TOLERANCE);
    const [uploaded, vectors] = [uploadWeights(others), toTensor<Tensor2D>(rows)];
    const { values } = await valuesOfSlices(backend, x, (input) =>
      unet2dInSlices(identity, uploaded, input as Tensor4D, [17, 317], vectors),
    );
    dispose([vectors, ...Object.values(uploaded)]);
    expect(values).toEqual(actual);
  });

  it('adds at each place of a tile what was learnt for it, as a channel would that lights up there', async () => {
    const config = tinyUNetConfig({ sample_size: [4, 6], position_embedding: true });
    const lit = tinyUNetConfig({ in_channels: 5 });
    const weights = randomWeights(unet2dShapes(lit));
    const [light, first] = [draw(12, [4, 6]).values, weights.get('conv_in.weight')!];
    // of the fifth channel's 3×3 taps only the middle one is not zero
    const kernel = first.data.map((value, i) => (Math.floor(i / 9) % 5 < 4 || i % 9 === 4 ? value : 0));
    weights.set('conv_in.weight', { ...first, data: kernel });
    const tapOf = (channel: number) => kernel[(channel * 5 + 4) * 9 + 4]!;
    const placed = Float32Array.from({ length: 8 * 24 }, (_, i) => tapOf(Math.floor(i / 24)) * light[i % 24]!);
    const own = new Map(weights)
      .set('conv_in.weight', { shape: [8, 4, 3, 3], data: kernel.filter((_, i) => Math.floor(i / 9) % 5 < 4) })
      .set('position_embedding', { shape: [1, 8, 4, 6], data: placed });
    expect([...own.keys()].sort()).toEqual([...unet2dShapes(config).keys()].sort());
    const x = draw(11, [2, 4, 6, 4]);
    const joined = Float32Array.from({ length: 2 * 24 * 5 }, (_, i) =>
      i % 5 < 4 ? x.values[Math.floor(i / 5) * 4 + (i % 5)]! : light[Math.floor(i / 5) % 24]!,
    );
    const expected = await run(backend, lit, { shape: [2, 4, 6, 5], values: joined }, { weights, circular: true });
    const actual = await run(backend, config, x, { weights: own, circular: true });
    expectClose(actual.values, expected.values, TOLERANCE);
    own.set('position_embedding', { shape: [1, 8, 4, 6], data: new Float32Array(8 * 24) });
    const unplaced = await run(backend, config, x, { weights: own, circular: true });
    expect(largestDifference(unplaced.values, expected.values)).toBeGreaterThan(0.05);
  });

  it('knows the same places in every tile', async () => {
    const config = tinyUNetConfig({ sample_size: 4, position_embedding: true });
    const x = draw(13, [2, 4, 4, 4]);
    const across = (values: Float32Array) => rowsOf(values, 4 * 4).flatMap((row) => [...row, ...row]);
    const weights = randomWeights(unet2dShapes(config));
    const one = await run(backend, config, x, { weights, circular: true });
    const wide = { shape: [2, 4, 8, 4], values: Float32Array.from(across(x.values)) };
    const two = await run(backend, config, wide, { weights, circular: true, tiles: [1, 2] });
    expectClose(two.values, across(one.values), TOLERANCE);
  });

  it('computes images that are not square, each by itself', async () => {
    const config = tinyUNetConfig();
    const x = draw(2, [3, 4, 12, 4]);
    const whole = await run(backend, config, x, { t: [900, 20, 5], labels: [3, 0, 1] });
    expect(whole.shape).toEqual([3, 4, 12, 4]);
    const size = 4 * 12 * 4;
    const second = { shape: [1, 4, 12, 4], values: x.values.slice(size, 2 * size) };
    const alone = await run(backend, config, second, { t: [20], labels: [0] });
    expectClose(alone.values, whole.values.slice(size, 2 * size), TOLERANCE);
  });

  it.each([
    { downsample_padding: 1, resnet_time_scale_shift: 'scale_shift' },
    { downsample_padding: 0, resnet_time_scale_shift: 'default' },
  ] as const)('follows a shift that wraps around when circular, and only then: %o', async (options) => {
    const config = tinyUNetConfig({ ...options, num_class_embeds: null });
    const x = draw(3, [2, 4, 8, 4]);
    for (const circular of [true, false]) {
      const shifted = await run(backend, config, rollValues(x, 2, -4), { circular });
      const expected = rollValues(await run(backend, config, x, { circular }), 2, -4);
      if (circular) expectClose(shifted.values, expected.values, TOLERANCE);
      else expect(largestDifference(shifted.values, expected.values)).toBeGreaterThan(0.05);
    }
  });
});

/** What the network is made of; that each backend computes its parts alike is tested above, and with each kernel. */
describe('on wasm alone', () => {
  const backend = 'wasm';
  beforeAll(async () => {
    await selectBackend({ backend });
  });

  it('tells timesteps and labels apart', async () => {
    const config = tinyUNetConfig();
    const one = draw(4, [1, 4, 4, 4]).values;
    const x = { shape: [3, 4, 4, 4], values: Float32Array.from([...one, ...one, ...one]) };
    const { values } = await run(backend, config, x, { t: [10, 10, 700], labels: [0, 1, 0] });
    const image = (i: number) => values.slice(i * one.length, (i + 1) * one.length);
    expect(largestDifference(image(0), image(1))).toBeGreaterThan(1e-2);
    expect(largestDifference(image(0), image(2))).toBeGreaterThan(1e-2);
  });

  it('centres the sample: 2x − 1', async () => {
    const x = draw(5, [2, 4, 4, 4]);
    const [centred] = await valuesOn(backend, () => [sub(mul(toTensor(x), 2), 1)]);
    const actual = await run(backend, tinyUNetConfig({ center_input_sample: true }), x);
    expectClose(actual.values, (await run(backend, tinyUNetConfig(), centred!)).values, TOLERANCE);
  });

  it('without a middle block computes what one with idle branches does', async () => {
    const config = tinyUNetConfig();
    const x = draw(6, [2, 4, 4, 4]);
    const weights = randomWeights(unet2dShapes(config));
    for (const [name, value] of weights) {
      if (/^mid_block.*(conv2|to_out\.0)\./.test(name)) value.data.fill(0);
    }
    const without = new Map([...weights].filter(([name]) => !name.startsWith('mid_block')));
    const expected = await run(backend, config, x, { weights });
    const actual = await run(backend, tinyUNetConfig({ mid_block_type: null }), x, { weights: without });
    expectClose(actual.values, expected.values, TOLERANCE);
  });

  it('has one head where attention_head_dim is null', async () => {
    const x = draw(7, [2, 4, 4, 4]);
    const output = async (attention_head_dim: number | null) => run(backend, tinyUNetConfig({ attention_head_dim }), x);
    const [one, two] = [await output(null), await output(8)];
    expectClose(one.values, (await output(16)).values, TOLERANCE);
    expect(largestDifference(one.values, two.values)).toBeGreaterThan(1e-3);
  });

  it('groups the norm of the middle attention by attn_norm_num_groups', async () => {
    const x = draw(8, [2, 4, 4, 4]);
    const output = async (attn_norm_num_groups: number | null) =>
      run(backend, tinyUNetConfig({ attn_norm_num_groups, resnet_time_scale_shift: 'default' }), x);
    const [unset, four, two] = [await output(null), await output(4), await output(2)];
    expectClose(unset.values, four.values, TOLERANCE);
    expect(largestDifference(four.values, two.values)).toBeGreaterThan(1e-4);
  });
});
