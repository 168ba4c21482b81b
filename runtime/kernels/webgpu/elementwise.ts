import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WebgpuContext } from './context.ts';
import { type Lanes, lanesFor, type Program } from './program.ts';

const WORKGROUP_SIZE = 64;

interface ElementwiseSpec {
  name: string;
  inputs: string[];
  outputs: string[];
  uniforms?: Program['uniforms'];
  /** Statements that set the outputs at `i`, counted in Values. */
  body: string;
}

/** Builds, for either width, a program of one thread an element of the output. */
export function elementwise({ name, inputs, outputs, uniforms, body }: ElementwiseSpec): Record<Lanes, Program> {
  const types = (names: string[]) => Object.fromEntries(names.map((buffer) => [buffer, 'Value' as const]));
  const build = (lanes: Lanes): Program => ({
    key: `${name} ${lanes}`,
    lanes,
    inputs: types(inputs),
    outputs: types(outputs),
    uniforms: { size: 'i32', ...uniforms },
    workgroupSize: WORKGROUP_SIZE,
    code: `
      fn main(group: i32, local: i32) {
        let i = group * WORKGROUP_SIZE + local;
        if (i >= uniforms.size) { return; }
        ${body}
      }
    `,
  });
  return { 1: build(1), 4: build(4) };
}

/** Runs it over `size` values; `inner` is the size that must be whole in a Value (default `size` itself). */
export function runElementwise(
  ctx: WebgpuContext,
  programs: Record<Lanes, Program>,
  inputs: TensorInfo[],
  outputShapes: number[][],
  size: number,
  { inner = size, ...uniforms }: Record<string, number> = {},
): TensorInfo[] {
  const lanes = lanesFor(inner);
  const numValues = size / lanes;
  const values = { ...uniforms, inner: inner / lanes, size: numValues };
  return ctx.run(programs[lanes], inputs, outputShapes, values, Math.ceil(numValues / WORKGROUP_SIZE));
}
