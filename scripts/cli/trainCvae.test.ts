import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { vocabularyOf, type WordColumn } from '../../runtime/dataset/attributeColumns.ts';
import * as runtime from '../../runtime/index.ts';
import { expectClose } from '../../runtime/testing/matchers.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { readConditionalVae } from '../node/readNetworks.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';
import { createProgram } from './program.ts';
import { trainCommand } from './train.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
const { conditionalVaeTrainer, defaultConditionalVaeConfig } = runtime;

beforeAll(async () => {
  vi.spyOn(runtime, 'defaultConditionalVaeConfig').mockImplementation((...of) => ({
    ...defaultConditionalVaeConfig(...of),
    block_out_channels: [8, 16, 16], // what the command does with a network is the same for a small one
  }));
  dir = await mkdtemp(join(tmpdir(), 'figment-cvae-'));
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
});

afterAll(() => {
  vi.restoreAllMocks();
  return rm(dir, { recursive: true });
});

/** Runs `figment train cvae …` for so many steps in all; returns what it prints. */
function train(out: string, steps: number, ...words: string[]): Promise<string> {
  const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', String(steps), ...words];
  return printedBy('train', 'cvae', '--data', at('data'), '--out', at(out), ...options);
}

describe('train cvae', () => {
  it('refuses to shift pictures out of sight, before an earlier run is lost', async () => {
    await train('shifted', 1);
    const mistaken = train('shifted', 1, '--overwrite', '--shift', '16');
    await expect(mistaken).rejects.toThrow('train cvae: --shift is 16; expected at most 15 px');
    expect(await readdir(at('shifted'))).toContain('checkpoint.safetensors');
  });

  it('writes cvae/ in float16, sheets of samples and of reconstructions, and goes on with --resume', async () => {
    await train('run', 1, '--latent-size', '5', '--kl-weight', '0.1', '--kl-warmup', '3');
    const names = await readdir(at('run'));
    expect(names).toEqual(
      expect.arrayContaining(['samples-000001.png', 'preview-000001.png', 'checkpoint.safetensors']),
    );
    const before = await readConditionalVae(at('run'));
    expect(before.config).toMatchObject({ latent_size: 5, num_labels: 3, sample_size: [16, 16] });
    await expect(train('run', 2, '--resume')).rejects.toThrow(
      /another loss \(--kl-weight 0.1 --kl-warmup 3 --gradient-weight 0.5, now --kl-weight 1 /,
    );
    const loss = ['--kl-weight', '0.1', '--kl-warmup', '3'];
    for (const other of [
      ['--held-out', '0.4'],
      ['--extra-data', at('data')],
    ]) {
      await expect(train('run', 2, '--resume', ...loss, ...other)).rejects.toThrow(/made with another split/);
    }
    await expect(train('run', 2, '--resume', ...loss, '--shift', '3')).rejects.toThrow(
      /made with another shiftPx \(0, now 3\)/,
    );
    await expect(train('run', 2, '--resume', ...loss, '--circular')).rejects.toThrow(/made with another circular/);
    await expect(train('run', 2, '--resume', ...loss, '--latent-size', '6')).rejects.toThrow(
      /--latent-size is 6, and the network that it goes on with has 5; leave it out/,
    );
    expect(await train('run', 2, '--resume', ...loss)).toMatch(/done: 2 steps/);
    const after = await readConditionalVae(at('run'));
    expect(after.config).toEqual(before.config);
    expect(after.weights).not.toEqual(before.weights);
    runtime.checkWeights(after.weights, runtime.conditionalVaeShapes(after.config), 'run/cvae');
  });

  it('goes on with the share of pictures without conditions that it began with; an old checkpoint does not tell it', async () => {
    await train('dropped', 1, '--cond-drop-prob', '0.5');
    await expect(train('dropped', 2, '--resume')).rejects.toThrow(/made with another condDropProb \(0.5, now 0.1\)/);
    const file = at('dropped', 'checkpoint.safetensors');
    const { state, notes } = runtime.decodeCheckpoint(new Uint8Array(await readFile(file)), file);
    const { condDropProb, ...older } = notes;
    expect(condDropProb).toBe('0.5');
    await writeFile(file, runtime.encodeCheckpoint(state, older));
    expect(await train('dropped', 2, '--resume')).toMatch(/done: 2 steps/);
  });

  it('goes on with the words of its attributes in their order', async () => {
    const [tone] = tinyAttributes() as [WordColumn];
    const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
    await writeDataset(at('worded'), { ...dataset, attributes: [tone] }, 'shapes');
    await train('spoken', 1, '--data', at('worded'));
    const turned = { ...tone, values: tone.values.toReversed() };
    await writeDataset(at('worded'), { ...dataset, attributes: [turned] }, 'shapes');
    await expect(train('spoken', 2, '--data', at('worded'), '--resume')).rejects.toThrow(
      /made with another attribute tone \(\["dark","plain","light"\], now \["light","plain","dark"\]\)/,
    );
  });

  it('begins with the weights of another run, whose labels must be as many', async () => {
    await train('next', 1, '--init-from', at('run'), '--learning-rate', '0');
    const [before, after] = [
      (await readConditionalVae(at('run'))).weights,
      (await readConditionalVae(at('next'))).weights,
    ];
    for (const [name, { data }] of before) expectClose(after.get(name)!.data, data, { absolute: 1e-3 }, name);
    await expect(train('fewer', 1, '--init-from', at('run'), '--labels', 'disc,ramp')).rejects.toThrow(
      /knows 3 labels, the data has 2; .* leave out --init-from/,
    );
  });

  it('refuses a latent size where it begins with another network', async () => {
    await expect(train('sized', 1, '--init-from', at('run'), '--latent-size', '7')).rejects.toThrow(
      /cannot be used with option '--init-from <dir>'/,
    );
  });

  it('tells that its convolutions do not wrap around', () => {
    const [command] = trainCommand().commands.filter((one) => one.name() === 'cvae');
    const { description } = command!.options.find(({ long }) => long === '--circular')!;
    expect(description).toMatch(/^for seamless tiles: augment by shifts that wrap .*; its convolutions do not$/);
  });

  it('takes the attributes of the model that it is added to, and makes pictures that know them', async () => {
    const attributes = tinyAttributes();
    const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
    await writeDataset(at('directed'), { ...dataset, attributes }, 'shapes');
    const tone = { tone: vocabularyOf(attributes).tone! };
    const files = await runtime.modelFolderFiles(tinyModelFiles({ labels: dataset.labels, attributes: tone }));
    await writeFilesAtomic(at('obedient'), files);
    await train('toned', 1, '--data', at('directed'), '--add-to', at('obedient'));
    const loaded = await runtime.loadModelFolder(diskSource(at('obedient')), { parts: ['cvae'] });
    const cvae = runtime.createConditionalVae(loaded);
    expect(cvae.config.attributes).toEqual({ tone: 3 });
    const requests = ['dark', 'light'].map((value) => ({ label: 'disc', seed: 1, attributes: { tone: value } }));
    const [dark, light] = await runtime.generate({ cvae }, requests, { pipeline: 'cvae' });
    cvae.dispose();
    expect(dark).not.toEqual(light);
    const other = train('untold', 1, '--data', at('directed'), '--add-to', at('obedient'), '--attributes', 'none');
    await expect(other).rejects.toThrow(/knows other attributes, or other values of them, than the data/);
  });

  it('goes on with a model that knows some of the attributes of the data, and learns the others', async () => {
    const attributes = tinyAttributes();
    const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
    const hat: WordColumn = {
      name: 'hat',
      values: ['no', 'yes'],
      data: Int16Array.from(dataset.classLabels, (_, i) => i % 2),
    };
    await writeDataset(at('hatted'), { ...dataset, attributes: [...attributes, hat] }, 'shapes');
    const tone = { tone: vocabularyOf(attributes).tone! };
    for (const [name, vocabulary] of Object.entries({ bare: tone, wearing: { ...tone, hat: ['no', 'yes'] } })) {
      const files = tinyModelFiles({ labels: dataset.labels, attributes: vocabulary });
      await writeFilesAtomic(at(name), await runtime.modelFolderFiles(files));
    }
    await train('bareheaded', 1, '--data', at('hatted'), '--add-to', at('bare'));
    await train(
      'hats',
      1,
      '--data',
      at('hatted'),
      '--init-from',
      at('bare'),
      '--add-to',
      at('wearing'),
      '--learning-rate',
      '1e-9',
      '--seed',
      '3',
    );
    const [before, after] = [await readConditionalVae(at('bareheaded')), await readConditionalVae(at('hats'))];
    expect(after.config.attributes).toEqual({ tone: 3, hat: 2 });
    const table = 'decoder.conditioning.attributes.tone.embedding.weight';
    const kept = before.weights.get(table)!.data.map((value) => value * Math.sqrt(3 / 2)); // a third sum is under the root
    expectClose(after.weights.get(table)!.data, kept, { absolute: 2e-3 });
  });

  it('leaves out nothing where the examples of the model decide on what is open', async () => {
    const attributes = tinyAttributes();
    const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
    await writeDataset(at('exemplary'), { ...dataset, attributes }, 'shapes');
    const tone = { tone: vocabularyOf(attributes).tone! };
    const files = tinyModelFiles({ labels: dataset.labels, attributes: tone });
    const examples = { labels: Uint8Array.of(0), values: Float32Array.of(1) };
    Object.assign(files.index.figment, { examples });
    await writeFilesAtomic(at('decided'), await runtime.modelFolderFiles(files));
    await train('decisive', 1, '--data', at('exemplary'), '--add-to', at('decided'));
    const file = at('decisive', 'checkpoint.safetensors');
    expect(runtime.decodeCheckpoint(new Uint8Array(await readFile(file)), file).notes.condDropProb).toBe('0');
  });

  it('puts the VAE into a model of the same labels, whose other files stay', async () => {
    const model = tinyModelFiles({ labels: tinyDataset().labels });
    Object.assign(model.index.figment, { attribution: 'painted by Ada' });
    const files = await runtime.modelFolderFiles(model, { dtype: 'F16' });
    await writeFilesAtomic(at('model'), files);
    await train('added', 1, '--add-to', at('model'));
    await train('added', 2, '--resume', '--add-to', at('model'));
    const source = diskSource(at('model'));
    const before = runtime.memorySource(files);
    const { hash: _old, ...kept } = await runtime.loadModelFolder(before);
    const { hash: _new, ...after } = await runtime.loadModelFolder(source);
    const { sha256, ...figment } = after.index.figment;
    expect(sha256).toMatchObject({ ...kept.index.figment.sha256, 'cvae/config.json': expect.any(String) });
    expect({ ...after, index: { ...after.index, figment } }).toEqual({
      ...kept,
      index: { ...kept.index, figment: { ...figment } },
    });
    expect(figment.attribution).toBe('painted by Ada; drawn by formula');
    const cvae = await runtime.loadModelFolder(source, { parts: ['cvae'] });
    const trained = await readConditionalVae(at('added'));
    expect([...cvae.cvae.keys()]).toEqual([...trained.weights.keys()]);
    const other = await runtime.modelFolderFiles(tinyModelFiles(), { dtype: 'F16' });
    await writeFilesAtomic(at('other'), other);
    await expect(train('none', 1, '--add-to', at('other'))).rejects.toThrow(/has the labels elf, goblin, orc/);
  });

  it('gives opaque pictures alpha for a model that was trained on them so, as train ddpm does', async () => {
    const dataset = tinyDataset({ widthPx: 16, heightPx: 16 });
    const images = dataset.images.filter((_, i) => i % 4 !== 3);
    const opaque = { ...dataset, channels: 3 as const, images, attribution: 'drawn by formula' };
    await writeDataset(at('rgb'), opaque, 'shapes');
    await writeFilesAtomic(at('alpha'), await runtime.modelFolderFiles(tinyModelFiles({ labels: dataset.labels })));
    await train('opaque', 1, '--data', at('rgb'), '--add-to', at('alpha'));
    const loaded = await runtime.loadModelFolder(diskSource(at('alpha')), { parts: ['cvae'] });
    expect(loaded.cvaeConfig).toMatchObject({ in_channels: 4 });
    await writeFilesAtomic(at('plain'), await runtime.modelFolderFiles(tinyModelFiles({ channels: 3 })));
    await expect(train('none', 1, '--add-to', at('plain'))).rejects.toThrow(
      /^train cvae: the pictures have alpha, which the model does not take/,
    );
  });

  it('keeps what the model was given while it trained', async () => {
    const labels = tinyDataset().labels;
    const before = await runtime.modelFolderFiles(tinyModelFiles({ labels, seed: 2 }));
    const after = await runtime.modelFolderFiles(tinyModelFiles({ labels, seed: 3 }));
    await writeFilesAtomic(at('busy'), before);
    const begun = vi.spyOn(runtime, 'conditionalVaeTrainer').mockImplementationOnce((...of) => {
      for (const [path, bytes] of Object.entries(after)) writeFileSync(at('busy', path), bytes);
      return conditionalVaeTrainer(...of);
    });
    await train('meanwhile', 1, '--add-to', at('busy'));
    begun.mockRestore();
    const { unet } = await runtime.loadModelFolder(diskSource(at('busy')));
    expect(unet).toEqual((await runtime.loadModelFolder(runtime.memorySource(after))).unet);
    const { cvae } = await runtime.loadModelFolder(diskSource(at('busy')), { parts: ['cvae'] });
    expect([...cvae.keys()]).toEqual([...(await readConditionalVae(at('meanwhile'))).weights.keys()]);
  });

  it('refuses a model and a network whose pictures are of another size, and leaves the model as it is', async () => {
    const files = await runtime.modelFolderFiles(tinyModelFiles({ labels: tinyDataset().labels, sizePx: 32 }));
    await writeFilesAtomic(at('large'), files);
    await expect(train('none', 1, '--add-to', at('large'))).rejects.toThrow(
      /large makes 32×32 px with 4 channels, the data are 16×16 px with 4 channels; name the data that the model/,
    );
    expect(await readdir(at('large'))).not.toContain('cvae');
    await expect(train('none', 1, '--init-from', at('run'), '--shrink', '2')).rejects.toThrow(
      /run makes 16×16 px with 4 channels, the data are 8×8 px with 4 channels; leave out --init-from/,
    );
  });

  it('refuses pictures that it cannot halve as often as it has levels', async () => {
    await expect(train('odd', 1, '--shrink', '4')).rejects.toThrow(/pictures are 4×4 px; expected multiples of 8/);
  });

  it('asks how long', async () => {
    const words = ['train', 'cvae', '--data', at('data'), '--out', at('none')];
    await expect(createProgram().parseAsync(words, { from: 'user' })).rejects.toThrow('--steps n or --minutes n');
  });
});
