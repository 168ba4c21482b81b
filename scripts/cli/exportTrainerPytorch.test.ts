// What the exported project computes in PyTorch beside what we compute.
import { add, mul, type Tensor4D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { probeGroups } from '../../runtime/core/linearProbe.ts';
import { SAMPLING_STREAMS } from '../../runtime/core/streams.ts';
import { shiftCircular, shiftClamped, turnColours } from '../../runtime/dataset/augment.ts';
import { colourRarity, pixelRarity } from '../../runtime/dataset/colourRarity.ts';
import { toX0Eps } from '../../runtime/diffusion/prediction.ts';
import * as runtime from '../../runtime/index.ts';
import { conv2d } from '../../runtime/kernels/conv2d.ts';
import { conditionHeadShapes, conditionKinds, conditionLogits } from '../../runtime/networks/conditionHead.ts';
import { attributeKinds } from '../../runtime/networks/conditioningConfig.ts';
import { corrected, createCorrector } from '../../runtime/networks/corrector.ts';
import { toPatches } from '../../runtime/networks/patches.ts';
import { expectClose } from '../../runtime/testing/matchers.ts';
import { randomWeights } from '../../runtime/testing/tinyNetworks.ts';
import { longStepTarget } from '../../runtime/training/distillation.ts';
import {
  attributeLoss,
  attributeWeights,
  coarseDifference,
  diffusionLoss,
  gradientDifference,
  klDivergence,
  minSnrWeights,
  reconstructionError,
  weightedDifference,
} from '../../runtime/training/losses.ts';
import { learningRateAt } from '../../runtime/training/optimiser.ts';
import type { StoredModelIndex } from '../../runtime/weights/modelIndex.ts';
import { nchwToNhwc } from '../../runtime/weights/tensorLayout.ts';
import { diskSource } from '../node/diskSource.ts';
import { readDataset } from '../node/readDataset.ts';
import { readVae } from '../node/readNetworks.ts';
import { writeClassFolders } from '../testing/classFolders.ts';
import { findPython } from '../testing/python.ts';
import { BATCH, checkInputs, runTrainerChecks } from '../testing/trainerChecks.ts';
import {
  type ModelConfigs,
  type NamedWeights,
  TrainerProjects,
  trainerDataset,
  trainerWeights,
  withWeights,
} from '../testing/trainerProjects.ts';

const kindsOf = (files: ModelConfigs) => {
  const { figment } = files['model_index.json'] as unknown as StoredModelIndex;
  return conditionKinds(3, attributeKinds(figment!.attributes!));
};
const torch = findPython('torch', 'safetensors', 'PIL');

let projects: TrainerProjects;
beforeAll(async () => {
  projects = await TrainerProjects.open();
});
afterAll(() => projects.close());
beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));

describe.skipIf(!torch)('in PyTorch', () => {
  const inputs = new Map<string, runtime.WeightTensor>();
  const of = (name: string) => inputs.get(name)!;
  let outputs: NamedWeights;
  let files: ModelConfigs;

  const options = {
    vae: {
      ...{ klWeight: 0.3, l2Weight: 0.5, gradientWeight: 0.25, coarseWeight: 0.75, rareColourWeight: 0.6 },
      channelWeights: [1, 2, 0.5, 1],
    },
    ddpm: { ...runtime.DIFFUSION_DEFAULTS, numSteps: 100, decayFrom: 0.4 },
  };

  beforeAll(async () => {
    await projects.makeSmall('project');
    files = await projects.emptyModel();
    for (const [name, value] of checkInputs()) inputs.set(name, value);
    for (const [part, weights] of Object.entries(trainerWeights(files))) {
      for (const [name, value] of weights) inputs.set(`${part}.${name}`, value);
    }
    for (const [name, value] of randomWeights(conditionHeadShapes(kindsOf(files), 4), 5)) inputs.set(name, value);
    for (const [name, value] of studentWeights()) inputs.set(`student.${name}`, value);
    await writeClassFolders(projects.at('folders'));
    outputs = await runTrainerChecks(torch!, projects, inputs, options);
  });

  const output = (name: string) => outputs.get(name)!.data;

  it.each(['sheets', 'folders', 'frames', 'maps'])('reads %s as we do, byte for byte', async (name) => {
    const ours = await readDataset(projects.at(name));
    const labels = Buffer.from(output(`${name}.labels`)).toString();
    expect(labels.split('\n')).toEqual(ours.labels);
    expect(Buffer.from(Uint8Array.from(output(`${name}.pixels`))).equals(ours.images)).toBe(true);
    expect(output(`${name}.classLabels`)).toEqual(ours.classLabels);
    expectClose(output(`${name}.values`), runtime.toPremultiplied(ours.images, ours.channels));
    if (!ours.attributes) return;
    expect(output(`${name}.attributes`)).toEqual(
      runtime.encodeColumns(ours.attributes, Array.from(ours.classLabels.keys())),
    );
  });

  it.each([false, true])('moves pictures as we do, wrapped: %s', (circular) => {
    const { widthPx, heightPx, channels } = trainerDataset;
    const size = widthPx * heightPx * channels;
    const move = circular ? shiftCircular : shiftClamped;
    const moved = [0, 1, 2].map((i) => {
      const out = new Float32Array(size);
      move(pictureOf(i), out, trainerDataset, of('dx').data[i]!, of('dy').data[i]!);
      return [...out];
    });
    expectClose(output(`moved.${circular}`), moved.flat());
  });

  /** A picture of the first label, in the order of the sheets. */
  function pictureOf(place: number): Float32Array {
    const image = runtime.membersOf(trainerDataset.classLabels, 0)[place]!;
    const size = 16 * 16 * 4;
    return runtime.toPremultiplied(trainerDataset.images.subarray(image * size, (image + 1) * size), 4);
  }

  it('makes patches of pictures as we do, and pictures of patches', () => {
    const expected = tidy(() =>
      [0, 1, 2].flatMap((i) => [...toPatches(tensor4d(pictureOf(i), [1, 16, 16, 4]), 4).dataSync()]),
    );
    expectClose(output('patches'), expected);
    expect([...output('unpatched')]).toEqual([1]);
  });

  const rarityOf = (pictures: Float32Array, length: number) => {
    const rarity = colourRarity(trainerDataset, Int32Array.from(trainerDataset.classLabels.keys()));
    return pixelRarity(rarity, pictures, length, 4);
  };

  it('counts rare colours as we do', () => {
    const pictures = Float32Array.from([0, 1, 2].flatMap((i) => [...pictureOf(i)]));
    expectClose(output('rarity'), rarityOf(pictures, 16 * 16 * 4));
  });

  it('augments by moving values alone', () => {
    const augmented = output('augmented');
    const size = augmented.length / 3;
    for (let i = 0; i < 3; i++) {
      const [now, before] = [augmented.slice(i * size, (i + 1) * size), pictureOf(i)];
      expect(now.some((value, j) => Math.abs(value - before[j]!) > 0.1)).toBe(true);
      expectClose(now.sort(), before.sort());
    }
  });

  it('turns colours as we do', () => {
    const size = 16 * 16 * 4;
    const turned = [0, 1, 2].map((i) => {
      const out = new Float32Array(size);
      const [angle, strength] = [of('angle').data[i]!, of('strength').data[i]!];
      const [blue, red] = of('tint').data.slice(2 * i, 2 * i + 2);
      turnColours(pictureOf(i), out, trainerDataset, { angle, strength, tint: [blue!, red!] });
      return [...out];
    });
    expectClose(output('turned'), turned.flat());
    expectClose(output('jittered'), [0.5], { absolute: 0.1, relative: 0 });
  });

  it('takes squares that are in the pictures', () => {
    const [size, row] = [8 * 8 * 4, 8 * 4];
    for (let i = 0; i < 3; i++) {
      const cropped = output('cropped').slice(i * size, (i + 1) * size);
      const rows = Array.from({ length: 8 }, (_, y) => cropped.slice(y * row, (y + 1) * row));
      const [whole, wide] = [pictureOf(i), 16 * 4];
      const isAt = (left: number, top: number) =>
        rows.every((values, y) =>
          values.every((value, j) => Math.abs(value - whole[(top + y) * wide + left * 4 + j]!) < 1e-5),
        );
      const places = Array.from({ length: 81 }, (_, at) => isAt(at % 9, Math.floor(at / 9)));
      expect(places).toContain(true);
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
      const weights = runtime.uploadWeights(trainerWeights(files).conditioning);
      return runtime.conditioningVectors(config, weights, conditions).dataSync();
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
      runtime.conditioningVectors(studentConfig(), runtime.uploadWeights(studentWeights()), conditions).dataSync(),
    );
    expectClose(output('student'), vectors);
  });

  it('lays over pictures the grain that we do', () => {
    const grain = tidy(() => {
      const white = tensor4d(runtime.normals(7, SAMPLING_STREAMS.grain.first, 30), [1, 5, 6, 1]);
      return conv2d(white, tensor4d(of('grain.texton').data, [3, 3, 1, 6]), null, { circular: true }).dataSync();
    });
    expectClose(output('grain'), grain, { absolute: 2e-5 });
  });

  it('corrects latents by a probe as we do', () => {
    const [weights, bias] = [of('probe.weights').data, of('probe.bias').data] as Float32Array[];
    const groups = probeGroups(3, { hair: ['black', 'red'] });
    const margins = of('probe.margins').data as Float32Array;
    const latents = tidy(() => {
      const corrector = createCorrector(
        { grid: 4, weights: weights!, bias: bias!, rate: 0.2, margins },
        groups,
        [4, 6, 4],
      );
      const known = tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 5]);
      return corrected(
        corrector,
        imageTensor(nchwToNhwc(of('probe.latents'))),
        tensor2d(of('probe.asked').data, [2, 5]),
        known,
      ).dataSync();
    });
    expectClose(output('corrected'), latents, { absolute: 1e-4, relative: 1e-4 });
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
      const [x, decoded, mean, logVar] = ['pictures', 'decoded', 'mean', 'logvar'].map((name) => {
        const values = imageTensor(nchwToNhwc(of(name)));
        return name === 'pictures' || name === 'decoded'
          ? (mul(values, options.vae.channelWeights) as Tensor4D)
          : values;
      });
      const error = (of: 'l1' | 'l2') => reconstructionError(of, x!, decoded!).dataSync()[0]!;
      const kl = klDivergence({ mean: mean!, logVar: logVar! }).dataSync()[0]!;
      const edges = gradientDifference(x!, decoded!).dataSync()[0]!;
      const coarse = coarseDifference(x!, decoded!, 2).dataSync()[0]!;
      const pictures = nchwToNhwc(of('pictures')).data as Float32Array;
      const weights = tensor4d(rarityOf(pictures, 12 * 10 * 4), [BATCH, 12, 10, 1]);
      const rare = weightedDifference(x!, decoded!, weights).dataSync()[0]!;
      const { klWeight, l2Weight, gradientWeight, coarseWeight, rareColourWeight } = options.vae;
      const others = klWeight * kl + l2Weight * error('l2') + gradientWeight * edges + coarseWeight * coarse;
      return [error(kind) + others + rareColourWeight * rare, error(kind), kl];
    });
    expectClose(output(`vae.${kind}`), expected);
  });

  it('tells conditions from latents as we do, and counts what is missed as we do', () => {
    const [logits, loss] = tidy(() => {
      const weights = runtime.uploadWeights(randomWeights(conditionHeadShapes(kindsOf(files), 4), 5));
      const told = conditionLogits(weights, imageTensor(nchwToNhwc(of('mean'))).slice([0], [4]));
      const known = [0, 1, 2, 3].flatMap((i) => [
        Math.min(of('labels').data[i]!, 2),
        ...of('attributes').data.slice(2 * i, 2 * i + 2),
      ]);
      const missed = attributeLoss(kindsOf(files), told, known, attributeWeights(known, 3));
      return [told.dataSync(), missed.dataSync()];
    });
    expectClose(output('told'), logits!);
    expectClose(output('toldLoss'), loss!, { relative: 1e-4 });
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
    const source = diskSource(projects.at('checks', 'model'));
    const theirs = await runtime.loadModelFolder(source);
    const [means, stds] = [[...output('statistics').slice(0, 4)], [...output('statistics').slice(4)]];
    const ours = await withWeights(files, { latents_mean: means, latents_std: stds });
    const { sha256, decoder } = theirs.index.figment;
    const sameLength = { bytes: ours.index.figment.decoder!.bytes, sha256: decoder!.sha256 };
    expect(theirs.index).toEqual({
      ...ours.index,
      figment: { ...ours.index.figment, decoder: sameLength, sha256 },
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
    const { vae: apart } = await runtime.loadModelFolder(source, { parts: runtime.PAINTING_PARTS });
    expect(apart).toEqual(new Map([...theirs.vae!].filter(([name]) => /^(decoder|post_quant_conv)\./.test(name))));
    const { config, weights } = await readVae(projects.at('checks', 'vae'));
    expect(weights.size).toBe(ours.vae.size);
    expect(config.latent_channels).toBe(4);
  });
});
