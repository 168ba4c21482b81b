import { engine, type Scalar, type Tensor, type Tensor1D } from '@tensorflow/tfjs-core';

export const SEEDED_NORMALS = 'FigmentSeededNormals';

/** Inputs of `seededNormals`: the bits of a uint32 for each image, and a whole number. */
export type NormalsInputs = { seeds: Tensor1D; stream: Scalar };

/**
 * Standard normal values of each image's seed, as an operation of recordings, which make their noise themselves: on wasm
 * exactly those of `normals` (core/random), on WebGPU those to within 4e-6.
 *
 * @param seeds  (B), uint32 as bits: see `seedBits`
 * @param stream a uint32 that float32 holds exactly
 * @param shape  (B, …)
 */
export function seededNormals<T extends Tensor>(seeds: Tensor1D, stream: Scalar, shape: readonly number[]): T {
  const inputs: NormalsInputs = { seeds, stream };
  return engine().runKernel(SEEDED_NORMALS, inputs, { shape: [...shape] }) as T;
}

/** Seeds as `seededNormals` takes them. */
export function seedBits(seeds: readonly number[]): Float32Array {
  return new Float32Array(Uint32Array.from(seeds).buffer);
}
