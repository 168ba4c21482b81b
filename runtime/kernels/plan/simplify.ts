// Makes a graph of fewer and larger operations that computes the same.
import {
  channelsOf,
  type Graph,
  type Node,
  nodeOf,
  rootOf,
  sizeOf,
  usersOf,
  type Value,
  withoutUnused,
} from './graph.ts';

type ConvNode = Node & { kind: 'conv' };

/**
 * Products of one input become one product, a doubled image is read by the convolution that takes it, and what follows a
 * convolution value by value (a residual sum, a factor, SiLU) becomes its end.
 */
export function simplified(graph: Graph): Graph {
  const all = { ...graph, nodes: withoutUnused(graph.nodes, graph.outputs) };
  mergeProducts(all);
  takeUpsampling(all);
  takeEnds(all);
  return { ...all, nodes: withoutUnused(all.nodes, all.outputs) };
}

/** Whether it is a product of rows with a matrix that exists. */
function isProduct(node: Node): node is ConvNode {
  if (node.kind !== 'conv') return false;
  const [, filter, bias] = node.inputs;
  const [kh, kw] = filter!.shape;
  return kh === 1 && kw === 1 && node.attrs.stride === 1 && Boolean(filter!.tensor && bias?.tensor);
}

/** Products of the same rows with several matrices: one with all of them, of which each takes its columns. */
function mergeProducts(graph: Graph): void {
  const groups = new Map<Value, ConvNode[]>();
  for (const node of graph.nodes) {
    if (!isProduct(node)) continue;
    const root = rootOf(node.inputs[0]!);
    groups.set(root, [...(groups.get(root) ?? []), node]);
  }
  for (const group of groups.values()) if (group.length > 1) mergeGroup(graph, group);
}

function mergeGroup(graph: Graph, group: ConvNode[]): void {
  const [first] = group as [ConvNode, ...ConvNode[]];
  const filter = joined(group.map(({ inputs }) => inputs[1]!));
  const bias = joined(group.map(({ inputs }) => inputs[2]!));
  const width = channelsOf(filter);
  const output: Value = { shape: [...first.output.shape.slice(0, -1), width], node: null };
  const merged: Node = { kind: 'conv', attrs: first.attrs, inputs: [first.inputs[0]!, filter, bias, null], output };
  output.node = merged;
  let begin = 0;
  const slices = new Map(
    group.map((node): [Node, Node] => {
      const at = [...first.output.shape.slice(0, -1).map(() => 0), begin];
      begin += channelsOf(node.output);
      const slice: Node = { kind: 'slice', attrs: { begin: at }, inputs: [output], output: node.output };
      node.output.node = slice;
      return [node, slice];
    }),
  );
  graph.nodes = graph.nodes.flatMap((node) => {
    const slice = slices.get(node);
    if (!slice) return [node];
    return node === first ? [filter.node!, bias.node!, merged, slice] : [slice];
  });
}

/** Values side by side along their last axis. */
function joined(inputs: Value[]): Value {
  const leading = inputs[0]!.shape.slice(0, -1);
  const width = inputs.reduce((sum, input) => sum + channelsOf(input), 0);
  const output: Value = { shape: [...leading, width], node: null };
  output.node = { kind: 'concat', attrs: { axis: leading.length }, inputs, output };
  return output;
}

/** A convolution of an image that is doubled for it alone reads the small one. */
function takeUpsampling(graph: Graph): void {
  const users = usersOf(graph);
  for (const node of graph.nodes) {
    if (node.kind !== 'conv' || node.attrs.stride !== 1) continue;
    const upsampling = nodeOf(node.inputs[0]!, 'upsample2x');
    if (!upsampling || users.get(upsampling.output)!.length > 1) continue;
    node.attrs = { ...node.attrs, upsample: true };
    node.inputs[0] = upsampling.inputs[0]!;
  }
}

/** The nodes that take each value. */
type Users = ReturnType<typeof usersOf>;

/** Convolutions take over what follows them, as long as nothing else looks at what is between. */
function takeEnds(graph: Graph): void {
  const users = usersOf(graph);
  const factors = new Set(graph.factors);
  const gone = new Set<Node>();
  const ends = new Map<Node, Node>();
  for (const node of graph.nodes) {
    if (node.kind !== 'conv') continue;
    let conv: ConvNode = node;
    for (let next = onlyUser(users, conv); next && take(conv, next, factors); next = onlyUser(users, conv)) {
      const { output } = next;
      const ended: ConvNode = { kind: 'conv', attrs: conv.attrs, inputs: conv.inputs, output };
      output.node = ended;
      passOn(users, [conv, next], ended);
      gone.add(conv);
      ends.set(next, ended);
      conv = ended;
    }
  }
  graph.nodes = graph.nodes.map((node) => ends.get(node) ?? node).filter((node) => !gone.has(node));
}

/** A node takes the inputs of others, in their place. */
function passOn(users: Users, others: readonly Node[], node: Node): void {
  for (const input of node.inputs) {
    const taking = input && users.get(rootOf(input));
    for (const [i, user] of taking?.entries() ?? []) if (user && others.includes(user)) taking![i] = node;
  }
}

function onlyUser(users: Users, { output }: Node): Node | null {
  const taking = users.get(output) ?? [];
  return taking.length === 1 ? taking[0]! : null;
}

/** Whether the convolution can end with this, and if so lets it. */
function take(conv: ConvNode, next: Node, factors: ReadonlySet<Value>): boolean {
  if (next.kind !== 'pointwise' || conv.attrs.silu) return false;
  const { attrs, output } = conv;
  if (sizeOf(next.output) !== sizeOf(output)) return false; // it is broadcast
  const others = next.inputs.filter((input) => rootOf(input!) !== output) as Value[];
  if (next.attrs === 'silu') {
    conv.attrs = { ...attrs, silu: true };
    return true;
  }
  const [other] = others;
  if (others.length !== 1) return false;
  if (next.attrs === 'add' && !attrs.addend && attrs.scale === 1) {
    const addend = addendKind(other!, output);
    if (!addend) return false;
    conv.attrs = { ...attrs, addend };
    conv.inputs = [...conv.inputs.slice(0, 3), other!];
    return true;
  }
  const factor = other!.numbers?.length === 1 && !factors.has(other!) ? other!.numbers[0]! : null;
  if (factor === null || next.attrs !== 'mul') return false;
  conv.attrs = { ...attrs, scale: attrs.scale * factor };
  return true;
}

/** How a value is added to the pixels of an image; null when it cannot be by a convolution. */
function addendKind(value: Value, output: Value): 'image' | 'pixel' | null {
  if (value.numbers || channelsOf(value) !== channelsOf(output)) return null;
  if (sizeOf(value) === sizeOf(output)) return 'pixel';
  const isPerImage = value.shape.length === 4 && value.shape[1] === 1 && value.shape[2] === 1;
  return isPerImage && value.shape[0] === output.shape[0] ? 'image' : null;
}
