// The VAE as a generator: z from the seed, one pass of the decoder.
import { dispose, type Tensor, type Tensor2D, type Tensor4D, tensor2d } from '@tensorflow/tfjs-core';
import { normals } from '../core/random.ts';
import { runToEnd } from '../core/slices.ts';
import { SAMPLING_STREAMS } from '../core/streams.ts';
import { forgetRecordings } from '../kernels/plan/recordings.ts';
import {
  type ConditionalVaeConfig,
  conditionalVaeShapes,
  decoderRows,
  decodeWithRows,
  parseConditionalVaeConfig,
} from '../networks/conditionalVae.ts';
import { attributeKinds } from '../networks/conditioningConfig.ts';
import type { Weights } from '../networks/layers.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { indexOfLabel } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { FigmentEntry, ModelIndex } from '../weights/modelIndex.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { checkWeights } from '../weights/weightTensor.ts';
import { type Asked, decidedAttributes } from './decidedAttributes.ts';
import { ofSeeds } from './ofSeeds.ts';
import { recordedInSlices } from './recordedPass.ts';

/** A class-conditional VAE with one latent vector, its weights on the current backend. */
export interface CvaeNetwork {
  readonly config: ConditionalVaeConfig;
  readonly weights: Weights;
}

/** The VAE of a model folder. */
export interface ConditionalVae extends CvaeNetwork {
  readonly index: ModelIndex;
  /** sha-256 of the files it was loaded from. */
  readonly hash: string;
  dispose(): void;
}

/** What decides on a picture of the conditional VAE. */
type Drawn = Asked & Pick<Recipe, 'seed'>;

/**
 * Checks the VAE of a model folder and puts its weights on the current backend.
 *
 *   const cvae = createConditionalVae(await loadModelFolder(source, { parts: ['cvae'] }));
 *
 * @throws Error naming the file and option or tensor that is wrong; nothing stays allocated then
 */
export function createConditionalVae({ index, cvaeConfig, cvae, hash }: ModelFiles): ConditionalVae {
  const { name, widthPx, heightPx, channels } = index.figment;
  const config = parseConditionalVaeConfig(cvaeConfig, `${name}/cvae/config.json`);
  checkWeights(cvae, conditionalVaeShapes(config), `${name}/cvae`);
  const [height, width] = config.sample_size;
  const isFitting = width === widthPx && height === heightPx && config.in_channels === channels;
  if (!isFitting || config.num_labels !== index.labels.length) {
    throw new Error(
      `createConditionalVae: ${name} makes ${widthPx}×${heightPx} px of ${channels} channels and ${index.labels.length} labels, its cvae ${width}×${height} px of ${config.in_channels} and ${config.num_labels}; train it on the model's data`,
    );
  }
  if (JSON.stringify(config.attributes) !== JSON.stringify(attributeKinds(index.figment.attributes ?? {}))) {
    throw new Error(
      `createConditionalVae: ${name} and its cvae know different attributes; train it on the model's data by figment train cvae --add-to`,
    );
  }
  const weights: Record<string, Tensor> = uploadWeights(cvae);
  return { index, hash, config, weights, dispose: () => free(weights) };
}

function free(weights: Record<string, Tensor>): void {
  forgetPasses({ weights });
  dispose(Object.values(weights));
}

/** Frees the recordings of a network's passes, which hold the weights that it had then. */
export function forgetPasses({ weights }: Pick<CvaeNetwork, 'weights'>): void {
  forgetRecordings(weights);
}

/**
 * Makes pictures in one pass of the decoder, in slices of about one convolution each: the mean of p(x | z, y) with
 * z ~ N(0, I) drawn by the seed. There are no steps, and no guidance. `return()` gives it up. Call `next()` outside of
 * tf.tidy.
 *
 * @param known the model's labels, whose order is that of the classes, its attributes and their examples
 * @returns      through the generator, float32 (B, H, W, channels), about [−1, 1]; the caller disposes it
 * @throws       RangeError for an unknown label or attribute, at the first slice
 */
export function* cvaeImagesInSlices(
  { config, weights }: CvaeNetwork,
  known: { readonly labels: readonly string[] } & Pick<FigmentEntry, 'attributes' | 'examples'>,
  requests: readonly Drawn[],
): Generator<void, Tensor4D> {
  const condition = {
    classLabels: requests.map(({ label }) => indexOfLabel(known.labels, label)),
    attributes: requests.flatMap((request) => decidedAttributes(known.labels, known, unsteered(request)).own),
  };
  const z = latentVectors(config.latent_size, requests);
  const rows = decoderRows(config, weights, condition);
  try {
    return yield* recordedInSlices(weights, {
      name: 'cvae',
      inputs: [
        { input: z, shape: z.shape },
        { input: rows, shape: rows.shape },
      ],
      shape: [requests.length, ...config.sample_size, config.in_channels],
      pass: (...given) => runToEnd(decodeWithRows(config, weights, ...(given as [Tensor2D, Tensor2D]))),
      inSlices: () => decodeWithRows(config, weights, z, rows),
    });
  } finally {
    rows.dispose();
    z.dispose();
  }
}

/** What a recipe asks for, without a classifier, which steers no picture of one pass: the examples decide on all that is open. */
function unsteered(request: Drawn): Drawn {
  return request.classifier ? { ...request, classifier: undefined } : request;
}

/** Standard normal vectors of the seeds, or between two of them, (B, size). */
function latentVectors(size: number, requests: readonly Drawn[]): Tensor2D {
  const values = ofSeeds(requests, size, (seed) => normals(seed, SAMPLING_STREAMS.z.first, size));
  return tensor2d(values, [requests.length, size]);
}
