import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { unet2dShapes } from '../../runtime/networks/unet2d.ts';
import { encodeText, pixelFolder } from '../../runtime/testing/foreignFolders.ts';
import { expectClose } from '../../runtime/testing/matchers.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { randomWeights, tinyUNetConfig } from '../../runtime/testing/tinyNetworks.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import * as openModel from '../node/openModel.ts';
import { decodePng } from '../node/png.ts';
import { readDataset } from '../node/readDataset.ts';
import { readVae } from '../node/readNetworks.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { saveEachStep } from '../testing/saveEachStep.ts';
import { createProgram } from './program.ts';
import * as trainingPreviews from './trainingPreviews.ts';

const NO_VAE = '(no vae)';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-ddpm-'));
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(at('data'), dataset, 'shapes');
  await writeFilesAtomic(at('model'), await runtime.modelFolderFiles(tinyModelFiles({ labels: dataset.labels })));
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs `figment train ddpm …` on the tiny model's networks; returns what it prints. */
async function train(out: string, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const isPixels = words[0] === NO_VAE;
  const vae = isPixels ? [] : ['--vae', at('model')];
  const folders = ['--data', at('data'), ...vae, '--init-from', at('model'), '--out', at(out)];
  const own = isPixels ? words.slice(1) : words;
  const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', '2', ...own];
  try {
    await createProgram().parseAsync(['train', 'ddpm', ...folders, ...options], { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

it('begins with a model of other labels and another size', async () => {
  const labels = ['cat', ...tinyDataset().labels.slice(1)];
  await writeFilesAtomic(at('others'), await runtime.modelFolderFiles(tinyModelFiles({ labels: [...labels, 'dog'] })));
  expect(await train('relabelled', '--init-from', at('others'))).toMatch(/train ddpm: done: 2 steps/);
  const { index, unetConfig } = await runtime.loadModelFolder(diskSource(at('relabelled')));
  expect(index.labels).toEqual(tinyDataset().labels);
  expect(unetConfig).toMatchObject({ num_class_embeds: index.labels.length + 1, sample_size: 8 });
});

it('takes models by name', async () => {
  const named = vi.spyOn(openModel, 'modelFolder').mockImplementation((name) => (name === 'tiny' ? at('model') : name));
  try {
    expect(await train('named', '--vae', 'tiny', '--init-from', 'tiny')).toMatch(/train ddpm: done: 2 steps/);
    expect(named.mock.calls).toEqual([['tiny'], ['tiny']]);
  } finally {
    named.mockRestore();
  }
  await expect(train('lost', '--vae', 'tiny')).rejects.toThrow(/no tiny.vae.config.json; name a folder .*, or a model/);
});

it('refuses options that would do nothing', async () => {
  for (const sizes of [
    ['--widths', '8,16'],
    ['--layers', '1'],
  ]) {
    await expect(train('sized', ...sizes)).rejects.toThrow(/cannot be used with option '--init-from <dir>'/);
  }
  for (const option of ['--latent-scale', '--whiten']) {
    await expect(train('scaled', NO_VAE, option, '0.5')).rejects.toThrow(
      new RegExp(`^train ddpm: ${option} is for latents, .*; give --vae, or leave it out$`),
    );
  }
});

/** A model of pixels to begin with, in the folder `pixels`. */
async function writePixelModel(): Promise<void> {
  const [config, weights] = ['unet/config.json', 'unet/diffusion_pytorch_model.safetensors'];
  const unet = tinyUNetConfig({ sample_size: 16, num_class_embeds: null });
  await writeFilesAtomic(at('pixels'), {
    ...pixelFolder(),
    [config]: encodeText(unet),
    [weights]: runtime.writeSafetensors(randomWeights(unet2dShapes(unet))),
  });
}

it('trains on pixels without an auto-encoder, from a model that knew no classes, and goes on', async () => {
  const { labels } = tinyDataset();
  await writePixelModel();
  const options = [NO_VAE, '--init-from', at('pixels'), '--prediction', 'epsilon', '--flip'];
  expect(await train('pixelRun', ...options)).toMatch(/train ddpm: done: 2 steps/);
  const files = await runtime.loadModelFolder(diskSource(at('pixelRun')));
  expect(files.index).toMatchObject({ labels, figment: { channels: 4, widthPx: 16 } });
  expect([files.index.vae, files.vaeConfig]).toEqual([undefined, undefined]);
  expect(files.unetConfig).toMatchObject({ in_channels: 4, num_class_embeds: labels.length + 1 });
  expect(files.schedulerConfig).toMatchObject({ clip_sample: true, prediction_type: 'epsilon' });
  const model = runtime.createModel(files);
  const pictures = await runtime.generate(model, [{ label: labels[0]!, seed: 3 }], { numInferenceSteps: 2 });
  model.dispose();
  expect(pictures[0]!.length).toBe(4 * 16 * 16);
  expect(await train('pixelRun', ...options, '--resume', '--steps', '3')).toMatch(/done: 3 steps/);
  await expect(train('relabelled', NO_VAE, '--resume', '--steps', '3')).rejects.toThrow(/pixels/);
  const more = [NO_VAE, '--init-from', at('pixels'), '--flip', '--resume', '--steps', '4'];
  const otherwise = [...more, '--prediction', 'v_prediction'];
  await expect(train('pixelRun', ...otherwise)).rejects.toThrow(/another prediction \(epsilon, now v_prediction\)/);
  expect(await train('pixelRun', ...more), 'what the weights mean is known').toMatch(/done: 4 steps/);
  const loss = [...more, '--min-snr-gamma', '5', '--steps', '5'];
  await expect(train('pixelRun', ...loss)).rejects.toThrow(/another minSnrGamma \(off, now 5\)/);
});

it('leaves nothing of an earlier model of latents in the folder of a model of pixels', async () => {
  const earlier = await runtime.modelFolderFiles(tinyModelFiles({ labels: tinyDataset().labels }));
  await writeFilesAtomic(at('over'), {
    ...earlier,
    'cvae/config.json': encodeText('{}'),
    'vae/mine.txt': encodeText(''),
  });
  await writePixelModel();
  await train('over', NO_VAE, '--init-from', at('pixels'), '--overwrite');
  const files = await runtime.loadModelFolder(diskSource(at('over')));
  expect(files.vaeConfig).toBeUndefined();
  runtime.createModel(files).dispose(); // which refuses an auto-encoder of other latents
  expect(await readdir(at('over', 'vae'))).toEqual(['mine.txt']);
  expect(existsSync(at('over', 'cvae'))).toBe(false);
});

it('goes on with the shift of timesteps that it began with', async () => {
  await train('shifted', '--timestep-shift', '3');
  await expect(train('shifted', '--resume', '--steps', '3')).rejects.toThrow(
    /made with another timestepShift \(3, now the usual one\)/,
  );
  expect(await train('shifted', '--timestep-shift', '3', '--resume', '--steps', '3')).toMatch(/done: 3 steps/);
});

it('goes on with the auto-encoder that it began with', async () => {
  await train('encoded');
  await writeFilesAtomic(at('retrained'), await runtime.modelFolderFiles(tinyModelFiles({ seed: 5 })));
  await expect(train('encoded', '--vae', at('retrained'), '--resume', '--steps', '3')).rejects.toThrow(
    /made with another vae \([0-9a-f]+, now [0-9a-f]+\)/,
  );
  expect(await train('encoded', '--resume', '--steps', '3')).toMatch(/done: 3 steps/);
});

it('goes on with what its model standardises latents by, whatever data it sees, unless it is told how they are to vary', async () => {
  await train('first', '--overwrite', '--latent-scale', '1');
  const { latents_mean: mean, latents_std: std } = (await readVae(at('first'))).config;
  const paler = tinyDataset({ widthPx: 16, heightPx: 16 });
  const images = paler.images.map((value, i) => (i % 4 === 3 ? value : 128 + value / 2));
  await writeDataset(at('paler'), { ...paler, images, attribution: 'drawn by formula' }, 'paler shapes');
  const on = ['--data', at('paler'), '--vae', at('first'), '--init-from', at('first')];
  await train('further', ...on);
  expect((await readVae(at('further'))).config).toMatchObject({ latents_mean: mean, latents_std: std });
  await train('further', ...on, '--resume', '--steps', '3');
  expect((await readVae(at('further'))).config).toMatchObject({ latents_mean: mean, latents_std: std });
  await train('scaled', ...on, '--latent-scale', '1');
  expect((await readVae(at('scaled'))).config.latents_mean).not.toEqual(mean);
});

it('whitens latents, of which the auto-encoder makes the same pictures, and goes on with them', async () => {
  await train('unchanged');
  await train('white', '--whiten', '1');
  const dataset = await readDataset(at('data'));
  const errorsOf = async (name: string) => {
    const model = runtime.createModel(await runtime.loadModelFolder(diskSource(at(name))));
    const errors: number[] = [];
    for (const image of dataset.classLabels.keys()) {
      errors.push((await runtime.reconstruct(model, runtime.imagesOfDataset(dataset, Int32Array.of(image)))).l1);
    }
    model.dispose();
    return errors;
  };
  const halfPrecision = { absolute: 1e-3, relative: 1e-3 }; // as models are stored
  expectClose(await errorsOf('white'), await errorsOf('unchanged'), halfPrecision);
  const white = await readVae(at('white'));
  const std = white.config.latents_std!;
  const logVar = white.weights.get('encoder.conv_out.bias')!.data.slice(std.length);
  const varianceOfMeans = std.map((value, i) => value ** 2 - Math.exp(logVar[i]!));
  expectClose(varianceOfMeans, new Float32Array(std.length).fill(1), { absolute: 0.02, relative: 0 }); // of images that train
  const further = ['--resume', '--steps', '3'];
  await expect(train('white', ...further)).rejects.toThrow(/made with another whiten \(1, now the usual one\)/);
  expect(await train('white', '--whiten', '1', ...further)).toMatch(/encoded before(.|\n)*done: 3 steps/);
  expect(await readVae(at('white'))).toEqual(white);
});

it('writes a model, and a preview of the model as it is stored, from one download of the weights', async () => {
  const downloadWeights = vi.spyOn(runtime, 'downloadWeights');
  expect(await train('run')).toMatch(/train ddpm: done: 2 steps, 4 images/);
  expect(downloadWeights).toHaveBeenCalledTimes(1);
  downloadWeights.mockRestore();
  const model = runtime.createModel(await runtime.loadModelFolder(diskSource(at('run'))));
  const label = model.index.labels[1]!;
  const [pixels] = await runtime.generate(model, [{ label, seed: 3 }], { numInferenceSteps: 10, guidanceScale: 2 });
  model.dispose();
  const sheet = decodePng(new Uint8Array(await readFile(at('run', 'preview-000002.png'))));
  const tile = runtime.scaleNearest(pixels!, 16, 16, 2);
  for (let row = 0; row < 32; row++) {
    const start = 4 * ((32 + row) * sheet.width + 3 * 32); // second row of tiles, fourth column
    expectNear(sheet.pixels.subarray(start, start + 4 * 32), tile.subarray(4 * 32 * row, 4 * 32 * (row + 1)));
  }
});

it('keeps what its model is given after it was saved first', async () => {
  const { writePreview } = trainingPreviews;
  const begun = vi.spyOn(trainingPreviews, 'writePreview').mockImplementationOnce(async (out, ...of) => {
    const index = JSON.parse(await readFile(join(out, 'model_index.json'), 'utf8'));
    const given = { ...index, figment: { ...index.figment, regions: { mood: ['#'] } } };
    await writeFile(join(out, 'model_index.json'), JSON.stringify(given));
    return writePreview(out, ...of);
  });
  saveEachStep();
  await train('given');
  expect(begun).toHaveBeenCalledTimes(3); // for two steps and the end
  begun.mockRestore();
  const { figment } = JSON.parse(await readFile(at('given', 'model_index.json'), 'utf8'));
  expect(figment.regions).toEqual({ mood: ['#'] });
  await train('given', '--overwrite');
  const again = JSON.parse(await readFile(at('given', 'model_index.json'), 'utf8'));
  expect(again.figment.regions, 'what another training made').toBeUndefined();
});

it('encodes the data once, whoever does it, and goes on at once', async () => {
  const file = 'latents.safetensors';
  const numEncodings = async (...words: string[]) => {
    const encodeDataset = vi.spyOn(runtime, 'encodeDataset');
    await train('cached', '--overwrite', ...words);
    const numCalls = encodeDataset.mock.calls.length;
    encodeDataset.mockRestore();
    return numCalls;
  };
  expect(await numEncodings('--flip', '--workers', '2')).toBe(1);
  const [latents, checkpoint] = [
    await readFile(at('cached', file)),
    await readFile(at('cached', 'checkpoint.safetensors')),
  ];
  const { mtimeMs } = await stat(at('cached', file));
  expect(await train('cached', '--flip', '--resume', '--steps', '3')).toMatch(/30 images encoded before, in .*cached/);
  expect((await stat(at('cached', file))).mtimeMs).toBe(mtimeMs);

  expect(await numEncodings()).toBe(1); // without --flip: other latents
  expect((await readFile(at('cached', file))).length).toBeLessThan(latents.length);
  await writeFile(at('cached', file), latents.subarray(0, 1000));
  expect(await numEncodings('--flip')).toBe(1); // damaged; and this time on one thread
  expect(await readFile(at('cached', file))).toEqual(latents);
  const again = await readFile(at('cached', 'checkpoint.safetensors'));
  expect(runtime.decodeCheckpoint(again, 'again').state.weights).toEqual(
    runtime.decodeCheckpoint(checkpoint, 'first').state.weights,
  );
});

/** Pictures computed in other batches may round otherwise. */
function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const differences = Array.from(actual, (value, i) => Math.abs(value - expected[i]!));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
}

it('goes on with a model that wraps as it does, and without where it is told so', async () => {
  const { labels } = tinyDataset();
  const wrapping = tinyModelFiles({ labels, circularPadding: true });
  await writeFilesAtomic(at('wrapping'), await runtime.modelFolderFiles(wrapping));
  const wraps = async (out: string, ...words: string[]) => {
    await train(out, '--init-from', at('wrapping'), ...words);
    return (await runtime.loadModelFolder(diskSource(at(out)))).index.figment.circularPadding;
  };
  expect(await wraps('tiles')).toBe(true);
  expect(await wraps('plain', '--no-circular')).toBe(false);
  expect(await wraps('latents', '--init-from', at('model'), '--vae', at('wrapping')), 'whoever it begins with').toBe(
    false,
  );
});

it('begins with a network that fits another size, whatever a new one would be, and refuses one that does not', async () => {
  const ofSize = async (sizePx: number) => {
    const dataset = { ...tinyDataset({ widthPx: sizePx, heightPx: sizePx }), attribution: 'drawn by formula' };
    await writeDataset(at(`data-${sizePx}`), dataset, 'shapes');
    return ['--data', at(`data-${sizePx}`)];
  };
  expect(await train('resized', ...(await ofSize(20)))).toMatch(/done: 2 steps/); // latents of 10 × 10, halved once
  const odd = train('odd', ...(await ofSize(18))); // of 9 × 9
  await expect(odd).rejects.toThrow(/2 levels halve .* 9×9 is no multiple of 2; choose .* or leave out --init-from$/);
});

it('says of which labels there will be no examples, and why', async () => {
  const dataset = tinyDataset({ perClass: 12, widthPx: 16, heightPx: 16 });
  const wear = { name: 'wear', values: { min: 0, max: 1 }, data: new Float32Array(36).fill(Number.NaN) };
  await writeDataset(at('sparse'), { ...dataset, attribution: 'drawn by formula', attributes: [wear] }, 'shapes');
  const printed = await train('unexampled', '--data', at('sparse'));
  expect(printed).toMatch(/no image of stripes, disc, ramp has all attributes, .*; wear is known of 0 of \d+ images/);
});

it('goes on with its own network where it was killed while the model of an earlier run was still there', async () => {
  const begin = ['train', 'ddpm', '--data', at('data'), '--vae', at('model'), '--out', at('again'), '--layers', '1'];
  const run = async (...words: string[]) => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', ...words];
    await createProgram()
      .parseAsync([...begin, ...options], { from: 'user' })
      .finally(() => log.mockRestore());
  };
  await run('--steps', '1', '--widths', '8,16');
  const { index } = await runtime.loadModelFolder(diskSource(at('again')));
  const given = { ...index, figment: { ...index.figment, regions: {} } };
  await writeFile(at('again', 'model_index.json'), JSON.stringify(given));
  const killed = vi.spyOn(runtime, 'modelFolderFiles').mockRejectedValueOnce(new Error('killed'));
  await expect(run('--steps', '1', '--widths', '8,8', '--overwrite')).rejects.toThrow('killed');
  killed.mockRestore();
  await run('--steps', '2', '--widths', '8,8', '--resume');
  const after = await runtime.loadModelFolder(diskSource(at('again')));
  expect(after.unetConfig).toMatchObject({ block_out_channels: [8, 8] });
  expect(after.index.figment.regions, 'which the earlier model was given').toBeUndefined();
  await run('--steps', '3', '--resume');
});
