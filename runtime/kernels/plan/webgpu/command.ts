import type { Program } from '../../webgpu/context.ts';
import type { Value } from '../graph.ts';
import type { Store } from '../layout.ts';

/** A way to compute what a command computes. */
export interface Version {
  readonly program: Program;
  readonly numWorkgroups: number;
}

/** One dispatch of a plan, before its buffers are there. */
export interface Command extends Version {
  /** Where there are several ways, all of them; `chosen` tells which of them to take now. */
  readonly versions?: readonly Version[];
  readonly chosen?: () => number;
  readonly inputs: readonly Store[];
  readonly output: Store;
  readonly uniforms: Readonly<Record<string, number>>;
  /** The uniforms that hold numbers of the graph. */
  readonly factors: readonly { name: string; value: Value }[];
}
