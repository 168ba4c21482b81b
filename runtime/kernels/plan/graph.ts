// A computation as data: which operations follow one another, and what each takes and gives.
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Conv2dAttrs } from '../conv2d.ts';
import type { GroupNormAttrs } from '../groupNorm.ts';
import type { TexelAttrs } from '../texels.ts';

/** A tensor that a graph speaks of. */
export interface Value {
  readonly shape: readonly number[];
  /** The operation whose result this value is; null for a value that the graph is given, such as an input or a weight. */
  node: Node | null;
  /** A tensor that exists, such as a weight. */
  readonly tensor?: Tensor;
  /** Numbers that are known, such as a factor. */
  readonly numbers?: ArrayLike<number>;
  /** For an input: the value of a graph before this one, whose content it takes on. */
  readonly carried?: Value;
}

/** What a convolution does besides: the input doubled before it, and after it (y + addend) · scale, then SiLU. */
export interface ConvAttrs extends Conv2dAttrs {
  upsample: boolean;
  /** One addend for every pixel of an image, or one for each pixel; null: none. */
  addend: 'image' | 'pixel' | null;
  scale: number;
  silu: boolean;
}

/** Operations that take each value by itself. */
export type PointwiseName = 'add' | 'sub' | 'mul' | 'div' | 'max' | 'min' | 'clip' | 'exp' | 'silu' | 'copy';

/** The operations of a graph with their attributes. */
export type Operation =
  | { kind: 'conv'; attrs: ConvAttrs } // x, filter, bias or none, addend or none
  | { kind: 'groupNorm'; attrs: GroupNormAttrs } // x, gamma, beta, and scale and shift or none
  | { kind: 'attention'; attrs: { numHeads: number } } // q, k, v
  | { kind: 'upsample2x'; attrs: null }
  | { kind: 'normals'; attrs: null } // seeds of the images, and the stream, which is one of the graph's factors
  | { kind: 'texels'; attrs: TexelAttrs } // one picture
  | { kind: 'pointwise'; attrs: PointwiseName } // one, two or three values, broadcast
  | { kind: 'reshape'; attrs: null }
  | { kind: 'slice'; attrs: { begin: readonly number[] } }
  | { kind: 'concat'; attrs: { axis: number } }
  | { kind: 'swap'; attrs: null }; // the two axes in the middle of four are exchanged

export type Node = Operation & { inputs: (Value | null)[]; readonly output: Value };

export interface Graph {
  readonly inputs: readonly Value[];
  /** Single numbers that may be others at each replay. */
  readonly factors: readonly Value[];
  /** Each after those whose results it takes. */
  nodes: Node[];
  readonly outputs: readonly Value[];
}

/** What no plan can be made of; the work is done without one. */
export class UnplannedError extends Error {
  override name = 'UnplannedError';

  /** @param isForNow whether there may be a plan later, such as when there is memory again */
  constructor(
    message: string,
    readonly isForNow = false,
  ) {
    super(message);
  }
}

export function sizeOf({ shape }: Value): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** The innermost size; a value is a matrix of so many columns, whose rows are its pixels. */
export function channelsOf({ shape }: Value): number {
  return shape[shape.length - 1] ?? 1;
}

/** The node of a value when it is of this kind. */
export function nodeOf<K extends Node['kind']>(value: Value, kind: K): (Node & { kind: K }) | null {
  return value.node?.kind === kind ? (value.node as Node & { kind: K }) : null;
}

/** Follows reshapes back to the value whose memory a value shares; a value that is no reshape is its own root. */
export function rootOf(value: Value): Value {
  const reshape = nodeOf(value, 'reshape');
  return reshape ? rootOf(reshape.inputs[0]!) : value;
}

/** The nodes that take each value, through reshapes; null stands for whoever takes the graph's outputs. */
export function usersOf({ nodes, outputs }: Pick<Graph, 'nodes' | 'outputs'>): Map<Value, (Node | null)[]> {
  const users = new Map<Value, (Node | null)[]>();
  const use = (value: Value, user: Node | null) => {
    const root = rootOf(value);
    const known = users.get(root);
    if (known) known.push(user);
    else users.set(root, [user]);
  };
  for (const node of nodes) {
    if (node.kind !== 'reshape') for (const input of node.inputs) if (input) use(input, node);
  }
  for (const output of outputs) use(output, null);
  return users;
}

/** Leaves out the nodes whose results nobody takes. */
export function withoutUnused(nodes: readonly Node[], outputs: readonly Value[]): Node[] {
  const used = new Set(outputs);
  const kept = [...nodes].reverse().filter(({ output, inputs }) => {
    if (!used.has(output)) return false;
    for (const input of inputs) if (input) used.add(input);
    return true;
  });
  return kept.reverse();
}

/** The same nodes with other values in the place of some. */
function rewritten(nodes: readonly Node[], values: Map<Value, Value>): Node[] {
  return nodes.map((node) => {
    const output: Value = { shape: node.output.shape, node: null };
    const inputs = node.inputs.map((input) => input && (values.get(input) ?? input));
    output.node = { ...node, inputs, output };
    values.set(node.output, output);
    return output.node;
  });
}

/**
 * A graph around a network: the network takes `request`, and its output takes the place of the input `prediction`. The
 * network's further inputs are the last of the whole. Both graphs stay as they are.
 */
export function around(outer: Graph, network: Graph, request: Value, prediction: Value): Graph {
  const [given, ...others] = network.inputs as [Value, ...Value[]];
  const late = new Set<Value>([prediction]);
  const isLate = ({ inputs, output }: Node) => inputs.some((input) => input && late.has(input)) && late.add(output);
  const after = outer.nodes.filter(isLate);
  const values = new Map<Value, Value>();
  const nodes = rewritten(
    outer.nodes.filter((node) => !after.includes(node)),
    values,
  );
  values.set(given, values.get(request) ?? request);
  nodes.push(...rewritten(network.nodes, values));
  values.set(prediction, values.get(network.outputs[0]!)!);
  nodes.push(...rewritten(after, values));
  return {
    inputs: [...outer.inputs.filter((input) => input !== prediction), ...others],
    factors: outer.factors,
    nodes,
    outputs: outer.outputs.map((output) => values.get(output) ?? output),
  };
}

/** Tells graphs apart that differ in more than their factors. */
export function structureOf({ inputs, factors, nodes, outputs }: Graph): string {
  const names = new Map<Value, string>();
  for (const [i, value] of inputs.entries()) names.set(value, `in${i}:${value.shape}`);
  for (const [i, value] of factors.entries()) names.set(value, `f${i}`);
  const lines = nodes.map(({ kind, attrs, inputs: taken, output }, i) => {
    names.set(output, `v${i}`);
    return `${kind} ${JSON.stringify(attrs)} ${taken.map((value) => value && names.get(value))} ${output.shape}`;
  });
  return [...lines, outputs.map((value) => names.get(value))].join('; ');
}
