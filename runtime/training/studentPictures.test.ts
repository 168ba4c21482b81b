// A student whose pictures a classifier looks at: which pictures, how much they count, and that nothing else learns from it.
import { dispose, memory, slice, type Tensor, type Tensor4D, tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { createDdim } from '../diffusion/ddim.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { autoencoderKlShapes, decode } from '../networks/autoencoderKl.ts';
import { classifierShapes } from '../networks/classifier.ts';
import { conditioningVectors } from '../networks/conditioning.ts';
import { initialWeights } from '../networks/initialWeights.ts';
import { unscaleLatents } from '../networks/latentScaling.ts';
import { withoutPrefix } from '../networks/layers.ts';
import { unet2d, unet2dShapes } from '../networks/unet2d.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose, largestDifference } from '../testing/matchers.ts';
import { recordingGradients } from '../testing/naiveTraining.ts';
import { randomWeights, tinyClassifierConfig, tinyUNetConfig, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import { runSteps, tinyLatents } from '../testing/tinyTraining.ts';
import { type Batch, splitBatch } from './batch.ts';
import { distilTask } from './distilTask.ts';
import { localGradients } from './gradients.ts';
import { lossNetworkWeights, perceptualDifference, seenLevels } from './perceptualLoss.ts';
import { decodedFrames, decoderBeside, isOfPictures, pictureShapes, type StudentPictures } from './studentPictures.ts';
import { DISTIL_DEFAULTS, distilSpec, splitStudent, studentNetwork, studentTrainer } from './trainStudent.ts';

const NUM_FRAMES = 3;
const CHANNELS = 4;
const STATISTICS = { mean: [0.1, 0, -0.1, 0.2], std: [1, 0.9, 1, 1.1] };

const vae = tinyVaeConfig({ latents_mean: STATISTICS.mean, latents_std: STATISTICS.std, scaling_factor: 0.5 });
const lossNetwork = tinyClassifierConfig();
const pictures: StudentPictures = { perceptualWeight: 2, lossNetwork, vae, numFrames: NUM_FRAMES };
const beside = new Map([
  ...decoderBeside(randomWeights(autoencoderKlShapes(vae))),
  ...lossNetworkWeights(initialWeights(classifierShapes(lossNetwork), 3)),
]);

const config = tinyUNetConfig({ in_channels: NUM_FRAMES * CHANNELS, out_channels: NUM_FRAMES * CHANNELS });
const teacher = {
  config,
  weights: randomWeights(unet2dShapes(config)),
  conditioning: null,
  labels: ['elf', 'goblin', 'orc'],
  vocabulary: {},
};
const OPTIONS = {
  ...DISTIL_DEFAULTS,
  seed: 6,
  batchSize: 2,
  microBatchSize: 2,
  teacherSteps: 4,
  numWarmupSteps: 1,
  numSteps: 2,
  pictures,
};
const scheduler = parseSchedulerConfig(
  { _class_name: 'DDIMScheduler', beta_schedule: 'squaredcos_cap_v2', prediction_type: 'sample' },
  'the test',
);
const student = studentNetwork(teacher, OPTIONS);
const spec = distilSpec(student, scheduler, OPTIONS);
const task = distilTask(spec);
const start = new Map([...student.weights, ...beside]);

const NOISE: Batch = {
  classLabels: { shape: [2], data: Int32Array.of(1, 3) },
  attributes: { shape: [2, 0], data: new Float32Array() },
  guidanceScales: { shape: [2], data: Float32Array.of(3, 1) },
  eps: { shape: [2, 4, 4, 12], data: normals(1, 0, 2 * 4 * 4 * 12) },
  frames: { shape: [2, 2], data: Int32Array.of(2, 0, 2, 0) },
};

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe('decodedFrames', () => {
  const latents = normals(2, 0, 2 * 4 * 4 * 12);

  it('decodes the frames that are asked for, frame by frame, as the model does', () => {
    const { numTensors } = memory();
    tidy(() => {
      const all = uploadWeights(beside);
      const z = tensor4d(latents, [2, 4, 4, 12]);
      const given = decodedFrames(pictures, all, z, [2, 0], false);
      expect(given.shape).toEqual([4, 8, 8, 4]);
      for (const [place, frame] of [2, 0].entries()) {
        const own = slice(z, [0, 0, 0, CHANNELS * frame], [-1, -1, -1, CHANNELS]) as Tensor4D;
        const expected = decode(vae, withoutPrefix(all, 'vae.'), unscaleLatents(vae, own));
        const found = slice(given, [2 * place, 0, 0, 0], [2, 8, 8, 4]);
        expectClose(found.dataSync(), expected.dataSync(), { absolute: 1e-5 });
      }
    });
    expect(memory().numTensors).toBe(numTensors);
  });

  it('takes latents of a model without an auto-encoder for pictures', () => {
    tidy(() => {
      const z = tensor4d(latents, [2, 4, 4, 12]);
      const given = decodedFrames({ ...pictures, vae: null }, {}, z, [1], false);
      expectClose(given.dataSync(), slice(z, [0, 0, 0, CHANNELS], [-1, -1, -1, CHANNELS]).dataSync(), { absolute: 0 });
    });
  });

  it('needs of an auto-encoder its decoder alone', () => {
    expect([...pictureShapes(pictures).keys()].sort()).toEqual([...beside.keys()].sort());
    expect([...beside.keys()].filter((name) => name.includes('encoder.'))).toEqual([]);
  });
});

async function withStart(run: (all: Record<string, Tensor>) => Promise<void>): Promise<void> {
  const { numTensors } = memory();
  const all = uploadWeights(start);
  await run(all);
  dispose(all as unknown as Tensor[]);
  expect(memory().numTensors).toBe(numTensors);
}

/** Where one image of a batch begins and ends. */
const part = (place: number): [number, number] => [place * 4 * 4 * 12, (place + 1) * 4 * 4 * 12];

/** The loss, and what it says of its parts. */
async function lossOf(all: Record<string, Tensor>, batch: Batch) {
  const { loss, metrics } = task.loss(all, batch);
  const [value] = await loss.data();
  const entries = Object.entries(metrics).map(([name, metric]) => [name, metric.dataSync()[0]!]);
  dispose([loss, ...Object.values(metrics)]);
  return { loss: value!, metrics: Object.fromEntries(entries) as Record<string, number> };
}

/** What the student says of one state of one of the two images. */
function said(all: Record<string, Tensor>, xt: Tensor4D, image: number, t: number, stepCount: number): Tensor4D {
  const { unet, conditioning } = splitStudent(new Map(Object.entries(all)));
  const told = conditioningVectors(student.conditioning, Object.fromEntries(conditioning), {
    classLabels: [[1, 3][image]!],
    attributes: [],
    sampling: { guidanceScales: [[3, 1][image]!], stepCounts: [stepCount] },
  });
  return unet2d(student.config, Object.fromEntries(unet), xt, [t], told);
}

/** The last step of each number of steps, and its place among the seven. */
const LAST_STEPS = [
  { stepCount: 1, place: 0 },
  { stepCount: 2, place: 2 },
  { stepCount: 4, place: 6 },
];

/** How many steps a picture takes, and the place of the first of them. */
const FIRST_STEPS = [
  [1, 0],
  [2, 1],
  [4, 3],
] as const;

describe('a student whose pictures are seen', () => {
  it('has in its loss how differently the pictures of each number of steps are seen, weighted by that', async () => {
    await withStart(async (all) => {
      const batch = { ...NOISE, ...(await task.prepare!(all, NOISE)) };
      const { loss, metrics } = await lossOf(all, batch);
      const expected = tidy(() => {
        const differences = LAST_STEPS.flatMap(({ stepCount, place }) =>
          [0, 1].map((image) => {
            const sampler = createDdim(spec.scheduler, { numInferenceSteps: stepCount });
            const of = ({ data }: Batch[string]) => tensor4d(data.slice(...part(7 * image + place)), [1, 4, 4, 12]);
            const xt = of(batch.xt!);
            const own = said(all, xt, image, batch.t!.data[place]!, stepCount);
            const [known, given] = [of(batch.target!), own].map((output) => {
              const end = sampler.step(output, stepCount - 1, xt).xt;
              return seenLevels(lossNetwork, all, decodedFrames(pictures, all, end, [2, 0], false));
            });
            return (stepCount / 7 / 2) * perceptualDifference(known!, given!).dataSync()[0]!;
          }),
        );
        return differences.reduce((sum, difference) => sum + difference);
      });
      expectClose([metrics.perceptual!], [expected], { relative: 1e-3 });
      const error = (metrics.steps1! + 4 * metrics.steps2! + 16 * metrics.steps4!) / 21;
      expectClose([loss], [error + pictures.perceptualWeight * metrics.perceptual!], { relative: 1e-5 });
    });
  });

  it('steps from where its own steps have led to where its teacher is by then', async () => {
    await withStart(async (all) => {
      const own = await task.prepare!(all, NOISE);
      const ofTeacher = await distilTask({ ...spec, pictures: null }).prepare!(all, NOISE);
      const stateAt = ({ data }: Batch[string], place: number) => tensor4d(data.slice(...part(place)), [1, 4, 4, 12]);
      tidy(() => {
        for (const [stepCount, first] of FIRST_STEPS) {
          const sampler = createDdim(spec.scheduler, { numInferenceSteps: stepCount });
          for (const image of [0, 1]) {
            let state = tensor4d(NOISE.eps!.data.slice(...part(image)), [1, 4, 4, 12]);
            for (const [index, t] of sampler.timesteps.entries()) {
              const place = 7 * image + first + index;
              expectClose(state.dataSync(), stateAt(own.xt!, place).dataSync(), { absolute: 1e-4, relative: 1e-4 });
              const [led, expected] = [own, ofTeacher].map(({ xt, target }) =>
                sampler.step(stateAt(target!, place), index, stateAt(xt!, place)).xt.dataSync(),
              );
              expectClose(led!, expected!, { absolute: 1e-4, relative: 1e-4 });
              state = sampler.step(said(all, state, image, t, stepCount), index, state).xt;
            }
          }
        }
      });
      // Later steps of a student that is not guided yet begin elsewhere than its teacher's.
      expect(largestDifference(own.xt!.data, ofTeacher.xt!.data)).toBeGreaterThan(0.01);
    });
  });

  it("steps from its teacher's states where it predicts noise, of which mistakes lead astray", async () => {
    const ofNoise = { ...spec, scheduler: { ...spec.scheduler, predictionType: 'epsilon' as const } };
    await withStart(async (all) => {
      const [own, ofTeacher] = [ofNoise, { ...ofNoise, pictures: null }].map((each) => distilTask(each));
      const [found, expected] = [await own!.prepare!(all, NOISE), await ofTeacher!.prepare!(all, NOISE)];
      expect(found.xt!.data).toEqual(expected.xt!.data);
    });
  });

  it('learns by the gradients of finite differences', async () => {
    await withStart(async (all) => {
      const batch = { ...NOISE, ...(await task.prepare!(all, NOISE)) };
      const { grads } = await localGradients(task).gradients(all, splitBatch(NOISE, 2));
      expect(Object.keys(grads).filter(isOfPictures)).toEqual([]);
      const name = 'conv_out.bias';
      const gradient = await grads[name]!.data<'float32'>();
      const largest = gradient.indexOf(gradient.reduce((most, x) => (Math.abs(x) > Math.abs(most) ? x : most), 0));
      const moved = async (by: number) => {
        const data = Float32Array.from(await all[name]!.data<'float32'>());
        data[largest]! += by;
        const changed = tensor(data, all[name]!.shape);
        const { loss } = await lossOf({ ...all, [name]: changed }, batch);
        changed.dispose();
        return loss;
      };
      const slope = ((await moved(0.01)) - (await moved(-0.01))) / 0.02;
      expectClose([gradient[largest]!], [slope], { relative: 0.02 });
      dispose(grads as unknown as Tensor[]);
    });
  });

  it('leaves decoder and classifier as they are, sees all frames in time, and is not sold with what sees it', async () => {
    const { numTensors } = memory();
    const batches: Batch[] = [];
    const latents = tinyLatents(12, [4, 4, 12]);
    const options = { ...OPTIONS, numSteps: 8 };
    const trainer = studentTrainer(latents, STATISTICS, spec, options, start, recordingGradients(task, batches));
    const steps = await runSteps(trainer);
    const { ema } = await trainer.state();
    await trainer.dispose();
    expect(memory().numTensors).toBe(numTensors);
    for (const { metrics } of steps) expect(metrics.perceptual).toBeGreaterThan(0);
    for (const [name, { data }] of beside) expect(ema.get(name)!.data, name).toEqual(data);
    expect(batches[0]!.frames!.shape).toEqual([2, 3]);
    for (const { frames } of batches) expect(frames!.data.slice(0, 3)).toEqual(frames!.data.slice(3));
    const seen = new Set(batches.flatMap(({ frames }) => [...frames!.data]));
    expect([...seen].sort()).toEqual([0, 1, 2]);
    const parts = Object.values(splitStudent(ema)).flatMap((part) => [...part.keys()]);
    expect(parts.filter(isOfPictures)).toEqual([]);
    expect(parts).toHaveLength(ema.size - beside.size);
  });
});
