import { describe, expect, it } from 'vitest';
import { tinyUNetConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { autoencoderKlShapes } from './autoencoderKl.ts';
import { initialWeights } from './initialWeights.ts';
import { unet2dShapes } from './unet2d.ts';

const unet = unet2dShapes(tinyUNetConfig({ block_out_channels: [16, 32] }));
const vae = autoencoderKlShapes(tinyVaeConfig({ mid_block_add_attention: true }));
const meanOf = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b, 0) / data.length;

describe('initialWeights', () => {
  it('fills every weight of the network, in its shape', () => {
    for (const shapes of [unet, vae]) {
      const weights = initialWeights(shapes, 1);
      expect([...weights.keys()]).toEqual([...shapes.keys()]);
      for (const [name, { shape, data }] of weights) {
        expect(shape).toEqual(shapes.get(name));
        expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
      }
    }
  });

  it('starts the last layers of residual branches and the noise estimate at 0, norms at 1 and 0', () => {
    for (const [name, { data }] of initialWeights(unet, 1)) {
      if (/\.conv2\.|to_out|^conv_out/.test(name)) expect(new Set(data), name).toEqual(new Set([0]));
      else if (/norm.*weight/.test(name)) expect(new Set(data), name).toEqual(new Set([1]));
      else if (/norm.*bias/.test(name)) expect(new Set(data), name).toEqual(new Set([0]));
      else expect(new Set(data).size, name).toBeGreaterThan(data.length / 2);
    }
  });

  it('lets an auto-encoder begin with an output', () => {
    expect(
      initialWeights(vae, 1)
        .get('decoder.conv_out.weight')!
        .data.some((value) => value !== 0),
    ).toBe(true);
  });

  it('draws weights and biases from ±1/√fanIn, evenly', () => {
    const weights = initialWeights(unet, 2);
    for (const name of ['down_blocks.1.resnets.0.conv1', 'time_embedding.linear_2', 'up_blocks.0.attentions.0.to_q']) {
      const { shape, data } = weights.get(`${name}.weight`)!;
      const bound = 1 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b, 1));
      const largest = data.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
      expect(largest).toBeLessThanOrEqual(Math.fround(bound));
      expect(largest).toBeGreaterThan(0.98 * bound);
      expect(Math.abs(meanOf(data))).toBeLessThan((5 * bound) / Math.sqrt(3 * data.length));
      expect(meanOf(data.map((value) => value ** 2))).toBeCloseTo(bound ** 2 / 3, 3);
      for (const value of weights.get(`${name}.bias`)!.data) expect(Math.abs(value)).toBeLessThanOrEqual(bound);
    }
  });

  it('draws embeddings from the standard normal', () => {
    const { data } = initialWeights(unet, 3).get('class_embedding.weight')!;
    const standardError = Math.sqrt(2 / data.length); // of the mean square of so many standard normal values
    expect(Math.abs(meanOf(data.map((value) => value ** 2)) - 1)).toBeLessThan(3 * standardError);
    expect(data.some((value) => Math.abs(value) > 1.5)).toBe(true);
  });

  it('depends on the seed alone, and differs between tensors', () => {
    expect(initialWeights(unet, 4)).toEqual(initialWeights(unet, 4));
    const [four, five] = [initialWeights(unet, 4), initialWeights(unet, 5)];
    expect(four.get('conv_in.weight')!.data).not.toEqual(five.get('conv_in.weight')!.data);
    expect(four.get('up_blocks.0.attentions.0.to_q.weight')!.data).not.toEqual(
      four.get('up_blocks.0.attentions.0.to_k.weight')!.data,
    );
  });
});
