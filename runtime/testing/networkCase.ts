/** Runs networks on inputs whose outputs diffusers recorded, and measures how far ours are from them. */
import {
  add,
  dispose,
  exp,
  mul,
  type Rank,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor4D,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { guidedPrediction } from '../diffusion/guidance.ts';
import { samplerForConfig } from '../diffusion/sampler.ts';
import { autoencoderKlShapes, decode, encode, type LatentDistribution } from '../networks/autoencoderKl.ts';
import { parseAutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { uploadWeights } from '../networks/tensors.ts';
import { type UNet2DCondition, unet2d, unet2dShapes } from '../networks/unet2d.ts';
import { parseUNet2DConfig, type UNet2DConfig } from '../networks/unet2dConfig.ts';
import { decodeLatents } from '../sampling/decode.ts';
import { createModel, type DiffusionModel } from '../sampling/model.ts';
import { checkWeights } from '../weights/checkWeights.ts';
import type { ModelFiles } from '../weights/modelFolder.ts';
import { nchwToNhwc } from '../weights/tensorLayout.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { type Deviation, deviationFrom, largerDeviation, NO_DEVIATION } from './deviation.ts';

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
  null_label: number;
  timesteps: number[];
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
 * @param tensors `image` (B, C, H, W), the latents' `mean` and `logvar`, their divergence `kl` (B), and `decoded`, which
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
      return { mean: latents.mean, logvar: latents.logVar, kl: divergence(latents), decoded };
    });
    return await worstOf(tensors, results);
  } finally {
    dispose(uploaded);
  }
}

/**
 * A whole generation with classifier-free guidance, from given starting latents to the image.
 *
 * @param tensors `latents`, `class_labels`, and the results `latents_out` and `image`
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

function denoise({ unet, scheduler }: DiffusionModel, pipelineCase: PipelineCase, tensors: Tensors): Tensor4D {
  const sampler = samplerForConfig(scheduler, pipelineCase.num_inference_steps);
  assertTimesteps(sampler.timesteps, pipelineCase.timesteps);
  const predict = (xt: Tensor4D, t: ArrayLike<number>, labels: ArrayLike<number>) =>
    unet2d(unet.config, unet.weights, xt, t, labels);
  const classLabels = find(tensors, 'class_labels').data;
  const guidance = { guidanceScale: pipelineCase.guidance_scale };
  let xt = images(tensors, 'latents');
  for (const [index, t] of sampler.timesteps.entries()) {
    const input = sampler.scaleInput(xt, index);
    const output = guidedPrediction(predict, input, t, classLabels, pipelineCase.null_label, guidance);
    xt = sampler.step(output, index, xt).xt;
  }
  sampler.dispose();
  return xt;
}

/** Nats per image, (B): the sum over all latent values of ½ (mean² + e^logVar − 1 − logVar). */
function divergence({ mean, logVar }: LatentDistribution): Tensor {
  return mul(0.5, sum(sub(add(square(mean), exp(logVar)), add(logVar, 1)), [1, 2, 3]));
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

function images(tensors: Tensors, name: string): Tensor4D {
  const { shape, data } = nchwToNhwc(find(tensors, name));
  return tensor<Rank.R4>(data, shape as Tensor4D['shape'], 'float32');
}

function find(tensors: Tensors, name: string): WeightTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`the case has no tensor "${name}"; record it again`);
  return found;
}

function assertTimesteps(actual: readonly number[], expected: readonly number[]): void {
  if (actual.join() === expected.join()) return;
  throw new Error(`the timesteps are ${actual.join()}; expected ${expected.join()}`);
}
