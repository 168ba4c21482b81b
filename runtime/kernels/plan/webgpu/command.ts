import type { Program } from '../../webgpu/context.ts';
import type { Value } from '../graph.ts';
import type { Store } from '../layout.ts';

/** One dispatch of a plan, before its buffers are there. */
export interface Command {
  readonly program: Program;
  /** Programs that the same operation takes for batches of other sizes, which are compiled with it. */
  readonly kindred?: readonly Program[];
  readonly inputs: readonly Store[];
  readonly output: Store;
  readonly uniforms: Readonly<Record<string, number>>;
  /** The uniforms that hold numbers of the graph. */
  readonly factors: readonly { name: string; value: Value }[];
  readonly numWorkgroups: number;
}
