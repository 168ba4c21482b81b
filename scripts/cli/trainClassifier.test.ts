import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { pixelFolder } from '../../runtime/testing/foreignFolders.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import * as openModel from '../node/openModel.ts';
import { encodePng } from '../node/png.ts';
import { readDataset } from '../node/readDataset.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
const dataset = tinyDataset({ widthPx: 16, heightPx: 16 });

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-classifier-'));
  await writeDataset(at('data'), { ...dataset, attribution: 'drawn by formula' }, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles(), { dtype: 'F16' }));
  // Two folders of opaque pictures, as a person has them.
  const size = 16 * 16 * 4;
  for (let i = 0; i < 12; i++) {
    const image = dataset.images.subarray(i * size, (i + 1) * size);
    const folder = at('folders', i % 3 === 0 ? 'stripes' : 'none');
    await mkdir(folder, { recursive: true });
    const pixels = image.filter((_, j) => j % 4 !== 3);
    await writeFile(join(folder, `${i}.png`), encodePng({ width: 16, height: 16, channels: 3, pixels }));
  }
});

afterAll(() => rm(dir, { recursive: true }));

const train = (out: string, data: string, ...words: string[]) =>
  printedBy(
    ...['train', 'classifier', '--data', at(data), '--model', at('model'), '--out', at(out)],
    ...['--backend', 'wasm', '--batch', '4', '--held-out', '0.2', ...words],
  );

const load = (name: string) => runtime.loadClassifierFolder(diskSource(at(name)));

describe('train classifier', () => {
  it('makes a classifier of the labels, which fits the model, with a card and accuracies by noise level', async () => {
    const printed = await train('run', 'data', '--steps', '2', '--flip');
    expect(printed).toMatch(/15 images, 3 held out/);
    expect(printed).toMatch(/t +signal ᾱ +accuracy +log loss\n +0 +1.00 /);
    expect(printed).toMatch(/train classifier: done: 2 steps, 8 images/);
    const files = await load('run');
    expect(files.index).toMatchObject({
      labels: dataset.labels,
      figment: { name: 'run', licence: 'CC0-1.0; unknown', attribution: 'drawn by formula', model: { name: 'tiny' } },
    });
    const model = runtime.createModel(await runtime.loadModelFolder(diskSource(at('model'))));
    expect(files.index.figment.model.vaeSha256).toBe(
      model.index.figment.sha256['vae/diffusion_pytorch_model.safetensors'],
    );
    const classifier = runtime.createNoisyClassifier(files);
    const steering = { classifier, classifierLabel: dataset.labels[1], classifierScale: 5 };
    expect(await runtime.generate(model, [{ label: 'elf', seed: 1 }], steering)).toHaveLength(1);
    model.dispose();
    classifier.dispose();
    const { accuracies, numTrained } = JSON.parse(await readFile(at('run', 'metrics.json'), 'utf8'));
    expect(numTrained).toBe(15);
    expect(accuracies.map(({ t }: runtime.NoisyAccuracy) => t)).toEqual(runtime.noisyTimesteps(model.scheduler));
    expect(await readFile(at('run', 'README.md'), 'utf8')).toMatch(/# run\n[\s\S]*\| 999 \| /);
  });

  it('takes two folders of opaque pictures for a model with alpha, and few of them', async () => {
    const printed = await train('folders-run', 'folders', '--steps', '1', '--held-out', '0');
    expect((await load('folders-run')).index.labels).toEqual(['none', 'stripes']);
    expect(printed).toMatch(/no picture is held out to tell how well it recognises them; raise --held-out/);
    expect(JSON.parse(await readFile(at('folders-run', 'metrics.json'), 'utf8'))).toMatchObject({ accuracies: [] });
    expect(await readFile(at('folders-run', 'README.md'), 'utf8')).toMatch(/No picture was held out[^|]*$/);
  });

  it('goes on from where it was, with the latents that it encoded', async () => {
    await train('parts', 'data', '--steps', '2');
    const before = await load('parts');
    const printed = await train('parts', 'data', '--steps', '3', '--resume');
    expect(printed).toMatch(/15 images encoded before[\s\S]*done: 3 steps, 12 images/);
    expect((await load('parts')).weights).not.toEqual(before.weights);
    await expect(train('parts', 'folders', '--steps', '4', '--resume')).rejects.toThrow(/made with another dataset/);
  });

  it('refuses to begin with a classifier of other labels, or for a model that tiles, before it trains', async () => {
    await expect(train('no', 'data', '--steps', '1', '--init-from', at('folders-run'))).rejects.toThrow(
      /--init-from .*folders-run is of 2 labels, .*, this training of 3 labels, .*, or leave out --init-from$/,
    );
    const tiles = await runtime.modelFolderFiles(tinyModelFiles({ circularPadding: true }), { dtype: 'F16' });
    await writeFilesAtomic(at('tiles'), tiles);
    const begun = train('no', 'data', '--steps', '1', '--init-from', at('run'), '--model', at('tiles'));
    await expect(begun).rejects.toThrow(/run is of 3 labels, .* end at the borders, .* of 3 labels, .* wrap around;/);
    expect(existsSync(at('no', 'log.jsonl'))).toBe(false);
    expect(await train('next', 'data', '--steps', '1', '--init-from', at('run'))).toMatch(/done: 1 steps/);
  });

  it('begins with a shipped classifier by its name', async () => {
    const named = vi.spyOn(openModel, 'shippedClassifierFolder').mockReturnValueOnce(at('run'));
    onTestFinished(() => named.mockRestore());
    expect(await train('named', 'data', '--steps', '1', '--init-from', 'shapes')).toMatch(/done: 1 steps/);
    expect(named).toHaveBeenCalledWith('shapes');
  });

  it('refuses pictures of another size, a model that is not there, and no end', async () => {
    await expect(train('no', 'data', '--steps', '1', '--shrink', '2')).rejects.toThrow(
      /8×8 px, those of the model 16×16/,
    );
    await expect(train('no', 'data')).rejects.toThrow(/say how long/);
    const elsewhere = ['train', 'classifier', '--data', at('data'), '--model', 'portrait', '--out', at('no')];
    await expect(printedBy(...elsewhere, '--steps', '1')).rejects.toThrow(/did you mean "portraits"/);
  });

  it('refuses a model of pixels, and pictures of one label', async () => {
    await writeFilesAtomic(at('pixels'), pixelFolder());
    await expect(train('no', 'data', '--steps', '1', '--model', at('pixels'))).rejects.toThrow(
      /^train classifier: .*pixels has no auto-encoder, .*; name a model that was trained with --vae$/,
    );
    await expect(train('no', 'data', '--steps', '1', '--labels', 'disc')).rejects.toThrow(
      'train classifier: all pictures are of the label disc; expected two labels or more',
    );
  });
});

describe('dataset relabel', () => {
  it('takes the table of class folders, which names files', async () => {
    const pictures = ['hat/1.png', 'hat/2.png', 'cap/1.png', 'cap/2.png'].map((path, i): [string, Uint8Array] => [
      path,
      encodePng({ width: 16, height: 16, channels: 3, pixels: new Uint8Array(768).fill(i) }),
    ]);
    await writeFilesAtomic(at('named'), Object.fromEntries(pictures));
    await writeFile(at('files.csv'), 'label,file,colour\ncap,2.png,red\nhat,2.png,blue\nhat,1.png,red\ncap,1.png,blue');
    const told = await printedBy(
      ...['dataset', 'relabel', '--data', at('named'), '--attributes', at('files.csv'), '--column', 'colour'],
      ...['--group', 'warm=red', '--group', 'cold=*', '--out', at('warmth')],
    );
    expect(told).toMatch(/4 images with 2 labels/);
    const { images, labels, classLabels } = await readDataset(at('warmth'));
    const shown = Array.from(classLabels, (label, i) => `${labels[label]} ${images[i * 768]}`);
    expect(shown.sort()).toEqual(['cold 1', 'cold 2', 'warm 0', 'warm 3']);
  });

  it('tells files apart whose label and name are the same together', async () => {
    const [one, other] = [0, 9].map((grey) =>
      encodePng({ width: 16, height: 16, channels: 3, pixels: new Uint8Array(768).fill(grey) }),
    );
    await writeFilesAtomic(at('blanks'), { 'red/hat 1.png': one!, 'red hat/1.png': other! });
    await writeFile(at('blanks.csv'), 'label,file,colour\nred,hat 1.png,dark\nred hat,1.png,light');
    const told = await printedBy(
      ...['dataset', 'relabel', '--data', at('blanks'), '--attributes', at('blanks.csv'), '--column', 'colour'],
      ...['--group', 'night=dark', '--group', 'day=light', '--out', at('hours')],
    );
    expect(told).toMatch(/2 images with 2 labels/);
    const { images, classLabels } = await readDataset(at('hours'));
    expect(Array.from(classLabels, (label, i) => [label, images[i * 768]])).toEqual([
      [0, 0],
      [1, 9],
    ]);
  });

  it('gives pictures new labels by a column of a table', async () => {
    const rows = dataset.labels.flatMap((label) =>
      Array.from({ length: 6 }, (_, tile) => `${label},${tile},${tile < 2 ? 'red' : 'blue'}`),
    );
    await writeFile(at('table.csv'), ['\uFEFFlabel,tile,colour', '', ...rows].join('\r\n')); // as spreadsheets write it
    const relabel = (out: string, ...words: string[]) =>
      printedBy(
        ...['dataset', 'relabel', '--data', at('data'), '--attributes', at('table.csv'), '--out', at(out)],
        ...['--column', 'colour', '--group', 'warm=red', '--group', 'cold=*', ...words],
      );
    expect(await relabel('colours')).toMatch(/18 images with 2 labels/);
    expect(await relabel('matched', '--matched')).toMatch(/12 images with 2 labels/);
    await expect(relabel('again', '--column', 'hue')).rejects.toThrow(/table.csv has no column "hue"/);
    await expect(relabel('again', '--column', 'constructor')).rejects.toThrow(/has no column "constructor"/);
    await expect(relabel('again', '--group', 'warm=green')).rejects.toThrow(/"warm" is there already/);
    await expect(relabel('again', '--group', 'hot=red')).rejects.toThrow(/"red" is in another group already/);
    await expect(relabel('again', '--group', ' warm =green')).rejects.toThrow(/"warm" is there already/);
    await expect(relabel('again', '--group', ' =green')).rejects.toThrow(/expected label=value,value or label=\*/);
    await expect(relabel('again', '--group', `${'m'.repeat(201)}=green`)).rejects.toThrow(/longer than 200 characters/);
    await expect(relabel('again', '--group', 'mi\tld=green')).rejects.toThrow(/without control characters/);
    await expect(relabel('again', '--group', 'mild=greem')).rejects.toThrow(
      /^dataset relabel: no picture has "greem", .*; did you mean "red"/,
    );
    await writeFile(at('table.csv'), ['label,tile,colour', ...rows, 'stripes,0,blue'].join('\n'));
    await expect(relabel('again')).rejects.toThrow(/table.csv tells of tile 0 of "stripes" twice/);
    await writeFile(at('table.csv'), ['label,tile,colour', ...rows.slice(1)].join('\n'));
    await expect(relabel('again')).rejects.toThrow(/has no line for tile 0 of "stripes"/);
    for (const [lacking, first] of [
      ['label', 'name,tile,colour'],
      ['tile', 'label,place,colour'],
    ]) {
      await writeFile(at('table.csv'), [first, ...rows].join('\n'));
      await expect(relabel('again')).rejects.toThrow(
        `table.csv has no column "${lacking}"; add it, since label and tile tell which picture`,
      );
    }
    await writeFile(at('table.csv'), Buffer.from(['label,tile,colour', ...rows, 'dots,6,doré'].join('\n'), 'latin1'));
    await expect(relabel('again')).rejects.toThrow(/^dataset relabel: .*table.csv: expected UTF-8 text/);
    await expect(relabel('again', '--attributes', at('data'))).rejects.toThrow(
      `dataset relabel: ${at('data')} cannot be read (EISDIR); expected a CSV file`,
    );
    await writeFile(at('table.csv'), 'label,tile,colour\n\nstripes,0');
    await expect(relabel('again')).rejects.toThrow(/line 3 has 2 values; expected 3/);
    await writeFile(at('table.csv'), 'label,tile,colour\nstripes,0');
    await expect(relabel('again')).rejects.toThrow(/line 2 has 2 values; expected 3/);
  });
});
