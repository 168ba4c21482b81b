import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { add, mul, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { shiftCircular, shiftClamped } from '../../runtime/dataset/augment.ts';
import { toX0Eps } from '../../runtime/diffusion/prediction.ts';
import * as runtime from '../../runtime/index.ts';
import { expectClose } from '../../runtime/testing/matchers.ts';
import { tinyAttributes, tinyDataset, tinyMaterials } from '../../runtime/testing/tinyDataset.ts';
import { tinyFrames, WALK } from '../../runtime/testing/tinyFrames.ts';
import { randomWeights } from '../../runtime/testing/tinyNetworks.ts';
import { longStepTarget } from '../../runtime/training/distillation.ts';
import {
  diffusionLoss,
  gradientDifference,
  klDivergence,
  minSnrWeights,
  reconstructionError,
} from '../../runtime/training/losses.ts';
import { learningRateAt } from '../../runtime/training/optimiser.ts';
import { nchwToNhwc } from '../../runtime/weights/tensorLayout.ts';
import { encodeJson, writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { encodePng } from '../node/png.ts';
import { readDataset } from '../node/readDataset.ts';
import { readVae } from '../node/readNetworks.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { findPython } from '../testing/python.ts';
import { createProgram } from './program.ts';

const run = promisify(execFile);
/** What is skipped without PyTorch; with diffusers and accelerate a model is trained as well. */
const torch = findPython('torch', 'safetensors', 'PIL');
const trainer = findPython('torch', 'safetensors', 'PIL', 'diffusers', 'accelerate');
const ENV = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', OMP_NUM_THREADS: '1', HF_HUB_OFFLINE: '1' };

const VOCABULARY = { tone: ['dark', 'plain', 'light'], growth: { min: 0, max: 1 } };
const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
const readJson = async (...names: string[]) => JSON.parse(await readFile(at(...names), 'utf8'));

/** Runs `figment export trainer …`; returns what it prints. */
async function exportTrainer(out: string, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await createProgram().parseAsync(['export', 'trainer', '--out', at(out), ...words], { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-trainer-'));
  await writeDataset(at('sheets'), { ...dataset, attributes: tinyAttributes() }, 'shapes');
  await writeDataset(at('frames'), tinyFrames({ widthPx: 16, heightPx: 16 }), 'boxes that move');
  const materials = tinyMaterials({ widthPx: 16, heightPx: 16 });
  await writeDataset(at('maps'), { ...materials, attribution: 'drawn by formula' }, 'materials');
  await exportTrainer('project', '--data', at('sheets'), '--flip', '--circular');
  await runtime.selectBackend({ backend: 'wasm' });
});
afterAll(() => rm(dir, { recursive: true }));
beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));

describe('figment export trainer', () => {
  it('writes a project for the labels, attributes, size and channels of the data', async () => {
    const names = (await readdir(at('project'))).sort();
    expect(names).toEqual(
      [
        'README.md',
        'figment_data.py',
        'figment_folder.py',
        'figment_loop.py',
        'figment_training.py',
        'make_case.py',
        'model',
        'pipeline.py',
        'requirements.txt',
        'train.py',
        'training.json',
      ].sort(),
    );
    const index = await readJson('project', 'model', 'model_index.json');
    expect(index).toMatchObject({
      labels: dataset.labels,
      figment: {
        name: 'tiny',
        widthPx: 16,
        heightPx: 16,
        channels: 4,
        circularPadding: true,
        premultipliedAlpha: true,
      },
    });
    expect(index.figment).toMatchObject({
      attributes: VOCABULARY,
      licence: 'CC0-1.0',
      attribution: 'drawn by formula',
    });
    expect(await readJson('project', 'training.json')).toMatchObject({
      data: '../sheets',
      flip: true,
      vae: { batchSize: runtime.VAE_DEFAULTS.batchSize, klWeight: runtime.VAE_DEFAULTS.klWeight },
      ddpm: { learningRate: runtime.DIFFUSION_DEFAULTS.learningRate, condDropProb: 0.1, minSnrGamma: null },
    });
  });

  it('has a model that loads as soon as it has weights', async () => {
    const files = await emptyModel();
    const model = runtime.createModel(await withWeights(files, {}, zeros));
    expect(model.latentShape).toEqual([4, 4, 8]);
    expect(model.conditioning!.config.attributes).toEqual({ tone: 3, growth: 'number' });
    model.dispose();
  });

  it('refuses to write over a project, pictures that cannot be halved, and frames', async () => {
    const words = ['--data', at('sheets')];
    await expect(exportTrainer('project', ...words)).rejects.toThrow(/holds a project already; give --overwrite/);
    await writeDataset(
      at('odd'),
      { ...tinyDataset({ widthPx: 12, heightPx: 16 }), attribution: 'us' },
      'narrow shapes',
    );
    await expect(exportTrainer('other', '--data', at('odd'))).rejects.toThrow(/12×16 px; expected multiples of 8/);
    await expect(exportTrainer('other', '--data', at('frames'), '--flip')).rejects.toThrow(
      /have frames, which go without --flip/,
    );
  });

  it('knows of frames and of maps', async () => {
    await exportTrainer('walks', '--data', at('frames'));
    const walks = (await readJson('walks', 'model', 'model_index.json')).figment;
    expect(walks).toMatchObject({ widthPx: 16 * WALK.length, heightPx: 16, frames: WALK });
    expect(await readJson('walks', 'model', 'scheduler', 'scheduler_config.json')).toMatchObject({
      prediction_type: 'sample',
    });
    const { latentScale } = (await readJson('walks', 'training.json')).ddpm;
    expect(latentScale).toBeCloseTo(1 / Math.sqrt(WALK.length));
    await exportTrainer('materials', '--data', at('maps'));
    const { channels } = (await readJson('materials', 'model', 'model_index.json')).figment;
    expect(channels).toEqual(['r', 'g', 'b', 'height', 'roughness', 'metallic']);
  });

  it('leaves attributes out on request, and goes on with labels', async () => {
    expect(await exportTrainer('plain', '--data', at('sheets'), '--attributes', 'none')).toMatch(
      /export: 3 labels, 16×16/,
    );
    const { attributes } = await readJson('plain', 'model', 'conditioning', 'config.json');
    expect(attributes).toEqual({});
  });
});

/** The configs of the project's model, path → what it says. */
async function emptyModel(project = 'project'): Promise<Record<string, Record<string, unknown>>> {
  const paths = [
    'model_index.json',
    ...['unet', 'vae', 'conditioning'].map((part) => `${part}/config.json`),
    'scheduler/scheduler_config.json',
  ];
  const files = paths.map(async (path) => [path, await readJson(project, 'model', path)] as const);
  return Object.fromEntries(await Promise.all(files));
}

type Weights = Map<string, runtime.WeightTensor>;

/** In place of random weights, which take their time where a network has its usual size. */
const zeros: typeof randomWeights = (shapes) =>
  new Map(Array.from(shapes, ([name, shape]) => [name, { shape, data: new Float32Array(runtime.numElements(shape)) }]));

function weightsOf(
  files: Record<string, unknown>,
  make = randomWeights,
): Record<'unet' | 'vae' | 'conditioning', Weights> {
  const unet = make(runtime.unet2dShapes(runtime.parseUNet2DConfig(files['unet/config.json'])), 1);
  const vae = make(runtime.autoencoderKlShapes(runtime.parseAutoencoderKlConfig(files['vae/config.json'])), 2);
  const config = runtime.parseConditioningConfig(files['conditioning/config.json']);
  return { unet, vae, conditioning: make(runtime.conditioningShapes(config), 3) };
}

/** The project's model with weights, as Figment writes and reads it. */
async function withWeights(
  files: Record<string, Record<string, unknown>>,
  statistics = {},
  make = randomWeights,
): Promise<runtime.ModelFiles> {
  const content = {
    index: files['model_index.json'] as unknown as runtime.ModelIndex,
    unetConfig: files['unet/config.json'],
    vaeConfig: { ...files['vae/config.json'], ...statistics },
    conditioningConfig: files['conditioning/config.json'],
    schedulerConfig: files['scheduler/scheduler_config.json'],
    ...weightsOf(files, make),
  };
  const written = await runtime.modelFolderFiles(content, { dtype: 'F16' });
  return runtime.loadModelFolder(runtime.memorySource(written));
}

/** Small networks in place of the usual ones, as a user would edit the configs. */
async function makeSmall(project: string, numFrames = 1): Promise<void> {
  const files = await emptyModel(project);
  const latents = { latents_mean: [0, 0, 0, 0], latents_std: [1, 1, 1, 1] };
  const vae = { ...files['vae/config.json'], block_out_channels: [8, 16, 16], latent_channels: 4, ...latents };
  const unet = {
    ...files['unet/config.json'],
    block_out_channels: [8, 16],
    layers_per_block: 1,
    in_channels: 4 * numFrames,
    out_channels: 4 * numFrames,
    attention_head_dim: 8,
  };
  const conditioning = { ...files['conditioning/config.json'], embedding_dim: 32 };
  await writeFilesAtomic(at(project, 'model'), {
    'vae/config.json': encodeJson(vae),
    'unet/config.json': encodeJson(unet),
    'conditioning/config.json': encodeJson(conditioning),
  });
}

describe.skipIf(!torch)('in PyTorch', () => {
  const BATCH = 5;
  const inputs = new Map<string, runtime.WeightTensor>();
  const of = (name: string) => inputs.get(name)!;
  let outputs: Weights;
  let files: Record<string, Record<string, unknown>>;

  const options = {
    vae: { klWeight: 0.3, l2Weight: 0.5, gradientWeight: 0.25, channelWeights: [1, 2, 0.5, 1] },
    ddpm: { ...runtime.DIFFUSION_DEFAULTS, numSteps: 100, decayFrom: 0.4 },
  };

  beforeAll(async () => {
    await makeSmall('project');
    files = await emptyModel();
    const image = (seed: number, scale = 1) => ({
      shape: [BATCH, 4, 6, 5],
      data: runtime.normals(seed, 0, BATCH * 4 * 30).map((value) => scale * value),
    });
    const vector = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });
    for (const [i, name] of ['x0', 'eps', 'noise', 'mean'].entries()) inputs.set(name, image(i + 1));
    inputs.set('logvar', image(9, 0.5));
    inputs.set('t', vector(0, 3, 500, 900, 999));
    inputs.set('nextAlphaBars', vector(1, 1, 0.7, 0.5, 0.3));
    inputs.set('scales', vector(1, 2.5, 4, 5, 3));
    inputs.set('dx', vector(3, -2, 20));
    inputs.set('dy', vector(-1, 0, 7));
    inputs.set('labels', vector(0, 2, 3, 1));
    inputs.set('attributes', { shape: [4, 2], data: Float32Array.from([0, 0.25, 2, -1, -1, 1, -1, -1]) });
    for (const [part, weights] of Object.entries(weightsOf(files))) {
      for (const [name, value] of weights) inputs.set(`${part}.${name}`, value);
    }
    for (const [name, value] of studentWeights()) inputs.set(`student.${name}`, value);
    await mkdir(at('checks'));
    await writeFile(at('checks', 'inputs.safetensors'), runtime.writeSafetensors(inputs));
    await writeFile(at('checks', 'inputs.json'), JSON.stringify(options));
    await writeClassFolders();
    const script = new URL('../testing/trainerChecks.py', import.meta.url).pathname;
    await run(torch!, [script, at('project'), at('checks'), at('sheets'), at('folders'), at('frames'), at('maps')], {
      env: ENV,
    });
    const bytes = new Uint8Array(await readFile(at('checks', 'outputs.safetensors')));
    outputs = runtime.parseSafetensors(bytes, 'outputs').tensors;
  });

  /** Opaque pictures beside one with alpha, hidden files, and names out of order. */
  async function writeClassFolders(): Promise<void> {
    const size = 16 * 16 * 4;
    for (const [i, path] of ['b/2.png', 'b/10.PNG', 'a/x.png', 'b/.hidden.png'].entries()) {
      const pixels = dataset.images.slice(i * size, (i + 1) * size);
      const opaque = pixels.filter((_, j) => j % 4 < 3);
      const picture = i === 1 ? { channels: 4 as const, pixels } : { channels: 3 as const, pixels: opaque };
      await writeFilesAtomic(at('folders'), { [path]: encodePng({ width: 16, height: 16, ...picture }) });
    }
  }

  const output = (name: string) => outputs.get(name)!.data;

  it.each(['sheets', 'folders', 'frames', 'maps'])('reads %s as we do, byte for byte', async (name) => {
    const ours = await readDataset(at(name));
    expect(Buffer.from(Uint8Array.from(output(`${name}.pixels`))).equals(ours.images)).toBe(true);
    expect(output(`${name}.classLabels`)).toEqual(ours.classLabels);
    expectClose(output(`${name}.values`), runtime.toPremultiplied(ours.images, ours.channels));
    if (!ours.attributes) return;
    expect(output(`${name}.attributes`)).toEqual(
      runtime.encodeColumns(ours.attributes, Array.from(ours.classLabels.keys())),
    );
  });

  it.each([false, true])('moves pictures as we do, wrapped: %s', (circular) => {
    const { widthPx, heightPx, channels } = dataset;
    const size = widthPx * heightPx * channels;
    const move = circular ? shiftCircular : shiftClamped;
    const moved = [0, 1, 2].map((i) => {
      const out = new Float32Array(size);
      move(pictureOf(i), out, dataset, of('dx').data[i]!, of('dy').data[i]!);
      return [...out];
    });
    expectClose(output(`moved.${circular}`), moved.flat());
  });

  /** A picture of the first label, in the order of the sheets. */
  function pictureOf(place: number): Float32Array {
    const image = Array.from(dataset.classLabels.keys()).filter((i) => dataset.classLabels[i] === 0)[place]!;
    const size = 16 * 16 * 4;
    return runtime.toPremultiplied(dataset.images.subarray(image * size, (image + 1) * size), 4);
  }

  it('augments by moving values alone', () => {
    const augmented = output('augmented');
    const size = augmented.length / 3;
    for (let i = 0; i < 3; i++) {
      const [now, before] = [augmented.slice(i * size, (i + 1) * size), pictureOf(i)];
      expect(now.some((value, j) => Math.abs(value - before[j]!) > 0.1)).toBe(true);
      expectClose(now.sort(), before.sort());
    }
  });

  it('sees each picture once an epoch, or each label as often', () => {
    const epochs = Array.from({ length: 3 }, (_, epoch) => [...output('epochs').slice(7 * epoch, 7 * (epoch + 1))]);
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(new Set(epochs.map((epoch) => epoch.join())).size).toBe(3);
    const labels = [...output('balanced')];
    for (const label of [0, 1, 2]) {
      expect(labels.filter((value) => value === label).length / labels.length).toBeCloseTo(1 / 3, 1);
    }
  });

  it('turns label and attributes into our vectors', () => {
    const config = runtime.parseConditioningConfig(files['conditioning/config.json']);
    const conditions = { classLabels: of('labels').data, attributes: of('attributes').data };
    const vectors = tidy(() => {
      const weights = runtime.uploadWeights(weightsOf(files).conditioning);
      return runtime.conditioning(config, weights, conditions).dataSync();
    });
    expectClose(output('conditioning'), vectors);
  });

  const studentConfig = () =>
    runtime.parseConditioningConfig({
      ...files['conditioning/config.json'],
      student: { step_counts: [2, 4], guidance_scale: [1, 5] },
    });
  const studentWeights = () => randomWeights(runtime.conditioningShapes(studentConfig()), 4);

  it('tells a student its guidance scale and steps as we do', () => {
    const conditions = {
      classLabels: of('labels').data,
      attributes: of('attributes').data,
      sampling: { guidanceScales: of('scales').data.slice(0, 4), stepCounts: [4, 4, 4, 4] },
    };
    const vectors = tidy(() =>
      runtime.conditioning(studentConfig(), runtime.uploadWeights(studentWeights()), conditions).dataSync(),
    );
    expectClose(output('student'), vectors);
  });

  it('leaves conditions out as often as we do', () => {
    const rates = [0.2 + 0.8 * 0.5 * 0.25, 0.2 + 0.8 * 0.5 * 0.5, 0.2 + 0.8 * 0.5 * 0.5];
    expectClose(output('dropped'), rates, { absolute: 0.012, relative: 0 });
    const all = 0.2 + (0.8 * 0.5) / 8; // the mean of r/2 · r · r over rates from 0 to 1
    expectClose(output('nothing'), [all], { absolute: 0.01, relative: 0 });
  });

  it.each(['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const)('has our schedule %s', (betaSchedule) => {
    const { alphasCumprod } = runtime.createSchedule(
      runtime.trainingScheduler({ betaSchedule, predictionType: 'epsilon' }),
    );
    expectClose(output(`alphas.${betaSchedule}`), alphasCumprod, { absolute: 1e-7, relative: 0 });
  });

  it.each(['epsilon', 'v_prediction', 'sample'] as const)(
    'has our target, weights and loss of %s',
    (predictionType) => {
      const schedule = runtime.createSchedule(
        runtime.trainingScheduler({ betaSchedule: 'squaredcos_cap_v2', predictionType }),
      );
      const t = of('t').data;
      const weights = minSnrWeights(schedule, t, 5);
      const [noised, target, loss] = tidy(() => {
        const [x0, eps, noise] = ['x0', 'eps', 'noise'].map((name) => imageTensor(of(name)));
        const goal = { epsilon: eps!, sample: x0!, v_prediction: runtime.vTarget(schedule, x0!, t, eps!) }[
          predictionType
        ];
        const ofEach = tensor4d(Float32Array.from(weights), [BATCH, 1, 1, 1]);
        const results = [runtime.qSample(schedule, x0!, t, eps!), goal, diffusionLoss(noise!, goal, ofEach)];
        return results.map((result) => result.dataSync());
      });
      expectClose(output('noised'), noised!);
      expectClose(output(`target.${predictionType}`), target!);
      expectClose(output(`weights.${predictionType}`), weights);
      expectClose(output(`loss.${predictionType}`), loss!);
    },
  );

  it.each(['epsilon', 'v_prediction', 'sample'] as const)('steps by %s as we do, and back', (predictionType) => {
    const { alphasCumprod } = runtime.createSchedule(
      runtime.trainingScheduler({ betaSchedule: 'squaredcos_cap_v2', predictionType }),
    );
    const size = of('x0').data.length / BATCH;
    for (const [i, t] of of('t').data.entries()) {
      const [from, to] = [alphasCumprod[t]!, of('nextAlphaBars').data[i]!];
      const [step, long] = tidy(() => {
        const [xt, said, end] = ['x0', 'noise', 'mean'].map((name) => {
          const data = of(name).data.slice(i * size, (i + 1) * size);
          return imageTensor({ shape: [1, ...of(name).shape.slice(1)], data });
        });
        const { x0, eps } = toX0Eps(predictionType, said!, xt!, from);
        const next = add(mul(x0, Math.sqrt(to)), mul(eps, Math.sqrt(1 - to)));
        return [next, longStepTarget(predictionType, xt!, end!, from, to)].map((result) => result.dataSync());
      });
      const part = (name: string) => output(`${name}.${predictionType}`).slice(i * size, (i + 1) * size);
      expectClose(part('step'), step!, { relative: 1e-4 });
      expectClose(part('long'), long!, { relative: 1e-4 });
    }
  });

  it('guides each picture by its own scale', () => {
    const [told, anything, scales] = [of('x0').data, of('eps').data, of('scales').data];
    const size = told.length / BATCH;
    const expected = told.map((value, i) => anything[i]! + scales[Math.floor(i / size)]! * (value - anything[i]!));
    expectClose(output('guided'), expected);
  });

  const imageTensor = ({ shape, data }: runtime.WeightTensor) =>
    tensor4d(data, shape as [number, number, number, number], 'float32');

  it.each(['l1', 'l2'] as const)('has our loss of an auto-encoder by %s', (kind) => {
    const expected = tidy(() => {
      const [x, decoded, mean, logVar] = ['x0', 'eps', 'mean', 'logvar'].map((name) => {
        const values = imageTensor(nchwToNhwc(of(name)));
        return name === 'x0' || name === 'eps' ? (mul(values, options.vae.channelWeights) as Tensor4D) : values;
      });
      const error = (of: 'l1' | 'l2') => reconstructionError(of, x!, decoded!).dataSync()[0]!;
      const kl = klDivergence({ mean: mean!, logVar: logVar! }).dataSync()[0]!;
      const edges = gradientDifference(x!, decoded!).dataSync()[0]!;
      const { klWeight, l2Weight, gradientWeight } = options.vae;
      return [error(kind) + klWeight * kl + l2Weight * error('l2') + gradientWeight * edges, error(kind), kl];
    });
    expectClose(output(`vae.${kind}`), expected);
  });

  it('has our statistics of latents, learning rates, averages and weights without decay', () => {
    const [mean, logVar] = [nchwToNhwc(of('mean')), nchwToNhwc(of('logvar'))];
    const std = Float32Array.from(logVar.data, (value) => Math.exp(value / 2));
    const shape: [number, number, number] = [6, 5, 4];
    const data = { shape, mean: mean.data as Float32Array, std, classLabels: new Int32Array(BATCH) };
    const statistics = runtime.latentStatistics(data);
    expectClose(output('statistics'), [...statistics.mean, ...statistics.std]);
    const rates = Array.from({ length: 15 }, (_, i) => learningRateAt(options.ddpm, 7 * i, (7 * i) / 100));
    expectClose(output('rates'), rates, { absolute: 1e-9 });
    const averages: number[] = [];
    let average = output('averages')[1]!; // of the second step on
    for (let step = 3; step < 40; step++) {
      const decay = Math.min(0.9, (1 + step) / (10 + step));
      average = decay * average + (1 - decay) * step;
      averages.push(average);
    }
    expectClose(output('averages').slice(2), averages);
    expect([...output('decays')]).toEqual([2, expect.closeTo(0.01, 6), 5, 0]);
  });

  it('writes the model folder that we write', async () => {
    const source = diskSource(at('checks', 'model'));
    const theirs = await runtime.loadModelFolder(source);
    const [means, stds] = [[...output('statistics').slice(0, 4)], [...output('statistics').slice(4)]];
    const ours = await withWeights(files, { latents_mean: means, latents_std: stds });
    expect(theirs.index).toEqual({
      ...ours.index,
      figment: { ...ours.index.figment, sha256: theirs.index.figment.sha256 },
    });
    expect(Object.keys(theirs.index.figment.sha256)).toEqual(
      expect.arrayContaining(Object.keys(ours.index.figment.sha256)),
    );
    expect(theirs.notes).toEqual([]);
    for (const part of ['unet', 'vae', 'conditioning'] as const) {
      for (const [name, { shape, data }] of ours[part]!) {
        expect(theirs[part]!.get(name), name).toMatchObject({ shape, data });
      }
    }
    runtime.createModel(theirs).dispose();
    const { config, weights } = await readVae(at('checks', 'vae'));
    expect(weights.size).toBe(ours.vae.size);
    expect(config.latent_channels).toBe(4);
  });
});

/** Each starts PyTorch three to five times. */
describe.skipIf(!trainer)('with diffusers', { timeout: 600_000 }, () => {
  const python = (project: string, script: string, ...words: string[]) =>
    run(trainer!, [at(project, script), ...words], { env: ENV, cwd: at(project) });

  it.each([
    { data: 'sheets', words: ['--flip', '--circular'], frames: undefined },
    { data: 'frames', words: [], frames: WALK },
  ])('trains a model of $data that Figment loads, and whose pictures agree', async ({ data, words, frames }) => {
    const project = `of-${data}`;
    await exportTrainer(project, '--data', at(data), ...words);
    await makeSmall(project, frames?.length);
    const options = await readJson(project, 'training.json');
    const short = { numSteps: 6, batchSize: 4, accumulation: 2, learningRate: 0.01, numWarmupSteps: 0 };
    for (const stage of ['vae', 'ddpm', 'distil']) Object.assign(options[stage], short);
    Object.assign(options.distil, { stepCounts: [2, 4], teacherSteps: 4 });
    await writeFile(at(project, 'training.json'), JSON.stringify({ ...options, saveEvery: 4 }));
    for (const stage of ['vae', 'ddpm', 'distil']) await python(project, 'train.py', stage);
    for (const stage of ['ddpm', 'distil']) {
      const out = at(project, 'runs', stage);
      await python(project, 'make_case.py', out);
      const files = await runtime.loadModelFolder(diskSource(out));
      const model = runtime.createModel(files);
      expect(model.index.figment.frames).toEqual(frames);
      expect(model.index.figment.student?.stepCounts).toEqual(stage === 'distil' ? [2, 4] : undefined);
      expect(model.vae!.config.latents_std!.every((std) => std > 0 && std !== 1)).toBe(true);
      model.dispose();
      const bytes = new Uint8Array(await readFile(join(out, 'case.safetensors')));
      const { tensors } = runtime.parseSafetensors(bytes, 'case');
      const { maxRel } = await runtime.runPipelineCase(
        files,
        await readJson(project, 'runs', stage, 'case.json'),
        tensors,
      );
      expect(maxRel).toBeLessThan(1e-4);
    }
  });

  it('goes on where it was, and ends where it would have', async () => {
    await exportTrainer('stopped', '--data', at('sheets'), '--flip');
    await makeSmall('stopped');
    const weights = async (runs: string) => {
      await python('stopped', 'train.py', 'vae', '--runs', at('stopped', runs));
      return (await readVae(at('stopped', runs, 'vae'))).weights;
    };
    const options = await readJson('stopped', 'training.json');
    const withSteps = (numSteps: number) => {
      const vae = { ...options.vae, batchSize: 4, decayFrom: 1, numSteps };
      return writeFile(at('stopped', 'training.json'), JSON.stringify({ ...options, vae }));
    };
    await withSteps(2);
    await weights('again');
    await withSteps(4);
    expect(await weights('again')).toEqual(await weights('once'));
  });
});
