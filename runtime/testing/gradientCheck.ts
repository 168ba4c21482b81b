import { grads, type Tensor } from '@tensorflow/tfjs-core';
import { draw, toTensor, type Values, valuesOn } from '../../scripts/testing/backends.ts';
import type { BackendName } from '../backends/selectBackend.ts';
import { permutation } from '../core/random.ts';
import { registerKernelGradients } from '../kernels/gradients.ts';
import { expectClose } from './matchers.ts';

export type Operation = (...inputs: Tensor[]) => Tensor;

/** Elements of an input that are moved; more take longer and find little more. */
const MAX_MOVED = 40;
const STEP = 0.03;
const FINITE_DIFFERENCE_TOLERANCE = { absolute: 1e-4, relative: 5e-4 };
const BACKEND_TOLERANCE = { absolute: 1e-6, relative: 2e-5 };
const PROJECTION_SEED = 4711;

/** Σ output · direction, in double precision. */
async function projection(f: Operation, inputs: Values[], direction: Values): Promise<number> {
  const [output] = await valuesOn('cpu', () => [f(...inputs.map((input) => toTensor(input)))]);
  return output!.values.reduce((sum, value, i) => sum + value * direction.values[i]!, 0);
}

function moved(inputs: Values[], which: number, element: number, distance: number): Values[] {
  return inputs.map((input, i) => {
    if (i !== which) return input;
    const values = input.values.slice();
    values[element]! += distance;
    return { ...input, values };
  });
}

/** The derivative of the projection by one element, from four points; the error is of the fourth order in STEP. */
async function slope(f: Operation, inputs: Values[], which: number, element: number, direction: Values) {
  const at = (distance: number) => projection(f, moved(inputs, which, element, distance), direction);
  const near = (await at(STEP)) - (await at(-STEP));
  const far = (await at(2 * STEP)) - (await at(-2 * STEP));
  return (8 * near - far) / (12 * STEP);
}

/** Gradients of Σ output · direction by every input, on one backend. */
function gradientsOn(backend: BackendName, f: Operation, inputs: Values[], direction: Values): Promise<Values[]> {
  return valuesOn(backend, () =>
    grads(f)(
      inputs.map((input) => toTensor(input)),
      toTensor(direction),
    ),
  );
}

async function directionOf(f: Operation, inputs: Values[]): Promise<Values> {
  const [output] = await valuesOn('cpu', () => [f(...inputs.map((input) => toTensor(input)))]);
  return draw(PROJECTION_SEED, output!.shape);
}

/** Compares the gradients on cpu with central differences of a random projection of the output. */
async function checkAgainstFiniteDifferences(f: Operation, inputs: Values[]): Promise<void> {
  const direction = await directionOf(f, inputs);
  const gradients = await gradientsOn('cpu', f, inputs, direction);
  for (const [which, { values }] of gradients.entries()) {
    const elements = Array.from(permutation(which, 0, values.length)).slice(0, MAX_MOVED);
    const slopes: number[] = [];
    for (const element of elements) slopes.push(await slope(f, inputs, which, element, direction));
    const chosen = elements.map((element) => values[element]!);
    expectClose(chosen, slopes, FINITE_DIFFERENCE_TOLERANCE, `gradient by input ${which} (elements ${elements})`);
  }
}

/** Checks the gradients of `f`: cpu's by finite differences, another backend's by cpu's. */
export async function checkGradients(backend: BackendName, f: Operation, inputs: Values[]): Promise<void> {
  registerKernelGradients();
  if (backend === 'cpu') return checkAgainstFiniteDifferences(f, inputs);
  const direction = await directionOf(f, inputs);
  const expected = await gradientsOn('cpu', f, inputs, direction);
  const actual = await gradientsOn(backend, f, inputs, direction);
  for (const [i, { values }] of expected.entries()) {
    expectClose(actual[i]!.values, values, BACKEND_TOLERANCE, `gradient by input ${i}`);
  }
}
