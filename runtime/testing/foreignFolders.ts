// Model folders as other people have them, made of the tiny model's weights: path → bytes.

import { unet2dShapes } from '../networks/unet2d.ts';
import { parseSafetensors } from '../weights/safetensors.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { writeSafetensors } from '../weights/writeSafetensors.ts';
import { randomWeights, tinyUNetConfig } from './tinyNetworks.ts';

type Files = Record<string, Uint8Array>;
type Json = Record<string, unknown>;

const WEIGHTS = 'diffusion_pytorch_model';

export function encodeText(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
}

/** The same folder with other entries in one of its JSON files; undefined takes an entry away. */
export function withJson(files: Files, path: string, entries: Json): Files {
  const before = files[path] ? (JSON.parse(new TextDecoder().decode(files[path])) as Json) : {};
  return { ...files, [path]: encodeText({ ...before, ...entries }) };
}

/** The same folder as diffusers knows it: nothing in the index is Figment's own. */
export function plainIndex(files: Files, entries: Json = {}): Files {
  const index = { _class_name: 'LDMPipeline', unet: ['diffusers', 'UNet2DModel'], vae: ['diffusers', 'AutoencoderKL'] };
  return { ...files, 'model_index.json': encodeText({ ...index, ...entries }) };
}

/** A DDPMPipeline of 8×8 RGB pixels, in folders or at the top. */
export function pixelFolder({ isAtRoot = false, numClasses = null as number | null, index = {} as Json } = {}): Files {
  const config = tinyUNetConfig({ in_channels: 3, out_channels: 3, sample_size: 8, num_class_embeds: numClasses });
  const scheduler = { _class_name: 'DDPMScheduler', beta_schedule: 'linear' };
  const place = (name: string) => (isAtRoot ? '' : `${name}/`);
  return {
    'model_index.json': encodeText({
      _class_name: 'DDPMPipeline',
      unet: ['diffusers', 'UNet2DModel'],
      scheduler: ['diffusers', 'DDPMScheduler'],
      ...index,
    }),
    [`${place('unet')}config.json`]: encodeText({ _class_name: 'UNet2DModel', ...config }),
    [`${place('unet')}${WEIGHTS}.safetensors`]: writeSafetensors(randomWeights(unet2dShapes(config), 3)),
    [`${place('scheduler')}scheduler_config.json`]: encodeText(scheduler),
  };
}

/** Weights of a part under the file name of half precision. */
export function withVariant(files: Files, part: string): Files {
  const { [`${part}/${WEIGHTS}.safetensors`]: bytes, ...rest } = files;
  return { ...rest, [`${part}/${WEIGHTS}.fp16.safetensors`]: bytes! };
}

/** Weights of a part cut into two files, with a list of what is where. */
export function withShards(files: Files, part: string): Files {
  const path = `${part}/${WEIGHTS}.safetensors`;
  const tensors = [...parseSafetensors(files[path]!, path).tensors];
  const shards = [tensors.slice(0, 5), tensors.slice(5)];
  const nameOf = (i: number) => `${WEIGHTS}-0000${i + 1}-of-00002.safetensors`;
  const weightMap = shards.flatMap((shard, i) => shard.map(([name]) => [name, nameOf(i)] as const));
  const { [path]: _, ...rest } = files;
  return {
    ...rest,
    [`${path}.index.json`]: encodeText({ metadata: {}, weight_map: Object.fromEntries(weightMap) }),
    ...Object.fromEntries(shards.map((shard, i) => [`${part}/${nameOf(i)}`, writeSafetensors(shard)])),
  };
}

/** Weights of a part under other names. */
export function withTensors(
  files: Files,
  part: string,
  change: (name: string, tensor: WeightTensor) => [string, WeightTensor],
): Files {
  const path = `${part}/${WEIGHTS}.safetensors`;
  const tensors = [...parseSafetensors(files[path]!, path).tensors];
  return { ...files, [path]: writeSafetensors(tensors.map(([name, tensor]) => change(name, tensor))) };
}

/** Attention as diffusers named it in 2022. */
export function withOldNames(files: Files, part: string): Files {
  const rename = (name: string) =>
    name
      .replace(/\.to_q\./, '.query.')
      .replace(/\.to_k\./, '.key.')
      .replace(/\.to_v\./, '.value.')
      .replace(/\.to_out\.0\./, '.proj_attn.');
  return withTensors(files, part, (name, tensor) => [rename(name), tensor]);
}
