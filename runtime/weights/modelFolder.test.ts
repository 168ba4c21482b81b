import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { MissingFileError, ModelFileError } from '../core/errors.ts';
import {
  CVAE_WEIGHTS,
  decoderOf,
  diffusersFiles,
  INDEX,
  load,
  PIPELINE,
  savedFiles,
  UNET_WEIGHTS,
  VAE_WEIGHTS,
  without,
} from '../testing/diffusersFolder.ts';
import { pixelFolder } from '../testing/foreignFolders.ts';
import { TINY_STUDENT, tinyModelFolder } from '../testing/tinyModel.ts';
import { holdDecoderAlone, loadModelFolder, readModelFiles } from './modelFolder.ts';
import { type ModelSource, memorySource } from './modelSource.ts';

const SHARED_PIPELINE = new URL('../../../shared/fixtures/pipeline/', import.meta.url);

describe('loadModelFolder', () => {
  it.each([PIPELINE, SHARED_PIPELINE].filter((folder) => existsSync(folder)).map((folder) => [folder]))(
    'reads a folder that diffusers wrote',
    async (folder) => {
      const { index, unetConfig, unet, vaeConfig, vae, schedulerConfig } = await load(diffusersFiles(folder));
      expect(index.labels).toEqual(['class0', 'class1', 'class2', 'class3', 'class4']);
      expect(index.scheduler).toEqual(['diffusers', 'DDIMScheduler']);
      expect(index.figment).toMatchObject({ name: 'tiny', widthPx: 32, heightPx: 32, channels: 4, pixelArt: false });
      expect(unetConfig).toMatchObject({ block_out_channels: [16, 32] });
      expect(unet.get('class_embedding.weight')!.shape).toEqual([6, 64]);
      expect(unet.get('conv_in.weight')!.shape).toEqual([16, 4, 3, 3]); // PyTorch's layout
      expect(vaeConfig).toMatchObject({ scaling_factor: 0.8 });
      expect(vae.get('quant_conv.weight')!.shape).toEqual([8, 8, 1, 1]);
      expect(schedulerConfig).toMatchObject({ prediction_type: 'v_prediction' });
    },
  );

  it('hashes the files: the same for the same bytes, another for one bit', async () => {
    const files = diffusersFiles();
    const { hash } = await load(files);
    const lines = Object.entries(files).map(
      ([path, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${path}\n`,
    );
    expect(hash).toBe(createHash('sha256').update(lines.sort().join('')).digest('hex'));
    files[VAE_WEIGHTS]![files[VAE_WEIGHTS]!.length - 4]! ^= 1;
    expect((await load(files)).hash).not.toBe(hash);
  });

  it.each([INDEX, 'unet/config.json', UNET_WEIGHTS, 'vae/config.json', VAE_WEIGHTS, 'scheduler/scheduler_config.json'])(
    'names %s when it is missing',
    async (path) => {
      const loading = load(without(diffusersFiles(), path));
      await expect(loading).rejects.toThrow(MissingFileError);
      await expect(loading).rejects.toThrow(`models/tiny/${path}: there is no such file`);
    },
  );

  it.each([
    { parts: ['unet', 'vae', 'scheduler'] as const, first: INDEX },
    { parts: ['vae'] as const, first: 'vae/config.json' },
    { parts: ['cvae'] as const, first: INDEX },
  ])('names $first of several that are missing, whichever is found out first: $parts', async ({ parts, first }) => {
    const paths: string[] = [];
    const source: ModelSource = {
      name: 'empty',
      read: async (path) => {
        const turns = 20 - paths.push(path); // what is asked for last is answered first
        for (let i = 0; i < turns; i++) await Promise.resolve();
        throw new MissingFileError('source', `empty/${path}`, 'there is no such file');
      },
    };
    await expect(loadModelFolder(source, { parts })).rejects.toThrow(`empty/${first}`);
    expect(paths.length).toBeGreaterThan(2);
  });

  it('reads a VAE in training, with or without an index', async () => {
    const { [INDEX]: index, 'vae/config.json': config, [VAE_WEIGHTS]: weights } = diffusersFiles();
    const vaeOnly = { 'vae/config.json': config!, [VAE_WEIGHTS]: weights! };
    const files = await load(vaeOnly, { parts: ['vae'] });
    expect(files.vae.size).toBeGreaterThan(50);
    expect([files.unet.size, files.unetConfig, files.schedulerConfig]).toEqual([0, undefined, undefined]);
    expect(files.index).toMatchObject({ labels: [], figment: { channels: 4, widthPx: 32 } });
    const indexed = await load({ ...vaeOnly, [INDEX]: index! }, { parts: ['vae'] });
    expect(indexed.index.labels.length).toBe(5);
    await expect(load(vaeOnly)).rejects.toThrow(MissingFileError);
  });

  it('reads a VAE that makes pictures in one step when asked for it, and tells what to do where there is none', async () => {
    const files = await tinyModelFolder({ cvae: true });
    const read = vi.fn(memorySource(files, 'models/tiny').read);
    const whole = await loadModelFolder({ name: 'models/tiny', read });
    expect(read.mock.calls.map(([path]) => path)).not.toContain(CVAE_WEIGHTS);
    expect([whole.cvaeConfig, whole.cvae.size]).toEqual([undefined, 0]);
    const { cvae, cvaeConfig, index, unet, hash } = await load(files, { parts: ['cvae'] });
    expect(cvaeConfig).toMatchObject({ latent_size: 6, num_labels: 3 });
    expect(cvae.get('decoder.class_embedding.weight')!.shape).toEqual([3, 5]);
    expect([index.labels, unet.size]).toEqual([['elf', 'goblin', 'orc'], 0]);
    expect(hash).not.toBe(whole.hash);
    files[CVAE_WEIGHTS]!.set([files[CVAE_WEIGHTS]!.at(-1)! ^ 1], files[CVAE_WEIGHTS]!.length - 1);
    await expect(load(files, { parts: ['cvae'] })).rejects.toThrow(`models/tiny/${CVAE_WEIGHTS}: expected sha-256 `);
    const loading = load(await tinyModelFolder(), { parts: ['cvae'] });
    await expect(loading).rejects.toThrow(MissingFileError);
    await expect(loading).rejects.toThrow(/no pictures in one step; train one for it by figment train cvae .* "ddpm"/);
    await expect(load(without(files, INDEX), { parts: ['cvae'] })).rejects.toThrow(MissingFileError);
  });

  it.each(['unet/config.json', UNET_WEIGHTS, 'vae/config.json', VAE_WEIGHTS, 'scheduler/scheduler_config.json'])(
    'refuses %s when its sha-256 is another',
    async (path) => {
      const files = await savedFiles();
      files[path]!.set([files[path]!.at(-1)! ^ 1], files[path]!.length - 1);
      const loading = load(files);
      await expect(loading).rejects.toThrow(ModelFileError);
      await expect(loading).rejects.toThrow(`loadModelFolder: models/tiny/${path}: expected sha-256 `);
    },
  );

  it('reads the teacher of a student when asked for it, and tells what to do where there is none', async () => {
    const files = await tinyModelFolder({ student: true });
    const whole = await load(files);
    expect([whole.teacherConfig, whole.teacher?.size]).toEqual([undefined, 0]);
    expect(whole.index.figment.student).toEqual(TINY_STUDENT);
    const { teacher, teacherConfig, unet, hash } = await load(files, { parts: ['teacher'] });
    expect(teacherConfig).toMatchObject({ class_embed_type: 'identity' });
    expect([...teacher!.keys()]).toEqual([...whole.unet.keys()]);
    expect([unet.size, hash === whole.hash]).toEqual([0, false]);
    await expect(load(await tinyModelFolder(), { parts: ['teacher'] })).rejects.toThrow(
      /unet_teacher\/config.json: .*no teacher beside it; figment distil/,
    );
  });

  it('refuses pictures that are too large, unless an option allows them', async () => {
    const files = diffusersFiles();
    const index = JSON.parse(new TextDecoder().decode(files[INDEX]));
    const figment = { version: 1, ...index.figment, widthPx: 8192, heightPx: 8192 };
    const large = { ...files, [INDEX]: new TextEncoder().encode(JSON.stringify({ ...index, figment })) };
    await expect(load(large)).rejects.toThrow(/pictures are 8192×8192; expected at most 1048576 pixels, .* maxPixels/);
    expect((await load(large, { maxPixels: 2 ** 26 })).index.figment.widthPx).toBe(8192);
  });

  it('names the damaged file where there is no sha-256', async () => {
    const files = diffusersFiles();
    const damaged = { ...files, [UNET_WEIGHTS]: files[UNET_WEIGHTS]!.subarray(0, 100_000) };
    await expect(load(damaged)).rejects.toThrow(`parseSafetensors: models/tiny/${UNET_WEIGHTS}: tensor "`);
    const cut = { ...files, 'vae/config.json': files['vae/config.json']!.subarray(0, 100) };
    await expect(load(cut)).rejects.toThrow('loadModelFolder: models/tiny/vae/config.json: expected JSON');
  });

  it('adds up the progress of all files', async () => {
    const files = diffusersFiles();
    const totalBytes = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);
    const onProgress = vi.fn();
    await load(files, { onProgress });
    expect(onProgress).toHaveBeenCalledTimes(6);
    expect(onProgress.mock.calls.slice(0, 5).every(([, total]) => total === undefined)).toBe(true);
    expect(onProgress.mock.lastCall).toEqual([totalBytes, totalBytes]);
  });

  it('is not done before the conditioning is there, of which the config of the U-Net tells', async () => {
    const files = diffusersFiles(new URL('../testing/fixtures/pipeline-attributes/', import.meta.url));
    const totalBytes = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);
    const onProgress = vi.fn();
    const { conditioning } = await load(files, { onProgress });
    expect(conditioning!.size).toBeGreaterThan(0);
    expect(onProgress).toHaveBeenCalledTimes(8);
    expect(onProgress.mock.calls.slice(0, 7).every(([, total]) => total === undefined)).toBe(true);
    expect(onProgress.mock.lastCall).toEqual([totalBytes, totalBytes]);
    const broken = without(files, 'conditioning/diffusion_pytorch_model.safetensors');
    await expect(load(broken)).rejects.toThrow(MissingFileError);
  });

  it('gives up the other files when one fails', async () => {
    const signals: AbortSignal[] = [];
    const source: ModelSource = {
      name: 'stuck',
      read: (path, { signal } = {}) => {
        signals.push(signal!);
        if (path === VAE_WEIGHTS) return Promise.reject(new Error('broken'));
        return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
      },
    };
    await expect(loadModelFolder(source)).rejects.toThrow('broken');
    expect(signals.map((signal) => signal.aborted)).toEqual(new Array(6).fill(true));
  });

  it('stops with the reason given', async () => {
    const controller = new AbortController();
    const source: ModelSource = {
      name: 'slow',
      read: (_, { signal } = {}) =>
        new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason))),
    };
    const loading = loadModelFolder(source, { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(loading).rejects.toThrow('enough');
    await expect(load(diffusersFiles(), { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before');
  });
});

describe('the part decoder', () => {
  const parts = ['unet', 'decoder', 'scheduler'] as const;

  it('leaves the encoder out', async () => {
    const files = await savedFiles();
    const reports: [number, number | undefined][] = [];
    const read = vi.fn(memorySource(files).read);
    const source = { name: 'models/tiny', read };
    const { vae, vaeConfig } = await loadModelFolder(source, {
      parts,
      onProgress: (...told) => void reports.push(told),
    });
    const whole = await load(files);
    expect(vae).toEqual(new Map([...whole.vae].filter(([name]) => vae.has(name))));
    expect([vae.has('decoder.conv_out.weight'), vae.has('encoder.conv_in.weight')]).toEqual([true, false]);
    expect(vaeConfig).toEqual(whole.vaeConfig);
    expect(read.mock.calls.map(([path]) => path).sort()).toEqual(Object.keys(files).sort());
    const { bytes } = decoderOf(files);
    const sizes = Object.entries(files).map(([path, { length }]) => (path === VAE_WEIGHTS ? bytes : length));
    const total = sizes.reduce((sum, size) => sum + size);
    expect(reports.at(-1)).toEqual([total, total]);
    const apart = await readModelFiles(source, { parts });
    expect(apart[VAE_WEIGHTS]).toEqual(files[VAE_WEIGHTS]!.subarray(0, bytes));
    expect([holdDecoderAlone(apart, 'tiny'), holdDecoderAlone(files, 'tiny')]).toEqual([true, false]);
    expect((await loadModelFolder(memorySource(apart), { parts })).vae).toEqual(vae);
    await expect(loadModelFolder(memorySource(apart))).rejects.toThrow(`${VAE_WEIGHTS}: expected sha-256 `);
  });

  it('is the whole auto-encoder where the index knows of no decoder, and none of a model of pixels', async () => {
    const files = diffusersFiles();
    const read = vi.fn(memorySource(files).read);
    const { vae } = await loadModelFolder({ name: 'models/tiny', read }, { parts });
    expect(vae).toEqual((await load(files)).vae);
    expect(read.mock.calls.map(([path]) => path).sort()).toEqual(Object.keys(files).sort()); // nothing is asked for in vain
    expect((await load(pixelFolder(), { parts })).vae.size).toBe(0);
    expect((await load(pixelFolder(), { parts })).unet.size).toBeGreaterThan(0);
  });

  it('is refused when it is missing or another', async () => {
    const files = await savedFiles();
    await expect(load(without(files, VAE_WEIGHTS), { parts })).rejects.toThrow(`${VAE_WEIGHTS}: there is no such file`);
    const { bytes } = decoderOf(files);
    const flipped = (at: number) => {
      const vae = files[VAE_WEIGHTS]!.slice();
      vae[at]! ^= 1;
      return { ...files, [VAE_WEIGHTS]: vae };
    };
    await expect(load(flipped(bytes - 1), { parts })).rejects.toThrow(`models/tiny/${VAE_WEIGHTS}: expected sha-256 `);
    await load(flipped(bytes), { parts }); // of the encoder, which is not read
    await expect(load({ ...files, [VAE_WEIGHTS]: files[VAE_WEIGHTS]!.slice(0, 100) }, { parts })).rejects.toThrow(
      `models/tiny/${VAE_WEIGHTS}: expected sha-256 `,
    );
    await expect(load(without(diffusersFiles(), INDEX), { parts })).rejects.toThrow(`${INDEX}: there is no such file`);
  });
});

describe('readModelFiles', () => {
  it('fetches what loadModelFolder reads, untouched', async () => {
    const files = diffusersFiles();
    const fetched = await readModelFiles(memorySource({ ...files, 'notes.json': new Uint8Array(1) }));
    expect(Object.keys(fetched).sort()).toEqual(Object.keys(files).sort());
    for (const path in files) expect(fetched[path]).toBe(files[path]);
    const vaeAlone = await readModelFiles(memorySource(files), { parts: ['vae'] });
    expect(Object.keys(vaeAlone).sort()).toEqual([INDEX, 'vae/config.json', VAE_WEIGHTS]);
  });

  it('misses what is not there', async () => {
    await expect(readModelFiles(memorySource(without(diffusersFiles(), UNET_WEIGHTS)))).rejects.toThrow(
      MissingFileError,
    );
  });
});
