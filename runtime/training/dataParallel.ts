import { dispose, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { Weights } from '../networks/layers.ts';
import type { Batch } from './batch.ts';
import {
  type GradientResult,
  type GradientSource,
  gradientsOf,
  meanScalars,
  plusShare,
  sharesOf,
} from './gradients.ts';
import { createTask, type TaskSpec } from './task.ts';

/** A thread as this file needs it: Node's worker_threads or a browser's Worker, wrapped by the caller. */
export interface GradientWorker {
  postMessage(message: unknown): void;
  /** Sets the listener, in place of the former one. */
  onMessage(listener: (message: unknown) => void): void;
  onError(listener: (error: Error) => void): void;
  terminate(): Promise<void>;
}

/** Where each weight lies in a shared block of floats. */
interface Placement {
  name: string;
  shape: number[];
  offset: number;
  size: number;
}

type WorkerRequest =
  | { type: 'init'; spec: TaskSpec; weightPlaces: Placement[]; gradPlaces: Placement[]; weights: SharedArrayBuffer }
  | { type: 'work'; step: number; slot: number; batch: Batch; grads: SharedArrayBuffer };

type WorkerReply =
  | { type: 'done'; step: number; slot: number; loss: number; metrics: Record<string, number> }
  | { type: 'failed'; step: number; message: string };

function place(weights: Weights, names: string[]): Placement[] {
  let offset = 0;
  return names.map((name) => {
    const { shape, size } = weights[name]!;
    offset += size;
    return { name, shape, offset: offset - size, size };
  });
}

const totalSize = (places: Placement[]) => places.reduce((sum, { size }) => sum + size, 0);

/**
 * Gradients computed by several threads: each takes the next micro-batch when it is free, and the results are summed in
 * the order of the micro-batches, so they do not depend on the number of threads.
 *
 * @param workers each runs `serveGradients`
 */
export function dataParallelGradients(spec: TaskSpec, workers: GradientWorker[]): GradientSource {
  const task = createTask(spec);
  let shared: {
    weights: Float32Array;
    weightPlaces: Placement[];
    gradPlaces: Placement[];
    slots: Float32Array[];
  } | null = null;
  let step = 0;

  function share(weights: Weights) {
    const weightPlaces = place(weights, Object.keys(weights));
    const gradPlaces = place(weights, Object.keys(weights).filter(task.isTrained));
    const block = new SharedArrayBuffer(4 * totalSize(weightPlaces));
    for (const worker of workers) {
      worker.postMessage({ type: 'init', spec, weightPlaces, gradPlaces, weights: block } satisfies WorkerRequest);
    }
    return { weights: new Float32Array(block), weightPlaces, gradPlaces, slots: [] };
  }

  return {
    async gradients(weights, microBatches) {
      shared ??= share(weights);
      const { weightPlaces, gradPlaces, slots } = shared;
      for (const { name, offset } of weightPlaces) shared.weights.set(await weights[name]!.data<'float32'>(), offset);
      while (slots.length < microBatches.length) {
        slots.push(new Float32Array(new SharedArrayBuffer(4 * totalSize(gradPlaces))));
      }
      step += 1;
      const replies = await distribute(workers, microBatches, step, (slot) => ({
        type: 'work',
        step,
        slot,
        batch: microBatches[slot]!,
        grads: slots[slot]!.buffer as SharedArrayBuffer,
      })).catch((error) => {
        shared = null; // who still works on this step writes into its blocks, and reads from them
        throw error;
      });
      const shares = sharesOf(microBatches);
      const grads = shares.reduce((sum, share, slot) => plusShare(sum, tensorsOf(gradPlaces, slots[slot]!), share), {});
      return { grads, ...meanScalars(replies, shares) };
    },
    async dispose() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** A tensor for each place; the caller disposes them. */
function tensorsOf(places: readonly Placement[], block: Float32Array): Record<string, Tensor> {
  const entries = places.map(
    ({ name, shape, offset, size }) => [name, tensor(block.subarray(offset, offset + size), shape)] as const,
  );
  return Object.fromEntries(entries);
}

/**
 * Sends each free worker the next micro-batch until all are done; replies in the order of the micro-batches. Answers to
 * an earlier step that failed meanwhile are passed over.
 */
function distribute(
  workers: GradientWorker[],
  microBatches: Batch[],
  step: number,
  request: (slot: number) => WorkerRequest,
): Promise<Omit<GradientResult, 'grads'>[]> {
  return new Promise((resolve, reject) => {
    const replies: Omit<GradientResult, 'grads'>[] = [];
    let [next, missing] = [0, microBatches.length];
    const feed = (worker: GradientWorker) => {
      if (next < microBatches.length) worker.postMessage(request(next++));
    };
    for (const worker of workers) {
      worker.onError(reject);
      worker.onMessage((message) => {
        const reply = message as WorkerReply;
        if (reply.step !== step) return;
        if (reply.type === 'failed') return reject(new Error(reply.message));
        replies[reply.slot] = { loss: reply.loss, metrics: reply.metrics };
        missing -= 1;
        if (missing === 0) resolve(replies);
        else feed(worker);
      });
      feed(worker);
    }
  });
}

/**
 * The worker's side: answers requests for gradients, and passes over all others. The backend must have been selected before.
 *
 * @returns the listener for the thread's messages
 */
export function serveGradients(reply: (message: WorkerReply) => void): (message: { type: string }) => Promise<void> {
  let setup: (WorkerRequest & { type: 'init' }) | null = null;
  let weights: Record<string, Tensor> = {};
  let weightsStep = -1;

  async function work(request: WorkerRequest & { type: 'work' }, init: WorkerRequest & { type: 'init' }) {
    if (weightsStep !== request.step) {
      dispose(weights as unknown as Tensor[]);
      weights = tensorsOf(init.weightPlaces, new Float32Array(init.weights));
      weightsStep = request.step;
    }
    const { grads, loss, metrics } = await gradientsOf(createTask(init.spec), weights, request.batch);
    const out = new Float32Array(request.grads);
    for (const { name, offset } of init.gradPlaces) out.set(await grads[name]!.data<'float32'>(), offset);
    dispose(grads as unknown as Tensor[]);
    reply({ type: 'done', step: request.step, slot: request.slot, loss, metrics });
  }

  return async (message) => {
    const request = message as WorkerRequest;
    try {
      if (request.type === 'init') [setup, weightsStep] = [request, -1];
      else if (request.type === 'work' && setup) await work(request, setup);
    } catch (error) {
      const message = `gradient worker: ${error instanceof Error ? error.message : error}`;
      reply({ type: 'failed', step: request.type === 'work' ? request.step : 0, message });
    }
  };
}
