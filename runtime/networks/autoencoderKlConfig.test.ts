import { describe, expect, it } from 'vitest';
import {
  formatAutoencoderKlConfig,
  parseAutoencoderKlConfig,
  pixelChannels,
  pixelsPerLatent,
} from './autoencoderKlConfig.ts';

/** The defaults of diffusers 0.36's AutoencoderKL.__init__. */
const DIFFUSERS_DEFAULTS = {
  in_channels: 3,
  out_channels: 3,
  down_block_types: ['DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D'],
  block_out_channels: [64],
  layers_per_block: 1,
  act_fn: 'silu',
  latent_channels: 4,
  norm_num_groups: 32,
  sample_size: 32,
  scaling_factor: 0.18215,
  shift_factor: null,
  latents_mean: null,
  latents_std: null,
  use_quant_conv: true,
  use_post_quant_conv: true,
  mid_block_add_attention: true,
};

/** Diffusers has no patches: Figment's own key. */
const DEFAULTS = { ...DIFFUSERS_DEFAULTS, patch_size: 1 };

const REFUSED: [key: string, value: unknown][] = [
  ['down_block_types', ['AttnDownEncoderBlock2D']],
  ['up_block_types', ['AttnUpDecoderBlock2D']],
  ['act_fn', 'relu'],
  ['latent_channels', 0],
  ['scaling_factor', '0.5'],
  ['scaling_factor', 0],
  ['scaling_factor', Number.POSITIVE_INFINITY],
  ['scaling_factor', 1e-50],
  ['shift_factor', 1e39],
  ['latents_mean', [0, 0, Number.NEGATIVE_INFINITY, 0]],
  ['latents_std', [1, 1, 0, 1]],
  ['latents_std', [1, 1, -1, 1]],
  ['norm_num_groups', 7.5],
  ['use_quant_conv', 'yes'],
  ['patch_size', 0],
  ['patch_size', 3],
  ['patch_size', 9],
];

describe('parseAutoencoderKlConfig', () => {
  it('takes the defaults of diffusers where a key is missing', () => {
    expect(parseAutoencoderKlConfig({})).toEqual(DEFAULTS);
    expect(parseAutoencoderKlConfig(DIFFUSERS_DEFAULTS)).toEqual(DEFAULTS);
  });

  it('passes over keys that change nothing', () => {
    const json = { _class_name: 'AutoencoderKL', force_upcast: true, dropout: 0 };
    expect(parseAutoencoderKlConfig(json)).toEqual(DEFAULTS);
  });

  it.each(REFUSED)('refuses %s %j by name', (key, value) => {
    expect(() => parseAutoencoderKlConfig({ [key]: value }, 'orc/vae/config.json')).toThrow(
      new RegExp(`orc/vae/config.json: .*${key}`),
    );
  });

  it('says in files what diffusers knows, and patches where there are any', () => {
    const parsed = parseAutoencoderKlConfig({});
    expect(formatAutoencoderKlConfig(parsed)).toEqual({ _class_name: 'AutoencoderKL', ...DIFFUSERS_DEFAULTS });
    const patched = parseAutoencoderKlConfig({ patch_size: 2, in_channels: 12, out_channels: 12 });
    expect(parseAutoencoderKlConfig(formatAutoencoderKlConfig(patched))).toEqual(patched);
    expect([pixelsPerLatent(patched), pixelChannels(patched)]).toEqual([2, { in: 3, out: 3 }]);
  });

  it('refuses options that do not fit each other', () => {
    expect(() => parseAutoencoderKlConfig({ patch_size: 2, in_channels: 12 })).toThrow(
      /out_channels is 3; .* multiple of 4/,
    );
    expect(() => parseAutoencoderKlConfig({ block_out_channels: [32, 64] })).toThrow(/equally many/);
    expect(() => parseAutoencoderKlConfig({ block_out_channels: [48] })).toThrow(/norm_num_groups 32 .*48/);
    expect(() => parseAutoencoderKlConfig({ latents_mean: [0, 1] })).toThrow(/latents_mean has 2 .*4/);
    expect(() => parseAutoencoderKlConfig({ latents_mean: [0, 1, 2, 3] })).toThrow(/latents_std/);
    expect(() => parseAutoencoderKlConfig({ latents_std: [1, 1, 1, 1] })).toThrow(/latents_mean/);
  });
});
