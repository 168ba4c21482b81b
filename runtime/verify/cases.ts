// Repeats what diffusers computed and recorded, and measures how far our results are from it.
import { dispose, type Rank, sum, type Tensor, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import { ANY } from '../core/attributes.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { createSampler, samplerForConfig } from '../diffusion/sampler.ts';
import type { Sampler } from '../diffusion/samplerType.ts';
import { parseSchedulerConfig, type SchedulerConfig, type TimestepSpacing } from '../diffusion/schedulerConfig.ts';
import { autoencoderKlShapes, decode, encode } from '../networks/autoencoderKl.ts';
import { parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { conditioningVectors } from '../networks/conditioning.ts';
import { klOfValues } from '../networks/latentDistribution.ts';
import { embeddingRows } from '../networks/layers.ts';
import { unet2d, unet2dShapes } from '../networks/unet2d.ts';
import { parseUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import type { UNet2DCondition } from '../networks/unet2dEmbedding.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { decodeLatents } from '../sampling/autoencoder.ts';
import { createModel, type DiffusionModel } from '../sampling/model.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { nchwToNhwc } from '../weights/tensorLayout.ts';
import { checkWeights, type WeightTensor } from '../weights/weightTensor.ts';

/** Largest deviation from recorded tensors: absolute, and over the largest magnitude in the tensor it occurs in. */
export interface Deviation {
  maxAbs: number;
  maxRel: number;
}

const NO_DEVIATION: Deviation = { maxAbs: 0, maxRel: 0 };

/**
 * How far a result is from a recorded tensor of the same layout; a NaN counts as infinitely far.
 *
 * @throws RangeError when their sizes differ
 */
export async function deviationFrom(actual: Tensor, expected: WeightTensor): Promise<Deviation> {
  if (actual.shape.join() !== expected.shape.join()) {
    throw new RangeError(`deviationFrom: the result is [${actual.shape}], the recorded tensor [${expected.shape}]`);
  }
  const values = await actual.data();
  let maxAbs = 0;
  let magnitude = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = Math.abs(values[i]! - expected.data[i]!);
    maxAbs = Math.max(maxAbs, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    magnitude = Math.max(magnitude, Math.abs(expected.data[i]!));
  }
  return { maxAbs, maxRel: maxAbs === 0 ? 0 : maxAbs / magnitude };
}

/** Takes the larger absolute and the larger relative error of two deviations. */
export function largerDeviation(a: Deviation, b: Deviation): Deviation {
  return { maxAbs: Math.max(a.maxAbs, b.maxAbs), maxRel: Math.max(a.maxRel, b.maxRel) };
}

type Tensors = ReadonlyMap<string, WeightTensor>;

/** One network as its folder holds it; tensors in PyTorch's layout. */
export interface NetworkFolder {
  name: string; // in errors
  config: unknown;
  weights: Tensors;
}

/** The JSON beside the tensors of a whole generation. */
export interface PipelineCase {
  num_inference_steps: number;
  guidance_scale: number;
  /** null where the model has none. */
  null_label: number | null;
  timesteps: number[];
  /** What took the place of the folder's own scheduler, with its betas and prediction type alone; absent: nothing. */
  sampler?: SamplerName;
  timestep_spacing?: TimestepSpacing;
}

/**
 * One forward pass of a UNet2DModel.
 *
 * @param tensors `sample` (B, C, H, W), `timestep` (B), `class_labels` (B) if it has classes, `class_embedding` (B, C) if it
 *                takes one, and `expected` (B, C, H, W)
 * @throws        Error naming the tensor or option that is missing or wrong
 */
export async function runUNetCase({ name, config, weights }: NetworkFolder, tensors: Tensors): Promise<Deviation> {
  const parsed = parseUNet2DConfig(config, `${name}/config.json`);
  checkWeights(weights, unet2dShapes(parsed), name);
  const uploaded = uploadWeights(weights);
  try {
    const run = () =>
      unet2d(parsed, uploaded, images(tensors, 'sample'), find(tensors, 'timestep').data, conditionOf(parsed, tensors));
    return await worstOf(tensors, { expected: tidy(run) });
  } finally {
    dispose(uploaded);
  }
}

function conditionOf(config: UNet2DConfig, tensors: Tensors): UNet2DCondition {
  if (config.class_embed_type === 'identity') {
    const { shape, data } = find(tensors, 'class_embedding');
    return tensor<Rank.R2>(data, shape as [number, number], 'float32');
  }
  return config.num_class_embeds === null ? null : find(tensors, 'class_labels').data;
}

/**
 * Encodes and decodes with an AutoencoderKL.
 *
 * @param tensors `image` (B, C, H, W), the latents' `mean` and `logvar`, their divergence `kl` (B, nats), and `decoded`, which
 *                is the mean decoded
 * @throws        Error naming the tensor or option that is missing or wrong
 */
export async function runVaeCase({ name, config, weights }: NetworkFolder, tensors: Tensors): Promise<Deviation> {
  const parsed = parseAutoencoderKlConfig(config, `${name}/config.json`);
  checkWeights(weights, autoencoderKlShapes(parsed), name);
  const uploaded = uploadWeights(weights);
  try {
    const results = tidy(() => {
      const latents = encode(parsed, uploaded, images(tensors, 'image'));
      const decoded = decode(parsed, uploaded, latents.mean);
      return { mean: latents.mean, logvar: latents.logVar, kl: sum(klOfValues(latents), [1, 2, 3]), decoded };
    });
    return await worstOf(tensors, results);
  } finally {
    dispose(uploaded);
  }
}

/**
 * A whole generation, with classifier-free guidance where there is a null label, from given starting latents to the image.
 *
 * @param tensors `latents`, `class_labels` if the U-Net has classes or conditioning, `attributes` (B, attributes) if that
 *                knows any, and the results `latents_out` and `image`
 * @throws        Error when the timesteps are not the recorded ones, or a tensor or option is missing or wrong
 */
export async function runPipelineCase(
  files: ModelFiles,
  pipelineCase: PipelineCase,
  tensors: Tensors,
): Promise<Deviation> {
  const model = createModel(files);
  try {
    const results = tidy(() => {
      const latents = denoise(model, pipelineCase, tensors);
      return { latents_out: latents, image: decodeLatents(model, latents) };
    });
    return await worstOf(tensors, results);
  } finally {
    model.dispose();
  }
}

function denoise(model: DiffusionModel, pipelineCase: PipelineCase, tensors: Tensors): Tensor4D {
  const { unet, scheduler, index } = model;
  const sampler = samplerOf(scheduler, pipelineCase, pipelineCase.num_inference_steps);
  assertTimesteps(sampler.timesteps, pipelineCase.timesteps);
  const circular = index.figment.circularPadding;
  const { classLabels, nullLabel, guidanceScale, rowsOf } = caseConditions(model, pipelineCase, tensors);
  const predict = (xt: Tensor4D, t: ArrayLike<number>, classes: ArrayLike<number>) =>
    unet2d(unet.config, unet.weights, xt, t, rowsOf(classes), { circular });
  let xt = images(tensors, 'latents');
  for (const [step, t] of sampler.timesteps.entries()) {
    const input = sampler.scaleInput(xt, step);
    const output = guidedPrediction(predict, input, t, classLabels, nullLabel, { guidanceScale });
    xt = sampler.step(output, step, xt).xt;
  }
  sampler.dispose();
  return xt;
}

/** What the pictures of a case are to be, as classes, and what the U-Net takes for some of them. */
interface CaseConditions {
  classLabels: ArrayLike<number>;
  nullLabel: number;
  /** The scale by which two passes are combined; 1 where the U-Net is told the scale and needs one pass. */
  guidanceScale: number;
  rowsOf(classes: ArrayLike<number>): UNet2DCondition;
}

/** Where a vector stands for label and attributes, each picture is a class of its own, and the one behind them is "any". */
function caseConditions(
  { unet, conditioning: network }: DiffusionModel,
  { null_label, guidance_scale, num_inference_steps }: PipelineCase,
  tensors: Tensors,
): CaseConditions {
  const numImages = find(tensors, 'latents').shape[0]!;
  if (!network) {
    const isTold = unet.config.num_class_embeds !== null;
    const classLabels = isTold ? find(tensors, 'class_labels').data : new Int32Array(numImages);
    return { classLabels, nullLabel: null_label ?? -1, guidanceScale: guidance_scale, rowsOf: (classes) => classes };
  }
  const { num_labels, attributes, student } = network.config;
  const names = Object.keys(attributes);
  const told = names.length > 0 ? find(tensors, 'attributes').data : [];
  const classes = [...find(tensors, 'class_labels').data, num_labels];
  const ofEach = (value: number) => classes.map(() => value);
  const sampling = { guidanceScales: ofEach(guidance_scale), stepCounts: ofEach(num_inference_steps) };
  const vectors = conditioningVectors(network.config, network.weights, {
    classLabels: classes,
    attributes: [...told, ...names.map(() => ANY)],
    ...(student && { sampling }),
  });
  return {
    classLabels: Array.from({ length: numImages }, (_, image) => image),
    nullLabel: numImages,
    guidanceScale: student ? 1 : guidance_scale,
    rowsOf: (classes) => embeddingRows({ 'vectors.weight': vectors }, 'vectors', classes),
  };
}

function samplerOf(
  scheduler: SchedulerConfig,
  { sampler, timestep_spacing }: PipelineCase,
  numInferenceSteps: number,
): Sampler {
  if (!sampler) return samplerForConfig(scheduler, numInferenceSteps);
  const timestepSpacing = timestep_spacing ?? scheduler.timestepSpacing;
  const plain = { ...scheduler, timestepSpacing, clipSample: false, setAlphaToOne: true };
  return createSampler(sampler, plain, { numInferenceSteps });
}

/** Compares each result with the recorded tensor of its name, and disposes it. */
async function worstOf(tensors: Tensors, results: Record<string, Tensor>): Promise<Deviation> {
  try {
    let worst = NO_DEVIATION;
    for (const [name, result] of Object.entries(results)) {
      const recorded = find(tensors, name);
      const expected = recorded.shape.length === 4 ? nchwToNhwc(recorded) : recorded;
      worst = largerDeviation(worst, await deviationFrom(result, expected));
    }
    return worst;
  } finally {
    dispose(results);
  }
}

/** The JSON beside the tensors of a case. */
export interface SchedulerCase {
  scheduler: string; // the diffusers class
  config: Record<string, unknown>;
  num_inference_steps: number;
  timesteps: number[];
}

/**
 * Runs our sampler along a recorded trajectory: the network's outputs (and the noise) are the recorded ones, xt is our
 * own from `x_init` on, so that deviations add up as they would in use.
 *
 * @param tensors `x_init`, and for each step i `model_input_i`, `model_output_i`, `x_{i+1}` and, if noise is drawn,
 *                `noise_i`; any layout, since every operation is elementwise
 * @returns       the largest deviation of any xt or model input
 * @throws        Error when the timesteps are not the recorded ones, or a tensor is missing
 */
export async function runSchedulerCase(schedulerCase: SchedulerCase, tensors: Tensors): Promise<Deviation> {
  const json = { _class_name: schedulerCase.scheduler, ...schedulerCase.config };
  const config = parseSchedulerConfig(json, 'the scheduler case');
  const sampler = samplerForConfig(config, schedulerCase.num_inference_steps);
  assertTimesteps(sampler.timesteps, schedulerCase.timesteps);
  let xt = toTensor(tensors, 'x_init');
  let worst = NO_DEVIATION;
  for (const index of sampler.timesteps.keys()) {
    const input = sampler.scaleInput(xt, index);
    const next = replayStep(sampler, index, xt, tensors);
    worst = largerDeviation(worst, await deviationFrom(input, find(tensors, `model_input_${index}`)));
    worst = largerDeviation(worst, await deviationFrom(next, find(tensors, `x_${index + 1}`)));
    dispose([input, xt]);
    xt = next;
  }
  xt.dispose();
  sampler.dispose();
  return worst;
}

function replayStep(sampler: Sampler, index: number, xt: Tensor, tensors: Tensors): Tensor {
  return tidy(() => {
    const noise = sampler.needsNoise ? toTensor(tensors, `noise_${index}`) : undefined;
    return sampler.step(toTensor(tensors, `model_output_${index}`), index, xt, noise).xt;
  });
}

function toTensor(tensors: Tensors, name: string): Tensor {
  const { shape, data } = find(tensors, name);
  return tensor(data, shape, 'float32');
}

function images(tensors: Tensors, name: string): Tensor4D {
  const { shape, data } = nchwToNhwc(find(tensors, name));
  return tensor<Rank.R4>(data, shape as Tensor4D['shape'], 'float32');
}

function find(tensors: Tensors, name: string): WeightTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`verify: the case has no tensor "${name}"; record it again`);
  return found;
}

function assertTimesteps(actual: readonly number[], expected: readonly number[]): void {
  if (actual.join() === expected.join()) return;
  throw new Error(`verify: the timesteps are ${actual.join()}; expected ${expected.join()}`);
}
