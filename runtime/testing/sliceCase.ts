// Checks that hold for everything that computes in slices.
import { dispose, setBackend, type Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { numAlive, toTensor, type Values } from '../../scripts/testing/backends.ts';
import type { BackendName } from '../backends/selectBackend.ts';

type Slices = Generator<unknown, Tensor>;

/**
 * The result of slices that `start` makes of an input, and their number. Nothing but the result may be left behind,
 * neither at the end nor by giving up after any of the slices, and the input must survive. On WebGPU, which is slow
 * without hardware, it gives up after the last but one alone.
 */
export async function valuesOfSlices(
  backend: BackendName,
  input: Values,
  start: (input: Tensor) => Slices,
): Promise<{ values: Values; numSlices: number }> {
  await setBackend(backend);
  const before = numAlive();
  const tensor = toTensor(input);
  const held = numAlive();
  const slices = start(tensor);
  let numSlices = 1;
  let slice = slices.next();
  for (; !slice.done; slice = slices.next()) numSlices++;
  const result = slice.value as Tensor;
  const values = { shape: result.shape, values: (await result.data()) as Float32Array };
  result.dispose();
  expect(numAlive(), 'left behind at the end').toEqual(held);
  for (let count = backend === 'webgpu' ? numSlices - 1 : 0; count < numSlices; count++) {
    giveUp(start(tensor), count);
    expect(numAlive(), `left behind after ${count} slices`).toEqual(held);
  }
  expect(Array.from(await tensor.data())).toEqual(Array.from(input.values));
  dispose(tensor);
  expect(numAlive()).toEqual(before);
  return { values, numSlices };
}

function giveUp(slices: Slices, numSlices: number): void {
  for (let i = 0; i < numSlices; i++) slices.next();
  slices.return(undefined as never);
}

/** Runs slices to their end or error, and counts the `next()` calls that paused. */
export function runSlices(slices: Generator<unknown, unknown>): { numSlices: number; error: unknown } {
  let numSlices = 0;
  try {
    while (!slices.next().done) numSlices++;
    return { numSlices, error: undefined };
  } catch (error) {
    return { numSlices, error };
  }
}
