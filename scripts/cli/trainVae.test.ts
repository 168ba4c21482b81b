import { appendFile, cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import type { WordColumn } from '../../runtime/dataset/attributeColumns.ts';
import * as runtime from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import * as openModel from '../node/openModel.ts';
import { readVae } from '../node/readNetworks.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { saveEachStep } from '../testing/saveEachStep.ts';
import { createProgram } from './program.ts';
import * as trainingPreviews from './trainingPreviews.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-vae-'));
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles(), { dtype: 'F16' }));
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs `figment train vae …` for so many steps in all; returns what it prints. */
async function train(out: string, steps: number, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', String(steps), ...words];
  try {
    const all = ['train', 'vae', '--data', at('data'), '--out', at(out), ...options];
    await createProgram().parseAsync(all, { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

it('refuses sizes of a new network where it begins with another', async () => {
  await expect(train('sized', 1, '--init-from', at('model'), '--widths', '8,16')).rejects.toThrow(
    /cannot be used with option '--init-from <dir>'/,
  );
  await expect(train('sized', 1, '--init-from', at('model'), '--latent-channels', '2')).rejects.toThrow(
    /--latent-channels is 2, and the network that it goes on with has 4/,
  );
});

it('gives the latents of the model that it begins with more channels', async () => {
  const wider = ['--init-from', at('model'), '--latent-channels', '6'];
  await train('wider', 1, ...wider);
  expect((await readVae(at('wider'))).config).toMatchObject({ latent_channels: 6, latents_mean: null });
  expect(await train('wider', 2, '--resume')).toMatch(/done: 2 steps/);
  expect(await train('wider', 3, '--resume', ...wider)).toMatch(/done: 3 steps/);
  await expect(train('frozen-wider', 1, ...wider, '--freeze-encoder')).rejects.toThrow(/cannot be used with/);
});

describe('train vae --resume', () => {
  it('takes the config from the run itself', async () => {
    await train('plain', 1, '--init-from', at('model'));
    expect(await train('plain', 2, '--resume')).toMatch(/done: 2 steps/);
    const { config } = await readVae(at('plain'));
    expect(config).toEqual((await readVae(at('model'))).config);
    const [widths, channels] = [config.block_out_channels.join(), String(config.latent_channels)];
    const more = await train('plain', 3, '--resume', '--widths', widths, '--latent-channels', channels);
    expect(more, 'the same sizes').toMatch(/done: 3 steps/);
    await expect(train('plain', 4, '--resume', '--widths', '8,8,8')).rejects.toThrow(
      `train vae: --widths is 8,8,8, and the network that it goes on with has ${widths}; leave it out, or start over`,
    );
    await expect(train('plain', 4, '--resume', '--patch-size', '4')).rejects.toThrow(/--patch-size is 4, .* has 1;/);
  });

  it('begins RGB data with the auto-encoder of an RGBA model', async () => {
    const rgba = tinyDataset({ widthPx: 16, heightPx: 16 });
    const rgb = { ...rgba, channels: 3 as const, images: rgba.images.filter((_, i) => i % 4 !== 3) };
    await writeDataset(at('rgb'), { ...rgb, attribution: 'drawn by formula' }, 'shapes');
    expect(await train('opaque', 1, '--data', at('rgb'), '--init-from', at('model'))).toMatch(/done: 1 steps/);
    expect((await readVae(at('opaque'))).config).toMatchObject({ in_channels: 3, out_channels: 3 });
  });

  it('goes on with the loss that it began with', async () => {
    await train('lossy', 1, '--init-from', at('model'), '--l2-weight', '2', '--channel-weights', '1,1,1,2');
    await expect(train('lossy', 2, '--resume', '--channel-weights', '1,1,1,2')).rejects.toThrow(
      /made with another l2Weight \(2, now the usual one\)/,
    );
    await expect(train('lossy', 2, '--resume', '--l2-weight', '2', '--kl-weight', '1')).rejects.toThrow(
      /made with another (channelWeights \(1,1,1,2, now the usual one\)|klWeight)/,
    );
    expect(await train('lossy', 2, '--resume', '--l2-weight', '2', '--channel-weights', '1,1,1,2')).toMatch(/done: 2/);
  });

  it('goes on with pictures that are altered as they were', async () => {
    await train('moved', 1, '--init-from', at('model'), '--shift', '2');
    await expect(train('moved', 2, '--resume')).rejects.toThrow(/made with another shiftPx \(2, now 0\)/);
    await expect(train('moved', 2, '--resume', '--shift', '2', '--flip')).rejects.toThrow(
      /made with another flip \(false, now true\)/,
    );
    expect(await train('moved', 2, '--resume', '--shift', '2')).toMatch(/done: 2 steps/);
  });

  it('goes on with what its latents tell, which is no part of what it saves', async () => {
    const directed = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attributes: tinyAttributes() };
    await writeDataset(at('directed'), { ...directed, attribution: 'drawn by formula' }, 'shapes');
    const told = ['--data', at('directed'), '--condition-weight', '0.5'];
    await train('told', 1, '--init-from', at('model'), ...told);
    await expect(train('told', 2, '--resume', '--data', at('directed'))).rejects.toThrow(
      /made with another conditionWeight/,
    );
    expect(await train('told', 2, '--resume', ...told)).toMatch(/done: 2 steps/);
    const [tone] = tinyAttributes() as [WordColumn];
    const turned = [{ ...tone, values: tone.values.toReversed() }, ...tinyAttributes().slice(1)];
    await writeDataset(at('turned'), { ...directed, attributes: turned, attribution: 'drawn by formula' }, 'shapes');
    await expect(train('told', 3, '--resume', ...told, '--data', at('turned'))).rejects.toThrow(
      /made with another attribute tone/,
    );
    expect([...(await readVae(at('told'))).weights.keys()].filter((name) => name.startsWith('condition'))).toEqual([]);
    expect(await train('labels', 1, '--condition-weight', '0.5')).toMatch(/done: 1 steps/);
    await expect(train('untold', 1, ...told, '--freeze-encoder')).rejects.toThrow(/cannot be used with/);
  });

  it('names --init-from when the checkpoint is of a network of other sizes', async () => {
    await train('wide', 1, '--init-from', at('model'));
    await rm(at('wide', 'vae'), { recursive: true });
    await expect(train('wide', 2, '--resume')).rejects.toThrow(/other sizes; go on with the --init-from/);
  });

  it('goes on with the encoder frozen, or trained, as before, and names the option otherwise', async () => {
    await train('frozen', 1, '--init-from', at('model'), '--freeze-encoder');
    await expect(train('frozen', 2, '--resume')).rejects.toThrow(/made with --freeze-encoder; add --freeze-encoder/);
    expect(await train('frozen', 2, '--resume', '--freeze-encoder')).toMatch(/done: 2 steps/);
    await train('thawed', 1, '--init-from', at('model'));
    await expect(train('thawed', 2, '--resume', '--freeze-encoder')).rejects.toThrow(
      /made without --freeze-encoder; leave it out, or start again .* --init-from .*thawed/,
    );
  });
});

it('wraps as the model does that it begins with, unless told otherwise', async () => {
  const files = await runtime.modelFolderFiles(tinyModelFiles({ circularPadding: true }), { dtype: 'F16' });
  await writeFilesAtomic(at('wrapping'), files);
  const trained = async (out: string, ...words: string[]) => {
    await train(out, 1, '--init-from', at('wrapping'), ...words);
    return (await readVae(at(out))).weights;
  };
  const usual = await trained('as-it-does');
  expect(usual).toEqual(await trained('asked', '--circular'));
  expect(usual).not.toEqual(await trained('not', '--no-circular'));
});

describe('train vae --freeze-encoder', () => {
  const load = (name: string) => runtime.loadModelFolder(diskSource(at(name)));
  const isEncoder = (name: string) => name.startsWith('encoder.') || name.startsWith('quant_conv.');

  it('gives a whole model a better decoder, and keeps the rest to the bit', async () => {
    await train('better', 3, '--init-from', at('model'), '--freeze-encoder', '--learning-rate', '0.01');
    const [before, after] = [await load('model'), await load('better')];
    for (const path of ['unet/config.json', `unet/${WEIGHTS_FILE}`, 'scheduler/scheduler_config.json']) {
      expect(await readFile(at('better', path)), path).toEqual(await readFile(at('model', path)));
    }
    const { sha256, ...figment } = before.index.figment;
    const credit = { licence: 'CC0-1.0; unknown', attribution: 'drawn by formula' }; // of data and model
    const decoder = await runtime.findDecoder(await readFile(at('better', 'vae', WEIGHTS_FILE)), 'vae');
    expect(decoder).not.toEqual(figment.decoder);
    const renewed = { ...figment, ...credit, decoder, sha256: expect.anything() };
    expect(after.index).toEqual({ ...before.index, figment: renewed });
    expect(Object.keys(after.index.figment.sha256).sort()).toEqual(Object.keys(sha256).sort());
    expect(after.vaeConfig).toEqual(before.vaeConfig);
    expect(await readFile(at('better', 'pipeline.py'), 'utf8')).toContain('DiffusionPipeline');
    for (const [name, { data }] of before.vae) {
      const isKept = data.every((value, i) => value === after.vae.get(name)!.data[i]);
      expect(isKept, name).toBe(isEncoder(name));
    }
  });

  it('forgets where the colours of a palette came out of the old decoder, also where that was found again meanwhile', async () => {
    const palette = {
      colours: Buffer.alloc(6, 9).toString('base64'),
      logits: Buffer.alloc(2 * 4).toString('base64'), // of three labels and "any"
      deviation: 0.03,
      sure: 0.9,
      offsets: Buffer.alloc(6, 1).toString('base64'),
    };
    const files = await runtime.modelFolderFiles(tinyModelFiles(), { dtype: 'F16' });
    const { figment, ...entries } = JSON.parse(new TextDecoder().decode(files['model_index.json']));
    const known = Buffer.from(JSON.stringify({ ...entries, figment: { ...figment, palette } }));
    await writeFilesAtomic(at('coloured'), { ...files, 'model_index.json': known });
    const indexOf = async () => JSON.parse(await readFile(at('uncoloured', 'model_index.json'), 'utf8'));
    const printed = await train('uncoloured', 1, '--init-from', at('coloured'), '--freeze-encoder');
    expect(printed).toMatch(/the palette forgets where; run figment palette on the new model/);
    const { offsets: _, ...others } = palette;
    const index = await indexOf();
    expect(index.figment.palette).toEqual(others);
    index.figment.palette = palette;
    await writeFilesAtomic(at('uncoloured'), { 'model_index.json': Buffer.from(JSON.stringify(index)) });
    await train('uncoloured', 2, '--init-from', at('coloured'), '--freeze-encoder', '--resume');
    expect((await indexOf()).figment.palette).toEqual(others);
  });

  it('keeps what its model is given after it was saved first', async () => {
    const { writeReconstructions } = trainingPreviews;
    const begun = vi.spyOn(trainingPreviews, 'writeReconstructions').mockImplementationOnce(async (out, ...of) => {
      const index = JSON.parse(await readFile(join(out, 'model_index.json'), 'utf8'));
      const given = { ...index, figment: { ...index.figment, regions: { mood: ['#'] } } };
      await writeFilesAtomic(out, { 'model_index.json': Buffer.from(JSON.stringify(given)) });
      return writeReconstructions(out, ...of);
    });
    saveEachStep();
    await train('given', 2, '--init-from', at('model'), '--freeze-encoder');
    expect(begun).toHaveBeenCalledTimes(3); // for two steps and the end
    begun.mockRestore();
    const { figment } = JSON.parse(await readFile(at('given', 'model_index.json'), 'utf8'));
    expect(figment.regions).toEqual({ mood: ['#'] });
  });

  it('goes on with --resume, and writes a whole model again', async () => {
    await cp(at('better'), at('resumed'), { recursive: true });
    await train('resumed', 4, '--resume', '--freeze-encoder');
    const [before, after] = [await load('better'), await load('resumed')];
    expect(after.unet).toEqual(before.unet);
    expect(after.vae).not.toEqual(before.vae);
  });

  it('writes vae/ alone when the folder to begin with is no whole model', async () => {
    await cp(at('model', 'vae'), at('alone', 'vae'), { recursive: true });
    await train('decoder', 1, '--init-from', at('alone'), '--freeze-encoder');
    await expect(load('decoder')).rejects.toThrow(/model_index.json/);
    expect((await readVae(at('decoder'))).config).toEqual((await readVae(at('model'))).config);
  });

  it('refuses to freeze an encoder that has learned nothing', async () => {
    await expect(train('random', 1, '--freeze-encoder')).rejects.toThrow(
      /^train vae: --freeze-encoder .*; say whose it is with --init-from$/,
    );
  });

  it('follows the padding that the model is used with', async () => {
    const files = await runtime.modelFolderFiles(tinyModelFiles({ circularPadding: true }), { dtype: 'F16' });
    await writeFilesAtomic(at('tiles'), files);
    await train('tiles-1', 1, '--init-from', at('tiles'), '--freeze-encoder');
    await train('tiles-2', 1, '--init-from', at('tiles'), '--freeze-encoder', '--circular');
    expect((await load('tiles-1')).vae).toEqual((await load('tiles-2')).vae);
    await train('tiles-3', 1, '--init-from', at('model'), '--freeze-encoder');
    expect((await load('tiles-1')).vae).not.toEqual((await load('tiles-3')).vae);
  });

  it('refuses to put latents of another kind into a whole model', async () => {
    await cp(at('model'), at('whole'), { recursive: true });
    await expect(train('whole', 1, '--init-from', at('model'), '--overwrite')).rejects.toThrow(
      /whole holds a whole model, .* --freeze-encoder --init-from .*whole/,
    );
    expect((await load('whole')).vae).toEqual((await load('model')).vae);
  });
});

describe('train vae --latents-of', () => {
  const load = (name: string) => runtime.loadModelFolder(diskSource(at(name)));
  const light = (...words: string[]) => ['--latents-of', at('model'), '--patch-size', '2', '--widths', '16', ...words];

  it('gives a whole model a lighter auto-encoder, and keeps the rest to the bit', async () => {
    expect(await train('light', 2, ...light())).toMatch(/done: 2 steps/);
    const [before, after] = [await load('model'), await load('light')];
    expect([after.unet, after.unetConfig, after.schedulerConfig]).toEqual([
      before.unet,
      before.unetConfig,
      before.schedulerConfig,
    ]);
    expect(after.index.figment).toMatchObject({ licence: 'CC0-1.0; unknown', attribution: 'drawn by formula' });
    const { latents_mean, latents_std, latent_channels } = runtime.parseAutoencoderKlConfig(before.vaeConfig);
    expect(after.vaeConfig).toMatchObject({ patch_size: 2, in_channels: 16, block_out_channels: [16] });
    expect(after.vaeConfig).toMatchObject({ latents_mean, latents_std, latent_channels });
    const model = runtime.createModel(after);
    const [picture] = await runtime.generate(model, [{ label: 'elf', seed: 1 }], { numInferenceSteps: 1 });
    model.dispose();
    expect(picture).toHaveLength(16 * 16 * 4);
  });

  it('takes the model by its name', async () => {
    const named = vi.spyOn(openModel, 'modelFolder').mockReturnValueOnce(at('model'));
    onTestFinished(() => named.mockRestore());
    expect(await train('light-of-name', 1, ...light('--latents-of', 'tiny'))).toMatch(/done: 1 steps/);
    expect(named).toHaveBeenCalledWith('tiny');
  });

  it('goes on with --resume, and names what is missing', async () => {
    await expect(train('light', 3, '--resume')).rejects.toThrow(/--latents-of/);
    const before = await load('light');
    expect(await train('light', 3, '--resume', ...light())).toMatch(/done: 3 steps/);
    expect((await load('light')).vae).not.toEqual(before.vae);
  });

  it('is one that figment train ddpm takes', async () => {
    vi.spyOn(console, 'log').mockImplementation(() => {});
    const options = ['--data', at('data'), '--vae', at('light'), '--backend', 'wasm', '--batch', '2', '--steps', '1'];
    await createProgram().parseAsync(['train', 'ddpm', ...options, '--out', at('on-light')], { from: 'user' });
    const { vaeConfig, vae } = await load('on-light');
    expect(vaeConfig).toMatchObject({ patch_size: 2, in_channels: 16 });
    expect([...vae.keys()]).toEqual([...(await load('light')).vae.keys()]);
  });

  it('refuses widths that the groups of its norms do not divide, as a mistake of an option', async () => {
    const odd = train('odd', 1, '--widths', '33');
    await expect(odd).rejects.toThrow(/--widths: norm_num_groups 8 does not divide 33 channels/);
    await expect(odd).rejects.toMatchObject({ name: 'UsageError' });
  });

  it('refuses latents of other sizes, other channels, and a folder without a model', async () => {
    await expect(train('uneven', 1, '--widths', '8,16,16', '--patch-size', '8')).rejects.toThrow(
      /would stand for 32×32 pixels, by 3 levels and patches of 8×8, but 16×16 is no multiple .*; give fewer --widths/,
    );
    await expect(train('small', 1, '--latents-of', at('model'), '--widths', '8,16,16')).rejects.toThrow(
      /stands for 4×4 pixels, that of the teacher for 2×2/,
    );
    await expect(train('opaque-light', 1, '--data', at('rgb'), ...light())).rejects.toThrow(
      /auto-encoder of --latents-of .*model takes 4 channels, the data have 3/,
    );
    await expect(train('none', 1, '--latents-of', at('data'), '--widths', '8')).rejects.toThrow(
      /--latents-of .*data: there is no model_index.json; name a whole model/,
    );
  });
});

describe('a folder with a run', () => {
  it('is kept unless it is told to go', async () => {
    await train('kept', 2, '--init-from', at('model'));
    const checkpoint = await readFile(at('kept', 'checkpoint.safetensors'));
    await expect(train('kept', 1, '--init-from', at('model'))).rejects.toThrow(/--resume, .* --out, or .* --overwrite/);
    const mistaken = train('kept', 1, '--init-from', at('model'), '--overwrite', '--shift', '16');
    await expect(mistaken).rejects.toThrow('train vae: --shift is 16; expected at most 15 px');
    expect(await readFile(at('kept', 'checkpoint.safetensors'))).toEqual(checkpoint);
    await train('kept', 1, '--init-from', at('model'), '--overwrite');
    expect(await logged('kept')).toEqual([1]);
    expect(await readdir(at('kept'))).not.toContain('preview-000002.png');
  });

  it('has each step in its log once after a kill', async () => {
    await train('killed', 2, '--init-from', at('model'));
    await appendFile(at('killed', 'log.jsonl'), '{"step":3,"loss":1}\n{"step":4,"lo');
    await train('killed', 4, '--resume');
    expect(await logged('killed')).toEqual([1, 2, 3, 4]);
  });

  it('has its model after all where it was killed between the last checkpoint and that', async () => {
    await train('late', 1, '--init-from', at('model'));
    const before = await readVae(at('late'));
    await rm(at('late', 'vae'), { recursive: true });
    const printed = await train('late', 1, '--resume', '--init-from', at('model'));
    expect(printed).toMatch(/all 1 steps were done before; raise --steps or --minutes/);
    expect(await readVae(at('late'))).toEqual(before);
    expect(await logged('late')).toEqual([1]);
  });

  it('ends with the code of the signal, and goes on from there', async () => {
    const training = train('stopped', 100_000, '--init-from', at('model'));
    await vi.waitUntil(async () => (await logged('stopped').catch(() => [])).length > 0, { timeout: 60_000 });
    process.kill(process.pid, 'SIGTERM');
    await expect(training).rejects.toMatchObject({
      name: 'InterruptError',
      exitCode: 143,
      message: expect.stringMatching(/^train vae: interrupted after \d+ steps, .*; go on with --resume$/),
    });
    const steps = await logged('stopped');
    await train('stopped', steps.length + 1, '--resume');
    expect(await logged('stopped')).toEqual([...steps, steps.length + 1]);
  });
});

/** The numbers of the steps in a run's log. */
async function logged(name: string): Promise<number[]> {
  const lines = (await readFile(at(name, 'log.jsonl'), 'utf8')).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line).step);
}
