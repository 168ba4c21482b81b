// Runs one suite on every backend of this machine.
import { engine, memory, setBackend, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect } from 'vitest';
import { type BackendName, selectBackend } from '../../runtime/backends/selectBackend.ts';
import { normals } from '../../runtime/core/random.ts';
import { enableRelaxedSimd, openNodeWebgpu } from '../node/nodeRuntime.ts';

enableRelaxedSimd();
const webgpu = await openNodeWebgpu();

/** The reference first; the others are compared with it. */
const BACKENDS: BackendName[] = ['cpu', 'wasm', 'webgpu'];

/** A tensor's content, free of any backend. */
export interface Values {
  shape: number[];
  values: Float32Array;
}

/**
 * Describes `suite` on cpu, wasm and, where an adapter exists, WebGPU; its tests are reported as skipped otherwise.
 *
 * @param backends those that are worth the time: one is enough for what is put together of parts that run on each
 */
export function describeOnBackends(suite: (backend: BackendName) => void, backends = BACKENDS): void {
  for (const backend of backends) {
    const missing = backend === 'webgpu' && !webgpu.gpu;
    describe.skipIf(missing)(missing ? `on webgpu (${webgpu.reason})` : `on ${backend}`, () => {
      beforeAll(async () => {
        await selectBackend({ backend: 'cpu' });
        await selectBackend(webgpu.gpu ? { backend, gpu: webgpu.gpu } : { backend });
      });
      suite(backend);
    });
  }
}

/** Normal numbers of this shape. */
export function draw(seed: number, shape: number[], { mean = 0, std = 1 } = {}): Values {
  const count = shape.reduce((a, b) => a * b, 1);
  return { shape, values: Float32Array.from(normals(seed, 0, count), (value) => mean + std * value) };
}

export function toTensor<T extends Tensor>({ shape, values }: Values): T {
  return tensor(values, shape, 'float32') as T;
}

/** Tensors, and buffers of the current backend that may belong to none. */
export function numAlive(): { tensors: number; buffers: number } {
  return { tensors: memory().numTensors, buffers: engine().backend.numDataIds() };
}

/** What `compute` returns on a backend; nothing else may be left behind. */
export async function valuesOn(backend: BackendName, compute: () => Tensor[]): Promise<Values[]> {
  await setBackend(backend);
  const before = numAlive();
  const results = tidy(compute);
  const values: Values[] = [];
  for (const result of results) {
    values.push({ shape: result.shape, values: (await result.data()) as Float32Array });
    result.dispose();
  }
  expect(numAlive(), `left behind on ${backend}`).toEqual(before);
  return values;
}
