import { describe, expect, it } from 'vitest';
import type { Node, Operation, Value } from './graph.ts';
import { type Layout, laidOut } from './layout.ts';

const SHAPE = [1, 2, 2, 4];

const given = (parts: Partial<Value> = {}): Value => ({ shape: SHAPE, node: null, ...parts });

function made(operation: Operation, inputs: Value[], shape: readonly number[] = SHAPE): Value {
  const output: Value = { shape, node: null };
  output.node = { ...operation, inputs, output };
  return output;
}

const swapped = (x: Value) => made({ kind: 'swap', attrs: null }, [x]);
const doubled = (x: Value) => made({ kind: 'pointwise', attrs: 'add' }, [x, x]);
const firstTwo = (x: Value) => made({ kind: 'slice', attrs: { begin: [0, 0, 0, 0] } }, [x], [1, 2, 2, 2]);

function concat(...parts: Value[]): Value {
  const channels = parts.reduce((sum, { shape }) => sum + shape[3]!, 0);
  return made({ kind: 'concat', attrs: { axis: 3 } }, parts, [1, 2, 2, channels]);
}

/** The layout of what an output is made of. */
function layoutOf(inputs: Value[], output: Value): Layout {
  const nodes = new Set<Node>();
  const add = ({ node }: Value) => {
    for (const input of node?.inputs ?? []) if (input) add(input);
    if (node) nodes.add(node);
  };
  add(output);
  return laidOut({ inputs, factors: [], nodes: [...nodes], outputs: [output] });
}

/** The values in whose memory a step reads. */
function readBy(layout: Layout, { inputs }: Node): Value[] {
  return inputs.flatMap((input) => (input?.node && layout.isInlined(input.node) ? readBy(layout, input.node) : input!));
}

describe('joined values', () => {
  it.each<[string, (a: Value) => Value[], numSteps: number]>([
    ['a part before what is made of it', (a) => [a, swapped(a)], 4],
    ['a part after what is made of it', (a) => [swapped(a), a], 4],
    ['a part before a slice of it', (a) => [a, firstTwo(a)], 4],
    ['a part after a slice of it', (a) => [firstTwo(a), a], 4],
    ['a part after what is made of it and occurs twice', (a) => [...Array(2).fill(doubled(a)), a], 5],
    ['parts that are made of one value', (a) => [swapped(a), swapped(a)], 4],
  ])('are written by no step that reads them: %s', (_, partsOf, numSteps) => {
    const x = given();
    const layout = layoutOf([x], swapped(concat(...partsOf(swapped(x)))));
    for (const step of layout.steps) {
      const written = layout.viewOf(step.output).store;
      expect(readBy(layout, step).map((value) => layout.viewOf(value).store)).not.toContain(written);
    }
    expect(layout.steps).toHaveLength(numSteps);
  });

  it.each(['first', 'last'])('are constant only if all parts are: the %s one is', (place) => {
    const x = given();
    const [constant, changing] = [swapped(given({ numbers: new Float32Array(16) })), swapped(x)];
    const joined = place === 'first' ? concat(constant, changing) : concat(changing, constant);
    const layout = layoutOf([x], swapped(joined));
    expect([...layout.constant].map(({ output }) => output)).toEqual([constant]);
    const whole = layoutOf([], swapped(concat(constant, swapped(constant))));
    expect([...whole.constant]).toEqual(whole.steps);
  });
});
