// Pointwise operations of a plan: one program for all that follow one another.
import { lanesFor, type Program } from '../../webgpu/context.ts';
import { rowsOf } from '../broadcast.ts';
import { channelsOf, type Node, type PointwiseName, sizeOf, UnplannedError, type Value } from '../graph.ts';
import type { Layout, View } from '../layout.ts';
import type { Command } from './command.ts';

const WORKGROUP_SIZE = 64;
/** Storage buffers that every device allows, less the output. */
const MAX_OPERANDS = 7;

const SOURCES: Record<PointwiseName, (a: string, b: string, c: string) => string> = {
  add: (a, b) => `(${a} + ${b})`,
  sub: (a, b) => `(${a} - ${b})`,
  mul: (a, b) => `(${a} * ${b})`,
  div: (a, b) => `(${a} / ${b})`,
  max: (a, b) => `max(${a}, ${b})`,
  min: (a, b) => `min(${a}, ${b})`,
  clip: (a, b, c) => `clamp(${a}, ${b}, ${c})`,
  exp: (a) => `exp(${a})`,
  silu: (a) => `silu(${a})`,
  copy: (a) => a,
};

/** A value that a program reads, and its row for row r of the output: (r / divisor) % numRows. */
interface Operand {
  value: Value;
  view: View;
  divisor: number;
  numRows: number;
}

class Expression {
  readonly operands: Operand[] = [];
  readonly factors: Value[] = [];

  constructor(
    private readonly layout: Layout,
    private readonly output: Value,
  ) {}

  sourceOf({ attrs, inputs }: Node & { kind: 'pointwise' }): string {
    const [a, b = '', c = ''] = inputs.map((input) => this.operandSource(input!));
    return SOURCES[attrs](a!, b, c);
  }

  private operandSource(value: Value): string {
    if (value.node?.kind === 'pointwise' && this.layout.isInlined(value.node)) return this.sourceOf(value.node);
    if (value.numbers?.length === 1) {
      const known = this.factors.indexOf(value);
      return `Value(uniforms.factor${known < 0 ? this.factors.push(value) - 1 : known})`;
    }
    const known = this.operands.findIndex((operand) => operand.value === value);
    if (known >= 0) return `v${known}`;
    if (channelsOf(value) !== channelsOf(this.output)) throw new UnplannedError('a value broadcast over channels');
    const operand = { value, view: this.layout.viewOf(value), ...rowsOf(value, this.output) };
    return `v${this.operands.push(operand) - 1}`;
  }
}

export function pointwiseCommand(node: Node & { kind: 'pointwise' }, layout: Layout): Command {
  const expression = new Expression(layout, node.output);
  const source = expression.sourceOf(node);
  const { operands, factors } = expression;
  if (operands.length > MAX_OPERANDS) throw new UnplannedError(`${operands.length} values at once`);
  return rowsCommand(node.output, layout, operands, factors, source);
}

/** Exchanges the axes in the middle of (a, b, c, d). */
export function swapCommand(node: Node & { kind: 'swap' }, layout: Layout): Command {
  const [value] = node.inputs as [Value];
  const [, b, c] = value.shape as [number, number, number];
  const operand = { value, view: layout.viewOf(value), divisor: b, numRows: c };
  return rowsCommand(node.output, layout, [operand], [], 'v0', true);
}

/** A command that makes each row of its output of rows of its operands. */
function rowsCommand(
  output: Value,
  layout: Layout,
  operands: readonly Operand[],
  factors: readonly Value[],
  source: string,
  isSwap = false,
): Command {
  const channels = channelsOf(output);
  const views = [layout.viewOf(output), ...operands.map(({ view }) => view)];
  const lanes = lanesFor(channels, ...views.flatMap(({ offset, stride }) => [offset, stride]));
  const count = sizeOf(output) / lanes;
  const named = (prefix: string, value: (operand: Operand) => number) =>
    Object.fromEntries(operands.map((operand, i) => [`${prefix}${i}`, value(operand)]));
  const integers = {
    count,
    inner: channels / lanes,
    yOffset: views[0]!.offset / lanes,
    yStride: views[0]!.stride / lanes,
    ...named('offset', ({ view }) => view.offset / lanes),
    ...named('stride', ({ view }) => view.stride / lanes),
    ...named('divisor', ({ divisor }) => divisor),
    ...named('numRows', ({ numRows }) => numRows),
  };
  const numbers = Object.fromEntries(factors.map((value, i) => [`factor${i}`, value.numbers![0]!]));
  const uniforms: Program['uniforms'] = {
    ...Object.fromEntries(Object.keys(integers).map((name) => [name, 'i32' as const])),
    ...Object.fromEntries(Object.keys(numbers).map((name) => [name, 'f32' as const])),
  };
  const row = (i: number) =>
    isSwap
      ? `(row / (uniforms.divisor${i} * uniforms.numRows${i})) * uniforms.divisor${i} * uniforms.numRows${i}
         + (row % uniforms.divisor${i}) * uniforms.numRows${i} + (row / uniforms.divisor${i}) % uniforms.numRows${i}`
      : `(row / uniforms.divisor${i}) % uniforms.numRows${i}`;
  const loads = operands.map(
    (_, i) => `let v${i} = in${i}[uniforms.offset${i} + (${row(i)}) * uniforms.stride${i} + column];`,
  );
  const program: Program = {
    key: `plan pointwise ${lanes} ${operands.length} ${isSwap} ${source}`,
    lanes,
    inputs: Object.fromEntries(operands.map((_, i) => [`in${i}`, 'Value' as const])),
    outputs: { y: 'Value' },
    uniforms,
    workgroupSize: WORKGROUP_SIZE,
    code: `
      fn silu(z: Value) -> Value { return z * sigmoid(z); }
      fn main(group: i32, local: i32) {
        let i = group * WORKGROUP_SIZE + local;
        if (i >= uniforms.count) { return; }
        let row = i / uniforms.inner;
        let column = i % uniforms.inner;
        ${loads.join('\n')}
        y[uniforms.yOffset + row * uniforms.yStride + column] = ${source};
      }
    `,
  };
  return {
    program,
    inputs: operands.map(({ view }) => view.store),
    output: views[0]!.store,
    uniforms: { ...integers, ...numbers },
    factors: factors.map((value, i) => ({ name: `factor${i}`, value })),
    numWorkgroups: Math.ceil(count / WORKGROUP_SIZE),
  };
}
