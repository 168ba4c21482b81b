import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ModelFileError } from '../core/errors.ts';
import {
  decode,
  decoderOf,
  diffusersFiles,
  INDEX,
  load,
  savedFiles,
  UNET_WEIGHTS,
  VAE_WEIGHTS,
  without,
} from '../testing/diffusersFolder.ts';
import { modelFolderFiles } from './modelFolderFiles.ts';
import { parseSafetensors } from './safetensors.ts';

describe('modelFolderFiles', () => {
  it('writes the files of a diffusers folder, the index last', async () => {
    expect(Object.keys(await savedFiles())).toEqual([
      'unet/config.json',
      UNET_WEIGHTS,
      'vae/config.json',
      VAE_WEIGHTS,
      'scheduler/scheduler_config.json',
      INDEX,
    ]);
  });

  it('has the decoder first in the file of the auto-encoder, and knows how far it reaches', async () => {
    for (const dtype of ['F32', 'F16'] as const) {
      const files = await savedFiles({ dtype });
      const { vae } = await load(files, { parts: ['vae'] });
      const { bytes, sha256 } = decoderOf(files);
      const beginning = files[VAE_WEIGHTS]!.subarray(0, bytes);
      expect(createHash('sha256').update(beginning).digest('hex')).toBe(sha256);
      const { tensors } = parseSafetensors(beginning, VAE_WEIGHTS, { isBeginning: true });
      expect([...tensors.keys()].sort()).toEqual(
        [...vae.keys()].filter((name) => /decoder|post_quant/.test(name)).sort(),
      );
      for (const [name, tensor] of tensors) expect(tensor).toEqual(vae.get(name));
    }
  });

  it('gives load → save → load the same bits in F32', async () => {
    const first = await load(diffusersFiles());
    const saved = await modelFolderFiles(first);
    const second = await load(saved);
    for (const part of ['unet', 'vae'] as const) {
      expect([...second[part].keys()].sort()).toEqual([...first[part].keys()].sort());
      for (const [name, { shape, data }] of first[part]) {
        expect(second[part].get(name)!.shape).toEqual(shape);
        expect(Buffer.from(second[part].get(name)!.data.buffer).equals(Buffer.from(data.buffer))).toBe(true);
      }
    }
    expect(second.unetConfig).toEqual(first.unetConfig);
    expect(second.schedulerConfig).toEqual(first.schedulerConfig);
    expect({ ...second.index.figment, sha256: {} }).toEqual({ ...first.index.figment, decoder: decoderOf(saved) });
    const again = await modelFolderFiles(second);
    expect(Object.keys(again)).toEqual(Object.keys(saved));
    for (const path of Object.keys(saved)) expect(Buffer.from(again[path]!).equals(saved[path]!)).toBe(true);
  });

  it('fills in the sha-256 of every other file', async () => {
    const { [INDEX]: index, ...others } = await savedFiles();
    const expected = Object.entries(others).map(([path, bytes]) => [
      path,
      createHash('sha256').update(bytes).digest('hex'),
    ]);
    expect(JSON.parse(decode(index)).figment.sha256).toEqual(Object.fromEntries(expected));
  });

  it('writes configs as diffusers does: two spaces, a newline at the end', async () => {
    const files = await savedFiles();
    const original = diffusersFiles();
    for (const path of ['unet/config.json', 'vae/config.json']) {
      const text = decode(original[path])
        .replace('1e-05', '0.00001')
        .replace(/(\d)\.0,/g, '$1,'); // Python's way with numbers
      expect(decode(files[path])).toBe(text);
    }
  });

  it('halves the weights in F16, and they load', async () => {
    const [single, half] = [await savedFiles(), await savedFiles({ dtype: 'F16' })];
    expect(half[VAE_WEIGHTS]!.length).toBeLessThan(0.6 * single[VAE_WEIGHTS]!.length);
    const [a, b] = [await load(single), await load(half)];
    const [exact, rounded] = [a.vae.get('quant_conv.weight')!.data, b.vae.get('quant_conv.weight')!.data];
    exact.forEach((value, i) => {
      expect(Math.abs(rounded[i]! - value)).toBeLessThanOrEqual(Math.abs(value) * 2 ** -11 + 2 ** -25);
    });
    expect(rounded).not.toEqual(exact);
  });

  it('saves a VAE alone', async () => {
    const { 'vae/config.json': config, [VAE_WEIGHTS]: weights } = diffusersFiles();
    const model = await load({ 'vae/config.json': config!, [VAE_WEIGHTS]: weights! }, { parts: ['vae'] });
    const files = await modelFolderFiles(model);
    expect(Object.keys(files)).toEqual(['vae/config.json', VAE_WEIGHTS, INDEX]);
    expect((await load(files, { parts: ['vae'] })).vae).toEqual(model.vae);
  });
});

it('survives cuts and flipped bytes in any file: a result or a ModelFileError', { timeout: 120_000 }, async () => {
  const small = [INDEX, 'unet/config.json', 'vae/config.json', 'scheduler/scheduler_config.json'];
  const light = without(diffusersFiles(), UNET_WEIGHTS, VAE_WEIGHTS);
  const emptyWeights = Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]); // {}
  let state = 7;
  const random = (below: number) => {
    state = (state * 48271) % 0x7fffffff;
    return state % below;
  };
  let numRefused = 0;
  for (let round = 0; round < 1000; round++) {
    const path = small[round % small.length]!;
    const bytes = light[path]!.slice(0, random(4) ? undefined : random(light[path]!.length));
    for (let flips = random(4); flips > 0 && bytes.length > 0; flips--) bytes[random(bytes.length)]! ^= 1 << random(8);
    try {
      await load({ ...light, [UNET_WEIGHTS]: emptyWeights, [VAE_WEIGHTS]: emptyWeights, [path]: bytes });
    } catch (error) {
      if (!(error instanceof ModelFileError)) throw error;
      numRefused++;
    }
  }
  expect(numRefused).toBeGreaterThan(300);
});
