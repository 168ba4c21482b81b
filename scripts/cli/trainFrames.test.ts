// figment train on images of several frames: the auto-encoder on each frame, the diffusion model on all of them.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { tinyFrames, WALK } from '../../runtime/testing/tinyFrames.ts';
import { diskSource } from '../node/diskSource.ts';
import { decodePng } from '../node/png.ts';
import { readVae } from '../node/readNetworks.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-frames-'));
  await writeDataset(at('data'), tinyFrames(), 'boxes that move');
  await train('vae', '--out', at('vae'), '--widths', '8,16', '--latent-channels', '2', '--flip');
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs `figment train …` for two steps; returns what it prints. */
function train(kind: string, ...words: string[]): Promise<string> {
  const options = ['--data', at('data'), '--backend', 'wasm', '--batch', '2', '--held-out', '0.25', '--steps', '2'];
  return printedBy('train', kind, ...options, ...words);
}

const ddpm = (out: string, ...words: string[]) =>
  train('ddpm', '--vae', at('vae'), '--out', at(out), '--widths', '8,16', '--layers', '1', ...words);

it('trains a model of whole walks, which goes on, is loaded and makes them', async () => {
  expect(await ddpm('walks')).toMatch(/6 images, 2 held out(.|\n)*done: 2 steps/);
  expect(await ddpm('walks', '--resume', '--steps', '3')).toMatch(/6 images encoded before(.|\n)*done: 3 steps/);
  const files = await runtime.loadModelFolder(diskSource(at('walks')));
  expect(files.index).toMatchObject({
    labels: ['box', 'bar'],
    figment: { widthPx: 24, heightPx: 12, frames: WALK, attributes: { tone: ['red', 'blue'] } },
  });
  expect(files.unetConfig).toMatchObject({ in_channels: 6, out_channels: 6, sample_size: [6, 4] });
  expect(files.schedulerConfig).toMatchObject({ prediction_type: 'sample' });
  const model = runtime.createModel(files);
  const [picture] = await runtime.generate(model, [{ label: 'bar', seed: 3, attributes: { tone: 'red' } }]);
  model.dispose();
  expect(picture).toHaveLength(24 * 12 * 4);
});

it('scales the latents of frames that say the same', async () => {
  await ddpm('loud', '--latent-scale', '1');
  const stdOf = async (name: string) => (await readVae(at(name))).config.latents_std!;
  const [loud, walks] = [await stdOf('loud'), await stdOf('walks')];
  expect(loud).toHaveLength(2);
  for (const [i, std] of loud.entries()) expect(walks[i]! / std).toBeCloseTo(Math.sqrt(WALK.length), 5);
});

it('whitens the channels that all frames have', async () => {
  await ddpm('white', '--whiten', '1', '--latent-scale', '1');
  const { latents_std, latent_channels } = (await readVae(at('white'))).config;
  expect([latents_std!.length, latent_channels]).toEqual([2, 2]);
  expect(Math.min(...latents_std!)).toBeGreaterThanOrEqual(0.999); // 1, and what the encoder is unsure of
});

it('shows rows of frames: of each label one of its own, a real one, and one that ought to be like it', async () => {
  const { width, height } = decodePng(await readPreview('walks'));
  expect([width, height]).toEqual([2 * 3 * 24, 2 * 2 * 12]);
  const ofFrames = decodePng(await readPreview('vae'));
  expect(ofFrames.width).toBe(2 * 12 * 8);
});

it('is judged frame by frame, and by whether the frames of a subject agree', async () => {
  const judge = ['--classifier', at('judge.safetensors'), '--classifier-steps', '2', '--held-out', '0.5'];
  const few = ['--images-per-class', '2', '--steps', '1', '--guidance', '1', '--workers', '1', '--backend', 'wasm'];
  const printed = await printedBy('evaluate', at('walks'), '--data', at('data'), ...judge, ...few);
  expect(printed).toMatch(/^colour drift +0\.00 +\d/m);
  const metrics = JSON.parse(await readFile(at('walks', 'metrics.json'), 'utf8'));
  expect(metrics.data).toMatchObject({ numTrainImages: 4, numHeldOutImages: 4 });
  expect(metrics.frechet.imagesPerClass).toBe(2 * WALK.length);
  expect(metrics.heldOutFrames).toMatchObject({ numFrames: 3, colourDrift: 0 }); // boxes keep their colours
  const { agreement, colourDrift } = metrics.byGuidance['1'].frames;
  expect(agreement.tone.frames).toBeGreaterThanOrEqual(1 / 2); // of two words
  expect(agreement.tone.frames).toBeGreaterThanOrEqual(agreement.tone.subjects);
  expect(colourDrift).toBeGreaterThan(0);
  const shown = metrics.byGuidance['1'].frames.agreementWhereShown;
  expect(Object.keys(shown)).toEqual(Object.keys(metrics.heldOutFrames.agreementWhereShown));
  expect(metrics.heldOutFrames.agreementWhereShown.tone?.frames ?? 1).toBeGreaterThanOrEqual(1 / 2);
  const sheet = decodePng(await readFile(at('walks', 'contact-sheet.png')));
  expect([sheet.width, sheet.height]).toEqual([2 * 3 * 8, 2 * 2 * 12]);
});

it('refuses what mixes frames up, with a remedy', async () => {
  await expect(ddpm('mirrored', '--flip')).rejects.toThrow('"tiny frames" have frames, which go without --flip');
  const classifier = train('classifier', '--model', at('walks'), '--out', at('classifier'), '--flip');
  await expect(classifier).rejects.toThrow(
    'train classifier: the images of "tiny frames" have frames, which go without',
  );
  await expect(train('cvae', '--out', at('cvae'))).rejects.toThrow(
    'train cvae: the images of "tiny frames" have 3 frames',
  );
});

async function readPreview(name: string): Promise<Uint8Array> {
  const [file] = (await readdir(at(name))).filter((entry) => entry.startsWith('preview'));
  return readFile(at(name, file!));
}
