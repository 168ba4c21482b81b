// Pictures that show what an auto-encoder and a diffusion model do, step by step.
import { type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { runToEnd } from '../../../runtime/core/slices.ts';
import {
  conditionInSlices,
  createSampler,
  createSchedule,
  type DiffusionModel,
  guidedPrediction,
  normals,
  parseSchedulerConfig,
  qSample,
  rowsOfCondition,
  sample,
  slerp,
  toPixels,
  toPremultiplied,
  trainingScheduler,
  unet2d,
} from '../../../runtime/index.ts';
import { drawFigure } from '../../study/plot.ts';
import { decodedFrom, encoded, GUIDANCE, paint, pictureRows } from './painting.ts';

/** Some portraits, and the same after the auto-encoder alone. */
export async function reconstruction(model: DiffusionModel): Promise<Uint8Array> {
  const labels = ['elf', 'goblin', 'human_male', 'vampire', 'catfolk', 'orc', 'human_elder', 'android'];
  const portraits = await paint(
    model,
    labels.map((label, i) => ({ label, seed: 11 + i })),
  );
  return pictureRows(model, [portraits, await decodedFrom(model, encoded(model, portraits))]);
}

/** A portrait, and the channels of its latents as greys. */
export async function latents(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx } = model.index.figment;
  const rows: Uint8Array[][] = [];
  for (const label of ['elf', 'orc']) {
    const portraits = await paint(model, [{ label, seed: 7 }]);
    const z = encoded(model, portraits);
    const values = z.dataSync<'float32'>();
    z.dispose();
    const [height, width, channels] = model.latentShape;
    const factor = widthPx / width;
    const grey = (channel: number) =>
      toPixels(
        Float32Array.from({ length: 4 * (factor * width) * (factor * height) }, (_, i) => {
          const [x, y] = [Math.floor(i / 4) % widthPx, Math.floor(i / 4 / widthPx)];
          const cell = Math.floor(y / factor) * width + Math.floor(x / factor);
          return i % 4 === 3 ? 1 : values[cell * channels + channel]! / 2.5;
        }),
        4,
      );
    rows.push([portraits[0]!, ...Array.from({ length: channels }, (_, channel) => grey(channel))]);
  }
  return pictureRows(model, rows);
}

/** One portrait under more and more noise, in pixels. */
export async function forward(model: DiffusionModel): Promise<Uint8Array> {
  const [portrait] = await paint(model, [{ label: 'elf', seed: 7 }]);
  const { widthPx, heightPx, channels } = model.index.figment;
  const shape: [number, number, number, number] = [1, heightPx, widthPx, channels];
  const x0 = tensor4d(toPremultiplied(portrait!, 4), shape);
  const eps = tensor4d(normals(3, 0, portrait!.length), shape);
  const schedule = createSchedule(model.scheduler);
  const row = [0, 100, 200, 350, 500, 700, 999].map((t) => {
    const xt = qSample(schedule, x0, [t], eps);
    const pixels = opaque(xt.dataSync<'float32'>());
    xt.dispose();
    return pixels;
  });
  x0.dispose();
  eps.dispose();
  return pictureRows(model, [row]);
}

/** Opaque pixels: a noisy alpha channel would hide the noise in the colours. */
function opaque(values: Float32Array): Uint8Array {
  return toPixels(
    values.map((value, i) => (i % 4 === 3 ? 1 : value)),
    4,
  );
}

/** The network's estimate of the final picture at some of 20 steps. */
export async function denoising(_: DiffusionModel, model: DiffusionModel): Promise<Uint8Array> {
  const shown = [1, 2, 4, 6, 9, 12, 16, 20];
  const rows: Uint8Array[][] = [];
  for (const label of ['elf', 'goblin', 'vampire']) {
    const row: Uint8Array[] = [];
    const options = { guidanceScale: GUIDANCE, sampler: 'ddim', numInferenceSteps: 20 } as const;
    for await (const { step, x0Pred } of sample(model, [{ label, seed: 7 }], options)) {
      if (shown.includes(step)) row.push(...(await decodedFrom(model, x0Pred.clone())));
    }
    rows.push(row);
  }
  return pictureRows(model, rows);
}

/** The share of signal over time. */
export async function schedules(): Promise<Uint8Array> {
  const linear = { _class_name: 'DDIMScheduler', beta_schedule: 'linear', prediction_type: 'v_prediction' };
  const configs = {
    linear: parseSchedulerConfig(linear, 'linear'),
    cosine: trainingScheduler({ betaSchedule: 'squaredcos_cap_v2', predictionType: 'v_prediction' }),
    'linear, zero terminal SNR': parseSchedulerConfig({ ...linear, rescale_betas_zero_snr: true }, 'zero'),
  };
  const lines = Object.entries(configs).map(([name, config]) => ({
    name,
    points: Array.from(createSchedule(config).alphasCumprod, (value, t) => [t, Math.sqrt(value)] as const),
  }));
  return drawFigure({
    kind: 'lines',
    title: 'How much of the picture is left',
    x: { name: 'timestep t', max: 1000 },
    y: { name: 'scale of the signal, root of α', min: 0, max: 1 },
    lines,
  });
}

/** From one noise to another: along the arc, and straight on. */
export async function slerped(_: DiffusionModel, model: DiffusionModel): Promise<Uint8Array> {
  const amounts = [0, 1 / 7, 2 / 7, 3 / 7, 4 / 7, 5 / 7, 6 / 7, 1];
  const size = model.latentShape.reduce((a, b) => a * b, 1);
  const [from, to] = [normals(19, 0, size), normals(119, 0, size)];
  const straight = (u: number) => from.map((value, i) => (1 - u) * value + u * to[i]!);
  return pictureRows(model, [
    await paintFrom(
      model,
      'human_female',
      amounts.map((u) => slerp(from, to, u)),
    ),
    await paintFrom(model, 'human_female', amounts.map(straight)),
  ]);
}

/** Runs the reverse process from given noises. */
async function paintFrom(model: DiffusionModel, label: string, noises: Float32Array[]): Promise<Uint8Array[]> {
  const { config, weights } = model.unet;
  const told = noises.map(() => ({ label })); // a request without a seed leaves attributes open, so that the noise alone decides
  const condition = runToEnd(conditionInSlices(model, told));
  const classLabels = condition.classesAt(0);
  const sampler = createSampler('ddim', model.scheduler, { numInferenceSteps: 20 });
  const predict = (x: Tensor4D, t: ArrayLike<number>, classes: ArrayLike<number>) =>
    unet2d(config, weights, x, t, rowsOfCondition(condition, classes));
  let xt = tensor4d(Float32Array.from(noises.flatMap((noise) => [...noise])), [noises.length, ...model.latentShape]);
  for (const [index, t] of sampler.timesteps.entries()) {
    const next = tidy(() => {
      const output = guidedPrediction(predict, xt, t, classLabels, condition.nullLabel, { guidanceScale: GUIDANCE });
      return sampler.step(output, index, xt).xt;
    });
    xt.dispose();
    xt = next;
  }
  condition.vectors?.dispose();
  return decodedFrom(model, xt);
}
