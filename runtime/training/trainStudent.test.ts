import { dispose, memory, type Tensor, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { normals } from '../core/random.ts';
import { createDdim } from '../diffusion/ddim.ts';
import { qSample } from '../diffusion/forward.ts';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { createSampler } from '../diffusion/sampler.ts';
import { createSchedule } from '../diffusion/schedule.ts';
import { parseSchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { conditioningVectors } from '../networks/conditioning.ts';
import { unet2d, unet2dShapes } from '../networks/unet2d.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { expectClose, expectUncorrelated } from '../testing/matchers.ts';
import { recordingGradients } from '../testing/naiveTraining.ts';
import { randomWeights, tinyUNetConfig } from '../testing/tinyNetworks.ts';
import { runSteps, tinyLatents } from '../testing/tinyTraining.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { adaptConditioning } from './adaptConditioning.ts';
import { type Batch, splitBatch } from './batch.ts';
import { splitConditioning } from './conditionedNetwork.ts';
import { distilTask } from './distilTask.ts';
import { localGradients } from './gradients.ts';
import type { TrainerState } from './trainer.ts';
import {
  DISTIL_DEFAULTS,
  type DistilOptions,
  distilSpec,
  splitStudent,
  studentFrom,
  studentNetwork,
  studentTrainer,
} from './trainStudent.ts';

const LABELS = ['elf', 'goblin', 'orc'];
const OPTIONS: DistilOptions = {
  ...DISTIL_DEFAULTS,
  seed: 6,
  batchSize: 2,
  microBatchSize: 2,
  teacherSteps: 4,
  numGuidanceSteps: 1,
  numWarmupSteps: 1,
  numSteps: 3,
};
const STATISTICS = { mean: [1, 1, 1, 1], std: [1, 0.9, 1, 1.1] };
const SIZE = 4 * 4 * 4;

const config = tinyUNetConfig();
const teacher = {
  config,
  weights: randomWeights(unet2dShapes(config)),
  conditioning: null,
  labels: LABELS,
  vocabulary: {},
};
const scheduler = parseSchedulerConfig(
  { _class_name: 'DDIMScheduler', beta_schedule: 'squaredcos_cap_v2', prediction_type: 'v_prediction' },
  'the test',
);
const student = studentNetwork(teacher, OPTIONS);
const spec = distilSpec(student, scheduler, OPTIONS);
const task = distilTask(spec);

/** Two images: w = 3 for a goblin, w = 1 for anything. */
const TOLD: Batch = {
  classLabels: { shape: [2], data: Int32Array.of(1, 3) },
  attributes: { shape: [2, 0], data: new Float32Array() },
  guidanceScales: { shape: [2], data: Float32Array.of(3, 1) },
};
const values = (seed: number, shape: number[]) => ({
  shape,
  data: normals(
    seed,
    0,
    shape.reduce((a, b) => a * b, 1),
  ),
});
const NOISE: Batch = { ...TOLD, eps: values(1, [2, 4, 4, 4]) };
const LEVELS: Batch = {
  ...TOLD,
  x0: values(2, [2, 4, 4, 4]),
  eps: values(3, [2, 3, 4, 4, 4]),
  t: { shape: [2, 3], data: Int32Array.of(10, 400, 999, 0, 500, 700) },
};

const at = (data: ArrayLike<number>, place: number) => Array.from(data).slice(place * SIZE, (place + 1) * SIZE);

/** The original network's guided output for one image. */
function guided(
  original: Record<string, Tensor>,
  xt: Tensor4D,
  t: number,
  label: number,
  guidanceScale: number,
  guidanceInterval?: [number, number],
) {
  const model = (x: Tensor4D, times: ArrayLike<number>, labels: ArrayLike<number>) =>
    unet2d(config, original, x, times, labels);
  return guidedPrediction(model, xt, t, [label], 3, { guidanceScale, guidanceInterval });
}

const image = (data: ArrayLike<number>, place: number) => tensor4d(at(data, place), [1, 4, 4, 4]);

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

async function withWeights<T>(
  weights: ReadonlyMap<string, WeightTensor>,
  run: (uploaded: Record<string, Tensor>) => Promise<T>,
): Promise<T> {
  const { numTensors } = memory();
  const uploaded = uploadWeights(weights);
  const result = await run(uploaded);
  dispose(uploaded as unknown as Tensor[]);
  expect(memory().numTensors).toBe(numTensors);
  return result;
}

describe('studentNetwork', () => {
  it('begins as its teacher without guidance, whatever it is told of guidance and steps', async () => {
    await withWeights(new Map([...student.weights, ...prefixed(teacher.weights)]), async (all) => {
      const { unet, conditioning: own } = splitStudent(new Map(Object.entries(all)));
      const [xt, t, labels] = [tidy(() => tensor4d(normals(4, 0, 2 * SIZE), [2, 4, 4, 4])), [30, 800], [2, 3]];
      const outputs = [
        [1, 0],
        [4.5, 2],
      ].map(([w, steps]) =>
        tidy(() => {
          const sampling = { guidanceScales: [w!, w!], stepCounts: [steps!, steps!] };
          const told = { classLabels: labels, attributes: [], sampling };
          const vectors = conditioningVectors(student.conditioning, Object.fromEntries(own), told);
          return unet2d(student.config, Object.fromEntries(unet), xt, t, vectors).dataSync();
        }),
      );
      const expected = tidy(() => unet2d(config, original(all), xt, t, labels).dataSync());
      for (const output of outputs) expectClose(output, expected, { absolute: 1e-5, relative: 1e-5 });
      xt.dispose();
    });
  });

  it('refuses steps that do not divide each other', () => {
    expect(() => studentNetwork(teacher, { ...OPTIONS, stepCounts: [2, 3] })).toThrow(/2 does not divide 3/);
    expect(() => distilSpec(student, scheduler, { ...OPTIONS, teacherSteps: 6 })).toThrow(
      /the teacher takes 6 of 1000 steps; expected multiples of the student's 4/,
    );
  });
});

const prefixed = (weights: ReadonlyMap<string, WeightTensor>) =>
  [...weights].map(([name, value]): [string, WeightTensor] => [`original/${name}`, value]);

/** The teacher as it was before it took vectors. */
function original(all: Record<string, Tensor>): Record<string, Tensor> {
  const own = Object.entries(all).filter(([name]) => name.startsWith('original/'));
  return Object.fromEntries(own.map(([name, value]) => [name.slice('original/'.length), value]));
}

describe('distilTask', () => {
  const weights = new Map([...student.weights, ...prefixed(teacher.weights)]);

  it.each([null, [200, 600] as [number, number]])(
    'has for its target in stage one what guidance within %j makes of the teacher at each noise level',
    async (guidanceInterval) => {
      await withWeights(weights, async (all) => {
        const guidedSo = distilTask(distilSpec(student, scheduler, { ...OPTIONS, guidanceInterval }));
        const prepared = await guidedSo.prepare!(all, LEVELS);
        expect(Array.from(prepared.stepCounts!.data)).toEqual([0, 0, 0, 0, 0, 0]);
        for (let place = 0; place < 6; place++) {
          const of = Math.floor(place / 3);
          const [xt, target] = tidy(() => {
            const time = LEVELS.t!.data[place]!;
            const noised = qSample(
              createSchedule(scheduler),
              image(LEVELS.x0!.data, of),
              [time],
              image(LEVELS.eps!.data, place),
            );
            const interval = guidanceInterval ?? undefined;
            const output = guided(original(all), noised, time, [1, 3][of]!, [3, 1][of]!, interval);
            return [noised.dataSync(), output.dataSync()];
          });
          expectClose(at(prepared.xt!.data, place), xt, { absolute: 1e-5, relative: 1e-5 });
          expectClose(at(prepared.target!.data, place), target, { absolute: 2e-5, relative: 2e-5 });
        }
      });
    },
  );

  it.each([null, [200, 600] as [number, number]])(
    'has for its targets in stage two outputs that lead along the pictures of the teacher, guided within %j',
    async (guidanceInterval) => {
      await withWeights(weights, async (all) => {
        const guidedSo = distilTask(distilSpec(student, scheduler, { ...OPTIONS, guidanceInterval }));
        const { xt, target, t, stepCounts } = await guidedSo.prepare!(all, NOISE);
        expect(Array.from(stepCounts!.data)).toEqual([1, 2, 2, 4, 4, 4, 4, 1, 2, 2, 4, 4, 4, 4]);
        expect(Array.from(t!.data.slice(0, 7))).toEqual([999, 999, 499, 999, 749, 499, 249]);
        for (const of of [0, 1]) {
          const picture = tidy(() => {
            const sampler = createSampler('dpm++', spec.scheduler, { numInferenceSteps: 4 });
            let state: Tensor4D = image(NOISE.eps!.data, of);
            for (const [index, time] of sampler.timesteps.entries()) {
              const output = guided(
                original(all),
                state,
                time,
                [1, 3][of]!,
                [3, 1][of]!,
                guidanceInterval ?? undefined,
              );
              state = sampler.step(output, index, state).xt;
            }
            sampler.dispose();
            return state.dataSync();
          });
          // Each number of steps, taken by DDIM with these outputs, ends at the picture.
          for (const [first, numInferenceSteps] of [
            [0, 1],
            [1, 2],
            [3, 4],
          ] as const) {
            const end = tidy(() => {
              const sampler = createDdim(spec.scheduler, { numInferenceSteps });
              let state = image(xt!.data, 7 * of + first);
              for (let index = 0; index < numInferenceSteps; index++) {
                const place = 7 * of + first + index;
                expectClose(state.dataSync(), at(xt!.data, place), { absolute: 1e-4, relative: 1e-4 });
                state = sampler.step(image(target!.data, place), index, state).xt;
              }
              return state.dataSync();
            });
            expectClose(end, picture, { absolute: 1e-4, relative: 1e-4 });
          }
        }
      });
    },
  );

  it('trains the student alone, by the gradients of finite differences', async () => {
    await withWeights(student.weights, async (all) => {
      const batch = { ...NOISE, ...(await task.prepare!(all, NOISE)) };
      const { grads, loss, metrics } = await localGradients(task).gradients(all, splitBatch(NOISE, 2));
      const lossOf = async (weights: Record<string, Tensor>) => {
        const result = task.loss(weights, batch);
        const [value] = await result.loss.data();
        dispose([result.loss, ...Object.values(result.metrics)]);
        return value!;
      };
      expect(await lossOf(all)).toBeCloseTo(loss, 5);
      expect((metrics.steps1! + 4 * metrics.steps2! + 16 * metrics.steps4!) / 21).toBeCloseTo(loss, 5);
      const names = Object.keys(grads);
      expect(names.some((name) => name.startsWith('teacher.') || name.startsWith('conditioning.label'))).toBe(false);
      for (const name of [
        'conv_out.bias',
        'conditioning.student.steps.embedding.weight',
        'conditioning.student.guidance.linear_2.bias',
      ]) {
        const gradient = await grads[name]!.data<'float32'>();
        const largest = gradient.reduce(
          (best, value, i) => (Math.abs(value) > Math.abs(gradient[best]!) ? i : best),
          0,
        );
        const moved = async (by: number) => {
          const data = Float32Array.from(await all[name]!.data<'float32'>());
          data[largest]! += by;
          const changed = tidy(() => tensor4d(data, [1, 1, 1, data.length]).reshape(all[name]!.shape));
          const value = await lossOf({ ...all, [name]: changed });
          changed.dispose();
          return value;
        };
        const slope = ((await moved(0.01)) - (await moved(-0.01))) / 0.02;
        expect(gradient[largest]! / slope).toBeCloseTo(1, 1);
      }
      dispose(grads as unknown as Tensor[]);
    });
  });
});

describe('studentTrainer', () => {
  it('sees no latents in the second stage: what they show is enough, and not for the first', async () => {
    const { mean: _, std: __, ...subjects } = tinyLatents();
    const own = { ...OPTIONS, numGuidanceSteps: 0, numSteps: 1 };
    const losses = [];
    for (const latents of [tinyLatents(), subjects]) {
      const trainer = studentTrainer(latents, STATISTICS, spec, own, student.weights);
      losses.push((await runSteps(trainer)).map(({ loss }) => loss));
      await trainer.dispose();
    }
    expect(losses[1]).toEqual(losses[0]);
    expect(() => studentTrainer(subjects, STATISTICS, spec, OPTIONS, student.weights)).toThrow(
      /the first stage noises latents, of which there are none/,
    );
  });

  it('draws noise levels apart from the noise', async () => {
    const options = { ...OPTIONS, batchSize: 64, microBatchSize: 64, numSteps: 1 };
    const batches: Batch[] = [];
    const source = recordingGradients(task, batches);
    const trainer = studentTrainer(tinyLatents(), STATISTICS, spec, options, student.weights, source);
    await runSteps(trainer);
    await trainer.dispose();
    const [t, eps] = [batches[0]!.t!.data, batches[0]!.eps!.data];
    // Normal values come in pairs, whose length is of one uniform draw, as a timestep is.
    const pairs = Array.from({ length: t.length / 2 }, (_, i) => 2 * i);
    const lengths = pairs.map((i) => Math.hypot(eps[i]!, eps[i + 1]!) - Math.sqrt(Math.PI / 2)); // around their mean
    const levels = pairs.map((i) => t[i]! - 499.5);
    expectUncorrelated(levels, lengths);
  });

  it('learns in both stages, leaves the teacher as it was, and goes on bit for bit after a stop', async () => {
    const trained = async (start: TrainerState | Map<string, WeightTensor>, numSteps?: number) => {
      const trainer = studentTrainer(tinyLatents(), STATISTICS, spec, OPTIONS, start);
      const steps = await runSteps(trainer, numSteps);
      const state = await trainer.state();
      await trainer.dispose();
      return { steps, state };
    };
    const { numTensors } = memory();
    const whole = await trained(student.weights);
    const half = await trained(student.weights, 2);
    const rest = await trained(half.state);
    expect(memory().numTensors).toBe(numTensors);
    expect(whole.steps.map(({ metrics }) => Object.keys(metrics).length)).toEqual([0, 3, 3]);
    expect(rest.state.step).toBe(3);
    for (const [name, { data }] of whole.state.weights) expect(rest.state.weights.get(name)!.data, name).toEqual(data);
    for (const [name, { data }] of splitStudent(whole.state.ema).teacher) {
      expect(data, name).toEqual(teacher.weights.get(name)!.data);
    }
    const table = 'conditioning.label_embedding.weight';
    expect(whole.state.ema.get(table)!.data).toEqual(student.weights.get(table)!.data);
  });
});

const plusOne = (weights: ReadonlyMap<string, WeightTensor>) =>
  new Map(Array.from(weights, ([name, { shape, data }]) => [name, { shape, data: data.map((x) => x + 1) }]));

it('a student begins with what another training of it left, also of a former teacher, and not with another network', () => {
  const { unet, conditioning } = splitStudent(student.weights);
  const [learned, learnedConditioning] = [plusOne(unet), plusOne(conditioning)];
  const { teacher: own } = splitStudent(student.weights);
  const begunWith = (teacher: typeof own) =>
    splitStudent(studentFrom(student, { unet: learned, conditioning: learnedConditioning, teacher }).weights);
  const begun = begunWith(own);
  expect(begun.unet).toEqual(learned);
  expect(begunWith(new Map()).unet).toEqual(learned); // of a teacher of another size
  for (const [name, { data }] of begunWith(plusOne(own)).unet) {
    expect(data, name).toEqual(unet.get(name)!.data); // 1 more than it began with, of a teacher that has lost as much
  }
  for (const [name, value] of begun.conditioning) {
    const from = name.startsWith('student.') ? learnedConditioning : conditioning;
    expect(value, name).toEqual(from.get(name));
  }
  expect(begun.teacher).toEqual(own);
  expect(() => studentFrom(student, { unet, conditioning: null, teacher: own })).toThrow(
    /of another network: conditioning\..* is missing/,
  );
  const [name, { data }] = [...unet][0]!;
  const other = new Map([...unet, [name, { shape: [data.length], data }]]);
  expect(() => studentFrom(student, { unet: other, conditioning, teacher: own })).toThrow(
    `${name} is ${data.length}, expected`,
  );
});

it('knows the places that its teacher has learnt since', () => {
  const knowing = tinyUNetConfig({ sample_size: 4, position_embedding: true });
  const now = studentNetwork({ ...teacher, config: knowing, weights: randomWeights(unet2dShapes(knowing)) }, OPTIONS);
  const before = splitStudent(student.weights);
  const begun = splitStudent(studentFrom(now, before).weights);
  const own = splitStudent(now.weights);
  expect(begun.unet.get('position_embedding')).toEqual(own.teacher.get('position_embedding'));
  expect(begun.teacher).toEqual(own.teacher);
});

it('says of latent channels that its teacher has besides what that says', () => {
  const wider = tinyUNetConfig({ in_channels: 6, out_channels: 6 });
  const now = studentNetwork({ ...teacher, config: wider, weights: randomWeights(unet2dShapes(wider)) }, OPTIONS);
  const before = splitStudent(student.weights);
  const begun = splitStudent(studentFrom(now, before).weights);
  const own = splitStudent(now.weights);
  for (const [name, { data }] of begun.unet) expectClose(data, own.teacher.get(name)!.data, { absolute: 1e-6 });
  expect([...begun.unet.keys()]).toEqual([...own.unet.keys()]);
  const changed = { ...before, unet: plusOne(before.unet) };
  const bias = splitStudent(studentFrom(now, changed).weights).unet.get('conv_out.bias')!.data;
  const expected = own.teacher.get('conv_out.bias')!.data.map((value, i) => value + (i < 4 ? 1 : 0));
  expectClose(bias, expected, { absolute: 1e-6 });
});

it('goes on where its teacher has learnt an attribute since, whose words the new tables know', () => {
  const vocabulary = { hat: ['no', 'yes'] };
  const told = adaptConditioning(teacher, LABELS, vocabulary, 4);
  const { unet: weights, conditioning } = splitConditioning(told.weights);
  const now = studentNetwork({ config: told.config, weights, conditioning, labels: LABELS, vocabulary }, OPTIONS);
  const { teacher: before, ...own } = splitStudent(student.weights);
  const begun = splitStudent(studentFrom(now, { ...own, unet: plusOne(own.unet), teacher: before }).weights);
  expect(begun.unet).toEqual(plusOne(own.unet)); // the teacher's weights have not changed, but for the tables
  for (const [name, table] of conditioning) expect(begun.conditioning.get(name), name).toEqual(table);
});
