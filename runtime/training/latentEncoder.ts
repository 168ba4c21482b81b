import { dispose, type Tensor, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { encode } from '../networks/autoencoderKl.ts';
import type { AutoencoderKlConfig } from '../networks/autoencoderKlConfig.ts';
import { stdOf } from '../networks/latentDistribution.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { GradientWorker } from './dataParallel.ts';

/** Images, (B, H, W, C), range [−1, 1]. */
export interface PixelBatch {
  shape: [number, number, number, number];
  data: Float32Array;
}

/** The latent distribution of a batch, (B, h, w, c) each. */
export interface LatentBatch {
  mean: Float32Array;
  std: Float32Array;
}

/** A trained auto-encoder that encodes one batch at a time: here, or on a worker. */
export interface LatentEncoder {
  encode(x: PixelBatch): Promise<LatentBatch>;
  /** Frees the weights; a worker keeps running. */
  dispose(): void;
}

export interface LatentEncoderSpec {
  config: AutoencoderKlConfig;
  /** PyTorch's layout. */
  weights: ReadonlyMap<string, WeightTensor>;
  circular: boolean;
}

/** An encoder on this thread and the current backend. */
export function localEncoder({ config, weights, circular }: LatentEncoderSpec): LatentEncoder {
  const tensors = uploadWeights(weights);
  return {
    async encode({ shape, data }) {
      const [mean, std] = tidy(() => {
        const x = tensor4d(data, shape);
        const distribution = encode(config, tensors, x, circular);
        return [distribution.mean, stdOf(distribution)] as const;
      });
      const batch = { mean: (await mean.data()) as Float32Array, std: (await std.data()) as Float32Array };
      dispose([mean, std]);
      return batch;
    },
    dispose: () => dispose(tensors as unknown as Tensor[]),
  };
}

/** Stands in for an auto-encoder where a model makes pixels: every image is its own latents, without a doubt. */
export function pixelEncoder(): LatentEncoder {
  return {
    encode: async ({ data }) => ({ mean: data, std: new Float32Array(data.length) }),
    dispose: () => {},
  };
}

type EncodeRequest =
  | { type: 'encoder'; spec: LatentEncoderSpec }
  | { type: 'encode'; x: PixelBatch }
  | { type: 'endEncoder' };

type EncodeReply = { type: 'encoded'; batch: LatentBatch } | { type: 'encodeFailed'; message: string };

/**
 * An encoder on a worker, which must do nothing else until it is disposed.
 *
 * @param worker runs `serveEncoding`
 */
export function workerEncoder(worker: GradientWorker, spec: LatentEncoderSpec): LatentEncoder {
  const post = (request: EncodeRequest) => worker.postMessage(request);
  post({ type: 'encoder', spec });
  return {
    encode: (x) =>
      new Promise((resolve, reject) => {
        worker.onError(reject);
        worker.onMessage((message) => {
          const reply = message as EncodeReply;
          if (reply.type === 'encoded') resolve(reply.batch);
          else reject(new Error(reply.message));
        });
        post({ type: 'encode', x });
      }),
    dispose: () => post({ type: 'endEncoder' }),
  };
}

/**
 * The worker's side: answers requests to encode, and passes over all others. The backend must have been selected before.
 *
 * @returns the listener for the thread's messages
 */
export function serveEncoding(reply: (message: EncodeReply) => void): (message: { type: string }) => Promise<void> {
  let encoder: LatentEncoder | null = null;
  const answer = async (request: EncodeRequest) => {
    if (request.type === 'encode') {
      if (!encoder) throw new Error('there are no weights to encode with');
      return reply({ type: 'encoded', batch: await encoder.encode(request.x) });
    }
    encoder?.dispose();
    encoder = request.type === 'encoder' ? localEncoder(request.spec) : null;
  };
  return async (message) => {
    if (!['encoder', 'encode', 'endEncoder'].includes(message.type)) return;
    try {
      await answer(message as EncodeRequest);
    } catch (error) {
      reply({ type: 'encodeFailed', message: `encoding worker: ${error instanceof Error ? error.message : error}` });
    }
  };
}
