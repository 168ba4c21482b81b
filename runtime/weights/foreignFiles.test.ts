import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { MissingFileError, ModelFileError } from '../core/errors.ts';
import { generate } from '../sampling/generate.ts';
import { createModel } from '../sampling/model.ts';
import {
  encodeText,
  pixelFolder,
  plainIndex,
  withJson,
  withOldNames,
  withShards,
  withTensors,
  withVariant,
} from '../testing/foreignFolders.ts';
import { tinyModelFolder } from '../testing/tinyModel.ts';
import { loadModelFolder, readModelFiles } from './modelFolder.ts';
import { type ModelSource, memorySource } from './modelSource.ts';
import { writeSafetensors } from './writeSafetensors.ts';

type Files = Record<string, Uint8Array>;
const LABELS = ['elf', 'goblin', 'orc'];
const SHARD_LIST = 'unet/diffusion_pytorch_model.safetensors.index.json';

let plain: Files;
beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
  plain = plainIndex(await tinyModelFolder(), { labels: LABELS });
});

/** A list in which each tensor has a file of its own. */
function shardList(count: number): Uint8Array {
  const entries = Array.from({ length: count }, (_, i) => [`w${i}`, `${i}.safetensors`]);
  return encodeText({ weight_map: Object.fromEntries(entries) });
}

const load = (files: Files) => loadModelFolder(memorySource(files, 'models/other'));

async function picture(files: Files, label: string, numInferenceSteps = 2): Promise<Uint8Array> {
  const model = createModel(await load(files));
  const { nullLabel } = model.index.figment;
  const guidance = nullLabel === null ? {} : { guidanceScale: 2 };
  const [pixels] = await generate(model, [{ label, seed: 7 }], { numInferenceSteps, ...guidance });
  model.dispose();
  return pixels!;
}

describe('a folder of others', () => {
  it('makes the same picture whatever its files are called', async () => {
    const expected = await picture(plain, 'goblin');
    expect(new Set(expected).size).toBeGreaterThan(100);
    const both = (change: (files: Files, part: string) => Files) => change(change(plain, 'unet'), 'vae');
    for (const files of [both(withVariant), both(withShards), both(withOldNames), withOldNames(plain, 'unet')]) {
      expect(await picture(files, 'goblin')).toEqual(expected);
    }
    const renamed = await load(withOldNames(plain, 'unet'));
    expect([...renamed.unet.keys()].sort()).toEqual([...(await load(plain)).unet.keys()].sort());
  });

  it('is fetched as what loadModelFolder reads again', async () => {
    for (const files of [withShards(withVariant(plain, 'vae'), 'unet'), pixelFolder({ isAtRoot: true })]) {
      const fetched = await readModelFiles(memorySource(files));
      const [once, twice] = [await load(files), await load(fetched)];
      expect(twice.hash).toBe(once.hash);
      expect([...twice.unet]).toEqual([...once.unet]);
    }
  });

  it('tells the progress of all files', async () => {
    const files = withShards(plain, 'unet');
    const reports: [number, number | undefined][] = [];
    await loadModelFolder(memorySource(files), { onProgress: (...report) => void reports.push(report) });
    const total = Object.values(files).reduce((sum, { length }) => sum + length, 0);
    expect(reports.at(-1)).toEqual([total, total]);
  });

  it('may have its files at the top, and no VAE: then it makes pixels', async () => {
    const expected = await picture(pixelFolder(), 'image');
    expect(expected.length).toBe(4 * 8 * 8);
    expect(await picture(pixelFolder({ isAtRoot: true }), 'image')).toEqual(expected);
    const { index, vae, vaeConfig } = await load(pixelFolder());
    expect([vae.size, vaeConfig]).toEqual([0, undefined]);
    expect(index).toMatchObject({ labels: ['image'], figment: { widthPx: 8, channels: 3, nullLabel: null } });
    expect(index.figment.sampleDefaults.guidanceScale).toBe(1);
  });

  it('takes its last row for a class unless its labels leave one over', async () => {
    const files = pixelFolder({ numClasses: 4 });
    const { index } = await load(files);
    expect(index).toMatchObject({ labels: ['class0', 'class1', 'class2', 'class3'], figment: { nullLabel: null } });
    const three = await load(pixelFolder({ numClasses: 4, index: { labels: LABELS } }));
    expect(three.index.figment.nullLabel).toBeUndefined();
    expect(await picture(files, 'class3')).not.toEqual(await picture(files, 'class2'));
  });

  it('has its null label wherever figment.nullLabel says', async () => {
    const moved = withTensors(plain, 'unet', (name, tensor) => {
      if (name !== 'class_embedding.weight') return [name, tensor];
      const width = tensor.shape[1]!;
      const { data } = tensor;
      const turned = Float32Array.of(...data.subarray(3 * width), ...data.subarray(0, 3 * width));
      return [name, { ...tensor, data: turned }];
    });
    const first = withJson(moved, 'model_index.json', { figment: { nullLabel: 0 } });
    for (const label of LABELS) expect(await picture(first, label)).toEqual(await picture(plain, label));
    const beyond = withJson(moved, 'model_index.json', { figment: { nullLabel: 4 } });
    await expect(load(beyond)).rejects.toThrow(/figment\.nullLabel is 4; expected a row of the 4/);
    const named = withJson(plain, 'model_index.json', { figment: { nullLabel: null } });
    await expect(load(named)).rejects.toThrow(/holds 3 labels, but the U-Net's num_class_embeds 4 needs 4/);
  });

  it('is not guided without a null label, and says so', async () => {
    const model = createModel(await load(pixelFolder({ numClasses: 4 })));
    const request = [{ label: 'class1', seed: 7 }];
    const few = { numInferenceSteps: 2 };
    await expect(generate(model, request, { ...few, guidanceScale: 2 })).rejects.toThrow(
      /other has no null label, which guidance needs; leave out guidanceScale, or give 1/,
    );
    const [plainly] = await generate(model, request, few);
    expect(await generate(model, request, { ...few, guidanceScale: 1 })).toEqual([plainly]);
    model.dispose();
  });
});

describe('findForeignFiles', () => {
  it('refuses a pickle with the remedy, without reading more of it than its beginning', async () => {
    const { 'vae/diffusion_pytorch_model.safetensors': _, ...files } = plain;
    const pickle = { ...files, 'vae/diffusion_pytorch_model.bin': new Uint8Array(100) };
    await expect(load(pickle)).rejects.toThrow(/other\/vae\/diffusion_pytorch_model\.bin: a pickle, .*save_pretrained/);
    let isGivenUp = false;
    const slow: ModelSource = {
      name: 'slow',
      read: (path, options = {}) => {
        if (!path.endsWith('.bin')) return memorySource(files, 'slow').read(path, options);
        options.onProgress?.(1000, 1e9);
        isGivenUp = options.signal!.aborted;
        return Promise.reject(options.signal!.reason);
      },
    };
    await expect(loadModelFolder(slow)).rejects.toThrow(/slow\/vae.*a pickle/);
    expect(isGivenUp).toBe(true);
    await expect(load(files)).rejects.toThrow(MissingFileError);
  });

  it.each<[string, Files, RegExp]>([
    ['another list', { [SHARD_LIST]: encodeText({ weights: {} }) }, /index\.json: expected weight_map/],
    ['a way out', { [SHARD_LIST]: encodeText({ weight_map: { a: '../a.safetensors' } }) }, /names the file "\.\.\/a/],
    ['a thousand shards and one', { [SHARD_LIST]: shardList(1001) }, /names 1001 files; expected at most 1000/],
    ['a shard that is missing', { [SHARD_LIST]: encodeText({ weight_map: { a: 'a.safetensors' } }) }, /a\.safetensors/],
  ])('refuses %s', async (_, list, message) => {
    const { 'unet/diffusion_pytorch_model.safetensors': _weights, ...files } = plain;
    const loading = load({ ...files, ...list });
    await expect(loading).rejects.toThrow(ModelFileError);
    await expect(loading).rejects.toThrow(message);
  });

  it('refuses a tensor that is there twice, in two files or under its old and its new name', async () => {
    const shards = withShards(plain, 'unet');
    const [first, second] = Object.keys(shards).filter((path) => path.includes('-of-00002'));
    const message = /other\/unet: holds a tensor twice, in two files or under two names; save the weights again$/;
    await expect(load({ ...shards, [first!]: shards[second!]! })).rejects.toThrow(message);
    const twice = { 'mid_block.attentions.0.query.bias': [8], 'mid_block.attentions.0.to_q.bias': [8] };
    const tensors = Object.entries(twice).map(([name, shape]): [string, { shape: number[]; data: Float32Array }] => [
      name,
      { shape, data: new Float32Array(8) },
    ]);
    const path = 'unet/diffusion_pytorch_model.safetensors';
    await expect(load({ ...plain, [path]: writeSafetensors(tensors) })).rejects.toThrow(message);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['text-to-image', { unet: ['diffusers', 'UNet2DConditionModel'] }, /its "unet" is a "UNet2DConditionModel", which/],
    ['a VQModel', { vae: [null, null], vqvae: ['diffusers', 'VQModel'] }, /its "vqvae" is a "VQModel"/],
    [
      'a transformer',
      { unet: [null, null], transformer: ['diffusers', 'DiTTransformer2DModel'] },
      /"transformer" is a/,
    ],
    ['a text encoder', { text_encoder: ['transformers', 'CLIPTextModel'] }, /"text_encoder" is a .*or train one by/],
  ])('refuses %s by its class, whatever files there are', async (_, entries, message) => {
    const { 'model_index.json': index } = withJson(plain, 'model_index.json', entries);
    await expect(load({ 'model_index.json': index! })).rejects.toThrow(message);
    await expect(load({ ...plain, 'model_index.json': index! })).rejects.toThrow(ModelFileError);
  });

  it('refuses a network of another class that the index does not tell', async () => {
    for (const [path, name] of [
      ['unet/config.json', 'UNet2DConditionModel'],
      ['vae/config.json', 'VQModel'],
    ] as const) {
      const files = await load(withJson(plain, path, { _class_name: name }));
      expect(() => createModel(files)).toThrow(`other/${path}: it is of a "${name}"; expected a`);
    }
  });
});
