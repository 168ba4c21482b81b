import { describe, expect, it } from 'vitest';
import { formatUNet2DConfig, parseUNet2DConfig, sizeOfPlaces } from './unet2dConfig.ts';

/** The defaults of diffusers 0.36's UNet2DModel.__init__. */
const DIFFUSERS_DEFAULTS = {
  sample_size: null,
  in_channels: 3,
  out_channels: 3,
  center_input_sample: false,
  time_embedding_type: 'positional',
  time_embedding_dim: null,
  freq_shift: 0,
  flip_sin_to_cos: true,
  down_block_types: ['DownBlock2D', 'AttnDownBlock2D', 'AttnDownBlock2D', 'AttnDownBlock2D'],
  mid_block_type: 'UNetMidBlock2D',
  up_block_types: ['AttnUpBlock2D', 'AttnUpBlock2D', 'AttnUpBlock2D', 'UpBlock2D'],
  block_out_channels: [224, 448, 672, 896],
  layers_per_block: 2,
  mid_block_scale_factor: 1,
  downsample_padding: 1,
  downsample_type: 'conv',
  upsample_type: 'conv',
  act_fn: 'silu',
  attention_head_dim: 8,
  norm_num_groups: 32,
  attn_norm_num_groups: null,
  norm_eps: 1e-5,
  resnet_time_scale_shift: 'default',
  add_attention: true,
  class_embed_type: null,
  num_class_embeds: null,
  position_embedding: false,
};

const REFUSED: [key: string, value: unknown][] = [
  ['time_embedding_type', 'fourier'],
  ['time_embedding_type', 'learned'],
  ['down_block_types', ['DownBlock2D', 'SkipDownBlock2D']],
  ['down_block_types', []],
  ['mid_block_type', 'UNetMidBlock2DCrossAttn'],
  ['up_block_types', ['SkipUpBlock2D', 'UpBlock2D']],
  ['downsample_type', 'pool'],
  ['upsample_type', 'shuffle'],
  ['act_fn', 'mish'],
  ['resnet_time_scale_shift', 'ada_group'],
  ['class_embed_type', 'timestep'],
  ['class_embed_type', 'timestep'],
  ['downsample_padding', 2],
  ['layers_per_block', 0],
  ['norm_num_groups', null],
  ['mid_block_scale_factor', 0],
  ['mid_block_scale_factor', Number.POSITIVE_INFINITY],
  ['freq_shift', 1e39],
  ['norm_eps', 0],
  ['norm_eps', -1e-5],
  ['norm_eps', Number.POSITIVE_INFINITY],
];

describe('parseUNet2DConfig', () => {
  it('takes the defaults of diffusers where a key is missing', () => {
    expect(parseUNet2DConfig({})).toEqual(DIFFUSERS_DEFAULTS);
    expect(parseUNet2DConfig(DIFFUSERS_DEFAULTS)).toEqual(DIFFUSERS_DEFAULTS);
  });

  it('passes over keys that change nothing', () => {
    const json = { _class_name: 'UNet2DModel', _diffusers_version: '0.36.0', num_train_timesteps: 1000 };
    expect(parseUNet2DConfig(json)).toEqual(DIFFUSERS_DEFAULTS);
  });

  it.each(REFUSED)('refuses %s %j by name', (key, value) => {
    expect(() => parseUNet2DConfig({ [key]: value }, 'orc/unet/config.json')).toThrow(
      new RegExp(`orc/unet/config.json: .*${key}`),
    );
  });

  it('takes a vector in place of classes, but not beside them', () => {
    const json = { class_embed_type: 'identity' };
    expect(parseUNet2DConfig(json).class_embed_type).toBe('identity');
    expect(() => parseUNet2DConfig({ ...json, num_class_embeds: 3 })).toThrow(
      /num_class_embeds is 3, but .*"identity"/,
    );
  });

  it('names every problem at once', () => {
    const json = { class_embed_type: 'timestep', act_fn: 'gelu' };
    expect(() => parseUNet2DConfig(json)).toThrow(/class_embed_type.*act_fn|act_fn.*class_embed_type/);
  });

  it('notes what it passes over, and refuses another class', () => {
    const notes: string[] = [];
    const json = { _class_name: 'UNet2DModel', encoder_hid_dim: 7, dropout: 0.5 };
    expect(parseUNet2DConfig(json, 'u.json', (note) => notes.push(note))).toEqual(DIFFUSERS_DEFAULTS);
    expect(notes).toEqual([
      'u.json: nothing here knows "encoder_hid_dim"; it is passed over',
      'u.json: dropout 0.5 is for training alone; it is passed over',
    ]);
    expect(() => parseUNet2DConfig({ _class_name: 'UNet2DConditionModel' })).toThrow(
      'unet/config.json: it is of a "UNet2DConditionModel"; expected a UNet2DModel',
    );
  });

  it('knows the places of a tile, whose size it must know', () => {
    const known = parseUNet2DConfig({ position_embedding: true, sample_size: [4, 6] });
    expect(sizeOfPlaces(known)).toEqual([4, 6]);
    expect(sizeOfPlaces({ ...known, sample_size: 5 })).toEqual([5, 5]);
    expect(sizeOfPlaces(parseUNet2DConfig({ sample_size: 5 }))).toBe(null);
    expect(() => parseUNet2DConfig({ position_embedding: true }, 'a.json')).toThrow(
      /a.json: position_embedding needs sample_size/,
    );
  });

  it('is written as diffusers reads it, and reads it again', () => {
    const plain = parseUNet2DConfig({ sample_size: 8 });
    const knowing = { ...plain, position_embedding: true };
    expect(formatUNet2DConfig(plain)).toEqual(
      Object.fromEntries(
        Object.entries({ _class_name: 'UNet2DModel', ...plain }).filter(([key]) => key !== 'position_embedding'),
      ),
    );
    expect(formatUNet2DConfig(knowing)).toMatchObject({ _class_name: 'UNet2DModel', position_embedding: true });
    for (const config of [plain, knowing]) expect(parseUNet2DConfig(formatUNet2DConfig(config))).toEqual(config);
  });

  it('takes sizes that are not square, and what may be null', () => {
    const json = { sample_size: [16, 24], mid_block_type: null, attention_head_dim: null };
    expect(parseUNet2DConfig(json)).toMatchObject(json);
  });

  it('refuses anything but an object', () => {
    for (const json of [null, 'unet', [], 3]) expect(() => parseUNet2DConfig(json)).toThrow('unet/config.json');
  });

  it('refuses options that do not fit each other', () => {
    const two = {
      down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
      up_block_types: ['UpBlock2D', 'UpBlock2D'],
      block_out_channels: [16, 24],
      norm_num_groups: 8,
    };
    expect(parseUNet2DConfig(two).block_out_channels).toEqual([16, 24]);
    expect(() => parseUNet2DConfig({ ...two, block_out_channels: [16] })).toThrow(/block_out_channels has 1/);
    expect(() => parseUNet2DConfig({ ...two, norm_num_groups: 16 })).toThrow(/norm_num_groups 16 .*24/);
    expect(() => parseUNet2DConfig({ ...two, attn_norm_num_groups: 16 })).toThrow(/attn_norm_num_groups 16 .*24/);
    expect(() => parseUNet2DConfig({ ...two, attention_head_dim: 16 })).toThrow(/attention_head_dim 16 .*24/);
    expect(() => parseUNet2DConfig({ ...two, attention_head_dim: 32 })).toThrow(/attention_head_dim 32 .*24/);
  });

  it('asks of the head size to divide only where there is attention', () => {
    const json = {
      down_block_types: ['AttnDownBlock2D', 'DownBlock2D'],
      up_block_types: ['UpBlock2D', 'AttnUpBlock2D'],
      block_out_channels: [16, 24],
      norm_num_groups: 8,
      attention_head_dim: 16,
      add_attention: false,
    };
    expect(parseUNet2DConfig(json).attention_head_dim).toBe(16);
    expect(() => parseUNet2DConfig({ ...json, add_attention: true })).toThrow(/attention_head_dim 16 .*24/);
    expect(parseUNet2DConfig({ ...json, add_attention: true, mid_block_type: null }).mid_block_type).toBeNull();
  });
});
