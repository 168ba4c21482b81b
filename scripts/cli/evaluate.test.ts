import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { ANY } from '../../runtime/core/attributes.ts';
import { vocabularyOf } from '../../runtime/dataset/attributeColumns.ts';
import * as runtime from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { modelFolderFiles } from '../../runtime/weights/modelFolderFiles.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import * as openModel from '../node/openModel.ts';
import { decodePng, readPngText } from '../node/png.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { evaluateCommand } from './evaluate.ts';
import { createProgram } from './program.ts';

let dir: string;
const at = (name: string) => join(dir, name);
const { defaultClassifierConfig } = runtime;

beforeAll(async () => {
  vi.spyOn(runtime, 'defaultClassifierConfig').mockImplementation((data) => ({
    ...defaultClassifierConfig(data),
    block_out_channels: [16, 32, 32], // enough for three shapes
  }));
  dir = await mkdtemp(join(tmpdir(), 'figment-evaluate-'));
  const dataset = { ...tinyDataset({ perClass: 12, widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  await writeModel('model', dataset.labels);
  await writeModel('stranger', ['elf', 'goblin', 'disc']);
  await writeModel('large', dataset.labels, 32);
  await writeModel('tiles', dataset.labels, 16, true);
});

afterAll(() => {
  vi.restoreAllMocks();
  return rm(dir, { recursive: true });
});

async function writeModel(name: string, labels: string[], sizePx = 16, circularPadding = false): Promise<void> {
  await writeFilesAtomic(at(name), await modelFolderFiles(tinyModelFiles({ labels, sizePx, circularPadding })));
}

const FAST = ['--classifier-steps', '30', '--steps', '2', '--images-per-class', '3', '--held-out', '0.4'];

/** Runs `figment evaluate …`; returns what it prints. */
async function run(model: string, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    const command = evaluateCommand().exitOverride();
    command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
    const shared = ['--data', at('data'), '--classifier', at('judge.safetensors'), '--backend', 'wasm'];
    await command.parseAsync([model, ...shared, '--workers', '1', ...words], { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

it('measures a model and writes metrics and a contact sheet', async () => {
  const printed = await run(at('model'), ...FAST, '--out', at('report'));
  expect(printed).toMatch(/classifier trained and stored/);
  expect(printed).toMatch(/held-out +\d\.\d{3}/);
  expect(await readdir(at('report'))).toEqual(['contact-sheet.png', 'metrics.json']);
  const metrics = JSON.parse(await readFile(at('report/metrics.json'), 'utf8'));
  expect(metrics).toMatchObject({
    data: { name: 'tiny', numTrainImages: 21, numHeldOutImages: 15, heldOutShare: 0.4, splitSeed: 0 },
    recipe: { sampler: 'ddim', numInferenceSteps: 2, guidanceScales: [1, 2, 4], imagesPerClass: 3, firstSeed: 1 },
    nearestTrainingImage: { guidanceScale: 2 },
  });
  expect(Object.keys(metrics.byGuidance)).toEqual(['1', '2', '4']);
  expect(metrics.classifier.heldOutAccuracy).toBeGreaterThan(0.8);
  for (const leaf of leaves(metrics)) {
    if (typeof leaf !== 'string') expect(leaf).toSatisfy(Number.isFinite);
  }
  const png = new Uint8Array(await readFile(at('report/contact-sheet.png')));
  expect(decodePng(png)).toMatchObject({ width: 3 * 32, height: 3 * 32 });
  expect(JSON.parse(readPngText(png).recipe!)).toMatchObject({ guidanceScales: [2], firstSeed: 1, sampler: 'ddim' });
});

it('finds the classifier again, gives the same numbers, and leaves no tensor behind', async () => {
  const before = memory().numTensors;
  const printed = await run(at('model'), ...FAST, '--out', at('again'), '--guidance', '2');
  expect(printed).toMatch(/classifier read from/);
  expect(memory().numTensors).toBe(before);
  const [first, again] = await Promise.all(
    ['report', 'again'].map(async (name) => JSON.parse(await readFile(at(`${name}/metrics.json`), 'utf8'))),
  );
  expect(again.byGuidance['2']).toEqual(first.byGuidance['2']);
  expect(again.nearestTrainingImage).toEqual(first.nearestTrainingImage);
});

it('leaves out the search for copies when told so', async () => {
  const printed = await run(at('model'), ...FAST, '--out', at('quick'), '--guidance', '2', '--no-copies');
  expect(printed).not.toContain('nearest training image');
  const [first, quick] = await Promise.all(
    ['report', 'quick'].map(async (name) => JSON.parse(await readFile(at(`${name}/metrics.json`), 'utf8'))),
  );
  expect(quick.nearestTrainingImage).toBeUndefined();
  expect(quick.byGuidance['2']).toEqual(first.byGuidance['2']);
});

it('takes extra data for images of the training', async () => {
  const files = ['--extra-data', at('data'), '--classifier', at('more.safetensors'), '--out', at('more')];
  await run(at('model'), ...FAST, ...files, '--guidance', '2');
  const { data, nearestTrainingImage } = JSON.parse(await readFile(at('more/metrics.json'), 'utf8'));
  expect(data).toMatchObject({ numTrainImages: 21 + 36, numHeldOutImages: 15 });
  const { disc } = nearestTrainingImage.perClass;
  expect([disc.heldOut.mean, disc.generated.mean > 0]).toEqual([0, true]); // the extra data have what is held out
});

it('compares with other data instead of those held out', async () => {
  const other = tinyDataset({ perClass: 4, widthPx: 16, heightPx: 16, seed: 5 });
  await writeDataset(at('test'), { ...other, attribution: 'drawn by formula' }, 'shapes');
  const printed = await run(at('model'), ...FAST, '--test-data', at('test'), '--out', at('tested'), '--guidance', '2');
  expect(printed).toMatch(/classifier read from/); // it has learned from the same images
  const { data, byGuidance } = JSON.parse(await readFile(at('tested/metrics.json'), 'utf8'));
  expect(data).toMatchObject({ numTrainImages: 21, numHeldOutImages: 12, testData: 'test' });
  const { byGuidance: before } = JSON.parse(await readFile(at('report/metrics.json'), 'utf8'));
  expect(byGuidance['2'].accuracy).toBe(before['2'].accuracy);
  expect(byGuidance['2'].frechetDistanceToHeldOut).not.toBe(before['2'].frechetDistanceToHeldOut);
  const small = tinyDataset({ perClass: 4, widthPx: 8, heightPx: 8 });
  await writeDataset(at('small'), { ...small, attribution: 'drawn by formula' }, 'shapes');
  await expect(run(at('model'), ...FAST, '--test-data', at('small'))).rejects.toThrow(/--test-data: append: .*8x8 px/);
});

it('measures a model of one label, which the judge takes everything for', async () => {
  const [label] = tinyDataset().labels;
  await writeModel('single', [label!]);
  const judge = ['--classifier', at('single.safetensors'), '--classifier-steps', '2'];
  expect(await run(at('single'), ...FAST, ...judge, '--guidance', '2')).toMatch(/held-out +1\.000/);
  const { byGuidance } = JSON.parse(await readFile(at('single/metrics.json'), 'utf8'));
  expect(byGuidance['2']).toMatchObject({ accuracy: 1, weakClasses: [], spreadRelativeToReal: expect.any(Number) });
});

it('compares the pipelines of a model that has a VAE, and of no other', async () => {
  const files = await modelFolderFiles(tinyModelFiles({ labels: tinyDataset().labels, sizePx: 16, cvae: true }));
  await writeFilesAtomic(at('both'), files);
  const printed = await run(at('both'), ...FAST, '--guidance', '2');
  expect(printed).toMatch(/vae\+ddpm +\d+\.\d ms an image, accuracy \d/);
  const { pipelines, byGuidance } = JSON.parse(await readFile(at('both/metrics.json'), 'utf8'));
  expect(Object.keys(pipelines)).toEqual(['ddpm', 'cvae', 'cvae+ddpm']);
  expect(pipelines.ddpm).toMatchObject({ accuracy: byGuidance['2'].accuracy });
  expect(pipelines['cvae+ddpm'].strength).toBe(0.6);
  for (const { msPerImage, spreadRelativeToReal } of Object.values<Record<string, number>>(pipelines)) {
    expect(msPerImage).toBeGreaterThan(0);
    expect(spreadRelativeToReal).toBeGreaterThan(0);
  }
  expect(pipelines.cvae.frechetDistanceToHeldOut).not.toBe(pipelines.ddpm.frechetDistanceToHeldOut);
  expect(JSON.parse(await readFile(at('report/metrics.json'), 'utf8')).pipelines).toBeUndefined();
});

it('asks for the attributes of held-out images, and tells how well each is read', async () => {
  const plain = tinyDataset({ perClass: 12, widthPx: 16, heightPx: 16 });
  const known = tinyAttributes({ perClass: 12 });
  const unasked = { name: 'unasked', values: ['a', 'b'], data: new Int16Array(plain.classLabels.length) };
  const attributes = [...known, unasked];
  await writeDataset(at('directed'), { ...plain, attribution: 'drawn by formula', attributes }, 'shapes');
  const files = tinyModelFiles({ labels: plain.labels, sizePx: 16, attributes: vocabularyOf(known) });
  await writeFilesAtomic(at('obedient'), await modelFolderFiles(files));
  const classifier = ['--classifier', at('directed.safetensors'), '--guidance', '1,2', '--data', at('directed')];
  await expect(run(at('obedient'), ...FAST, ...classifier, '--vary', 'growth')).rejects.toThrow('there are tone');
  const printed = await run(at('obedient'), ...FAST, ...classifier, '--vary', 'tone', '--identities', '4');
  expect(printed).toMatch(/attributes +held-out +after VAE +guidance 1 +guidance 2\ntone(?: +\d\.\d{3}){4}\ngrowth /);
  const metrics = JSON.parse(await readFile(at('obedient/metrics.json'), 'utf8'));
  const { heldOutAccuracyPerAttribute: real } = metrics.classifier;
  expect(Object.keys(real)).toEqual(['tone', 'growth']);
  const { accuracy, accuracyPerAttribute: kept } = metrics.vae;
  expect([accuracy >= 0 && accuracy <= 1, Object.keys(kept)]).toEqual([true, ['tone', 'growth']]);
  const { weakClasses, accuracyPerClass: generated } = metrics.byGuidance['2'];
  const [weak] = weakClasses; // the model has learned nothing
  const told = [generated, metrics.classifier.heldOutAccuracyPerClass, metrics.vae.accuracyPerClass].map((of) =>
    of[weak].toFixed(2),
  );
  expect(printed).toContain(`weak at guidance 2 (real, after the VAE): ${weak} ${told[0]} (${told[1]}, ${told[2]})`);
  const { tone, growth, ...others } = metrics.byGuidance['2'].accuracyPerAttribute;
  expect([tone >= 0 && tone <= 1, Math.abs(growth) <= 1, others]).toEqual([true, true, {}]);
  expect(printed).toMatch(
    /tone varied of 4: recognised \d\.\d{3} \(.*\)\nall else is read as before in \d\.\d{3} \(growth /,
  );
  expect(metrics.variation).toMatchObject({ guidanceScale: 2, attribute: 'tone', numIdentities: 4 });
});

it('tells how well each attribute is read of the pictures of each pipeline', async () => {
  const attributes = tinyAttributes({ perClass: 12 });
  const dataset = { ...tinyDataset({ perClass: 12, widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('piped'), { ...dataset, attributes }, 'shapes');
  const files = tinyModelFiles({
    labels: dataset.labels,
    sizePx: 16,
    attributes: vocabularyOf(attributes),
    cvae: true,
  });
  await writeFilesAtomic(at('both-told'), await modelFolderFiles(files));
  const judge = ['--classifier', at('piped.safetensors'), '--classifier-steps', '2', '--data', at('piped')];
  const printed = await run(at('both-told'), ...FAST, ...judge, '--guidance', '2');
  expect(printed).toMatch(/after VAE +guidance 2 +cvae +cvae\+ddpm\ntone(?: +\d\.\d{3}){5}\n/);
  const { pipelines, byGuidance } = JSON.parse(await readFile(at('both-told/metrics.json'), 'utf8'));
  expect(pipelines.ddpm.accuracyPerAttribute).toEqual(byGuidance['2'].accuracyPerAttribute);
  expect(Object.keys(pipelines.cvae.accuracyPerAttribute)).toEqual(['tone', 'growth']);
});

it('leaves out an attribute of which no held-out image tells', async () => {
  const plain = tinyDataset({ perClass: 12, widthPx: 16, heightPx: 16 });
  const [tone] = tinyAttributes({ perClass: 12 });
  const untold = { name: 'untold', values: ['a', 'b'], data: new Int16Array(plain.classLabels.length).fill(ANY) };
  const attributes = [tone!, untold];
  await writeDataset(at('silent'), { ...plain, attribution: 'drawn by formula', attributes }, 'shapes');
  const files = tinyModelFiles({ labels: plain.labels, sizePx: 16, attributes: vocabularyOf(attributes) });
  await writeFilesAtomic(at('unheard'), await modelFolderFiles(files));
  const judge = ['--classifier', at('silent.safetensors'), '--classifier-steps', '2', '--data', at('silent')];
  const printed = await run(at('unheard'), ...FAST, ...judge, '--guidance', '2');
  expect(printed).toMatch(/after VAE +guidance 2\ntone(?: +\d\.\d{3}){3}\n/);
  expect(printed).not.toMatch(/untold|NaN/);
  const { classifier, vae, byGuidance } = JSON.parse(await readFile(at('unheard/metrics.json'), 'utf8'));
  const all = [classifier.heldOutAccuracyPerAttribute, vae, byGuidance['2']];
  expect(all.map((of) => Object.keys(of.accuracyPerAttribute ?? of))).toEqual([['tone'], ['tone'], ['tone']]);
});

it('tells how well real pictures are read of which one attribute varies', async () => {
  const plain = tinyDataset({ perClass: 4, widthPx: 16, heightPx: 16, seed: 9 });
  const count = plain.classLabels.length;
  const attributes = [
    { name: 'tone', values: ['plain', 'dark'], data: Int16Array.from({ length: count }, (_, i) => i % 2) }, // the model knows more
    { name: 'growth', values: { min: 0, max: 1 }, data: new Float32Array(count).fill(0.5) },
  ];
  const labels = ['a', 'b', 'c']; // those of the model are others
  const varied = { ...plain, labels, attribution: 'drawn by formula', attributes };
  await writeDataset(at('varied'), varied, 'shapes');
  const dyed = { ...attributes[0]!, values: ['plain', 'blue'] };
  await writeDataset(at('dyed'), { ...varied, attributes: [dyed as (typeof attributes)[number]] }, 'shapes');
  const judge = ['--classifier', at('directed.safetensors'), '--guidance', '2', '--data', at('directed')];
  const vary = ['--vary', 'tone', '--identities', '2'];
  const evaluate = (...words: string[]) => run(at('obedient'), ...FAST, ...judge, ...words, '--out', at('compared'));
  await expect(evaluate('--varied-data', at('varied'))).rejects.toThrow(/say which with --vary$/);
  await expect(evaluate(...vary, '--varied-data', at('directed'))).rejects.toThrow(
    /no two pictures differ in tone alone/,
  );
  await expect(evaluate(...vary, '--varied-data', at('dyed'))).rejects.toThrow(
    /shows tone blue; expected dark, plain, light$/,
  );
  const printed = await evaluate(...vary, '--varied-data', at('varied'));
  expect(printed).toMatch(
    /of 3 real ones: recognised \d\.\d{3} \(.*\)\nall else is read as before in \d\.\d{3} \(growth /,
  );
  const { variation } = JSON.parse(await readFile(at('compared/metrics.json'), 'utf8'));
  expect(variation.real).toMatchObject({ numIdentities: 3, recognised: expect.any(Number), kept: expect.any(Number) });
  expect(Object.keys(variation.real.keptPerAttribute)).toEqual(['growth']);
});

it('tells how well real pictures are read of which one number grows', async () => {
  const plain = tinyDataset({ perClass: 4, widthPx: 16, heightPx: 16, seed: 9 }); // of three labels, in turn
  const count = plain.classLabels.length;
  const attributes = [
    { name: 'tone', values: ['dark', 'plain', 'light'], data: new Int16Array(count) },
    {
      name: 'growth',
      values: { min: 0, max: 1 },
      data: Float32Array.from({ length: count }, (_, i) => Math.floor(i / 3) / 4),
    },
  ];
  const attribution = 'drawn by formula';
  await writeDataset(at('swept'), { ...plain, attribution, attributes }, 'shapes');
  const labels = ['disc', 'ramp', 'cloud'];
  await writeDataset(at('strange'), { ...plain, labels, attribution, attributes }, 'shapes');
  const judge = ['--classifier', at('directed.safetensors'), '--guidance', '2', '--data', at('directed')];
  const evaluate = (...words: string[]) => run(at('obedient'), ...FAST, ...judge, ...words, '--out', at('compared'));
  await expect(evaluate('--swept-data', at('swept'), '--sweep-seeds', '0')).rejects.toThrow(/raise --sweep-seeds$/);
  await expect(evaluate('--swept-data', at('strange'))).rejects.toThrow(/the model knows no label cloud; name/);
  await expect(evaluate('--swept-data', at('directed'))).rejects.toThrow(
    /no three pictures in a row differ in one growing number alone/,
  );
  expect(await evaluate('--swept-data', at('swept'))).toMatch(
    /^rank correlation of growth asked and read: -?\d\.\d{3}; of real pictures -?\d\.\d{3}, -?\d\.\d{3} after the auto-encoder$/m,
  );
  const { monotony } = JSON.parse(await readFile(at('compared/metrics.json'), 'utf8'));
  const read = { growth: { mean: expect.any(Number), perClass: { disc: expect.any(Number) } } };
  expect(monotony.real).toMatchObject({ numSweeps: 3, attributes: read, afterAutoencoder: read });
});

it('measures the seams of a model that tiles, and of no other', async () => {
  expect(await run(at('tiles'), ...FAST, '--guidance', '2')).toMatch(/seam at guidance 2: \d\.\d\d \(held-out \d/);
  const { seam } = JSON.parse(await readFile(at('tiles/metrics.json'), 'utf8'));
  expect(seam).toMatchObject({ guidanceScale: 2, perClass: { disc: expect.any(Number) } });
  expect(seam.generated).toBeLessThan(2); // of a random network: cells of 2 px, and every edge is one of a cell
  expect(JSON.parse(await readFile(at('report/metrics.json'), 'utf8')).seam).toBeUndefined();
});

it.each([
  ['labels', ['stranger'], /different labels: the data lack elf, goblin; name the data set/],
  ['size', ['large'], /the model makes 32x32 px with 4 channels, the data are 16x16 px/],
  ['held-out images', ['model', '--held-out', '0.05'], /a class has 1 held-out images; .* raise --held-out/],
  ['split', ['model', '--split-seed', '5', '--held-out', '0.4'], /was trained on other images/],
  ['model', ['absent'], /does not exist/],
])('refuses a wrong %s in one line', async (_, [model, ...words], expected) => {
  await expect(run(at(model!), ...words)).rejects.toMatchObject({
    name: 'UsageError',
    message: expect.stringMatching(expected),
  });
});

it('asks where to write of a shipped model, also where a folder has its name', async () => {
  const shipped = vi.spyOn(openModel, 'shippedModelFolder').mockReturnValueOnce('elsewhere');
  onTestFinished(() => shipped.mockRestore());
  const before = await readdir(at('large'));
  await expect(run(at('large'), ...FAST)).rejects.toThrow(/large is a shipped one or .*; say where with --out$/);
  expect(await readdir(at('large'))).toEqual(before);
});

it('refuses a file that is no classifier, and a folder that cannot be written', async () => {
  await writeFile(at('note.txt'), 'a note');
  await expect(run(at('model'), ...FAST, '--out', at('note.txt'))).rejects.toThrow(/cannot|is no folder/);
  await symlink(at('nowhere'), at('broken'));
  await expect(
    run(at('model'), ...FAST, '--data', at('data'), '--classifier', at('broken/judge.safetensors')),
  ).rejects.toThrow(
    /the folder of .*judge\.safetensors cannot be written to .*; name a file elsewhere by --classifier/,
  );
  await expect(
    run(at('model'), ...FAST, '--classifier', at('model/vae/diffusion_pytorch_model.safetensors')),
  ).rejects.toThrow(/is no classifier/);
});

it.each([
  ['--guidance', '1,two'],
  ['--guidance', '1,,4'],
  ['--guidance', '1,40'],
  ['--guidance', '-1'],
  ['--images-per-class', '1'],
  ['--sampler', 'magic'],
])('refuses %s %s', async (flag, value) => {
  await expect(run(at('model'), flag, value)).rejects.toThrow(`argument '${value}' is invalid`);
});

it('measures a model without a null label as it is, without guidance', async () => {
  const { labels } = tinyDataset();
  const { index, unetConfig, unet, ...files } = tinyModelFiles({ labels });
  const table = unet.get('class_embedding.weight')!;
  const numKept = (labels.length * table.data.length) / (labels.length + 1);
  const kept = { shape: [labels.length, table.shape[1]!], data: table.data.slice(0, numKept) };
  const unguided = {
    ...files,
    index: { ...index, figment: { ...index.figment, nullLabel: null } },
    unetConfig: { ...(unetConfig as object), num_class_embeds: labels.length },
    unet: new Map(unet).set('class_embedding.weight', kept),
  };
  await writeFilesAtomic(at('unguided'), await modelFolderFiles(unguided));
  await run(at('unguided'), ...FAST);
  const { recipe, byGuidance } = JSON.parse(await readFile(at('unguided/metrics.json'), 'utf8'));
  expect([recipe.guidanceScales, Object.keys(byGuidance)]).toEqual([[1], ['1']]);
});

it('tells that a model was trained on what is held out here', async () => {
  const small = ['--widths', '8', '--layers', '1', '--steps', '1', '--batch', '2', '--backend', 'wasm'];
  const trained = ['--data', at('data'), '--held-out', '0.2', '--out', at('trained'), ...small];
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await createProgram().parseAsync(['train', 'ddpm', ...trained], { from: 'user' });
  log.mockRestore();
  const printed = (...words: string[]) => run(at('trained'), ...FAST, '--guidance', '2', ...words);
  const warning = /was trained on pictures that are held out here/;
  expect(await printed()).toMatch(warning);
  const same = ['--held-out', '0.2', '--classifier', at('same.safetensors')];
  expect(await printed(...same)).not.toMatch(warning);
  await writeFile(join(at('trained'), 'checkpoint.safetensors'), 'half of it');
  expect(await printed(), 'of a damaged checkpoint').not.toMatch(warning);
});

it('refuses data that show what the model cannot be asked for, before it trains a judge', async () => {
  const attributes = { tone: ['pale'] };
  await writeFilesAtomic(
    at('narrow'),
    await modelFolderFiles(tinyModelFiles({ labels: tinyDataset().labels, attributes })),
  );
  const dataset = tinyDataset({ perClass: 12, widthPx: 16, heightPx: 16 });
  const tone = { name: 'tone', values: ['pale', 'dark'], data: Int16Array.from(dataset.classLabels, (_, i) => i % 2) };
  await writeDataset(at('toned'), { ...dataset, attribution: 'drawn by formula', attributes: [tone] }, 'shapes');
  const asked = run(at('narrow'), ...FAST, '--data', at('toned'), '--classifier', at('none.safetensors'));
  await expect(asked).rejects.toThrow(
    /^evaluate: the data show tone dark, which the model does not know; name the data set/,
  );
  expect(await readdir(dir)).not.toContain('none.safetensors');
});
