// Where the values of a graph lie in memory. Joined, sliced and reshaped values are views: nothing is copied for them.
import type { Tensor } from '@tensorflow/tfjs-core';
import {
  channelsOf,
  type Graph,
  type Node,
  nodeOf,
  rootOf,
  sizeOf,
  UnplannedError,
  usersOf,
  type Value,
} from './graph.ts';
import type { RecordedInput } from './recordings.ts';

/** Memory of so many elements, needed from the first to the last of some steps. */
export interface Store {
  size: number;
  first: number;
  last: number;
  /** What lies there already: a tensor, or numbers to write. */
  readonly tensor?: Tensor;
  readonly numbers?: ArrayLike<number>;
}

/** A matrix in a store: each row begins `stride` elements after the one before it. */
export interface View {
  readonly store: Store;
  readonly offset: number;
  readonly stride: number;
}

export interface Layout {
  /** The nodes that compute, in order. */
  readonly steps: readonly Node[];
  /** The nodes whose results never change, since all that they take are tensors that exist already. */
  readonly constant: ReadonlySet<Node>;
  readonly inputs: readonly View[];
  readonly outputs: readonly View[];
  /** Where a value lies that a step takes or gives. */
  viewOf(value: Value): View;
  /** Whether a pointwise node is part of those that take its value. */
  isInlined(node: Node): boolean;
}

type ConcatNode = Node & { kind: 'concat' };

/** The place that a value takes in a joined one. */
interface Place {
  joined: Value;
  offset: number;
}

/** @throws UnplannedError for a slice or a junction along another axis than the first or the last */
export function laidOut(graph: Graph): Layout {
  return new Planner(graph).layout();
}

/**
 * Checks tensors before a replay, since the memory behind a smaller one belongs to another.
 *
 * @throws RangeError for a tensor that is not of the size that was recorded
 */
export function checkSizes(kind: 'input' | 'output', views: readonly View[], given: readonly RecordedInput[]): void {
  for (const [i, one] of given.entries()) {
    const expected = views[i]!.store.size;
    const isPart = 'tensor' in one;
    const size = isPart ? one.tensor.size - one.offset : one instanceof Float32Array ? one.length : one.size;
    if (isPart ? size >= expected : size === expected) continue;
    throw new RangeError(
      `replay: ${kind} ${i} is a tensor of ${size} values; expected ${expected}, of the shape that was recorded`,
    );
  }
}

class Planner {
  private readonly views = new Map<Value, View>();
  private readonly given = new Map<object, Store>();
  private readonly inlined: Set<Node>;
  private readonly places = new Map<Value, Place>();
  private readonly steps: Node[] = [];

  constructor(private readonly graph: Graph) {
    this.inlined = inlinedNodes(graph);
    for (const node of graph.nodes) if (node.kind === 'concat') this.placeParts(node);
  }

  layout(): Layout {
    const { graph } = this;
    for (const input of graph.inputs) this.views.set(input, wholeStore(input));
    for (const node of graph.nodes) this.add(node);
    const outputs = graph.outputs.map((output) => this.settled(output));
    const constant = this.constantSteps();
    this.setLifetimes(constant);
    const inputs = graph.inputs.map((input) => this.views.get(input)!);
    for (const { store } of [...inputs, ...outputs])
      Object.assign(store, { first: -1, last: Number.POSITIVE_INFINITY });
    return {
      steps: this.steps,
      constant,
      inputs,
      outputs,
      viewOf: (value) => this.viewOf(value),
      isInlined: (node) => this.inlined.has(node),
    };
  }

  private add(node: Node): void {
    if (node.kind === 'concat') this.copyParts(node);
    if (node.kind === 'reshape') this.views.set(node.output, this.reshaped(node));
    if (['reshape', 'slice', 'concat'].includes(node.kind) || this.inlined.has(node)) return;
    this.views.set(node.output, this.placeOf(node.output));
    this.steps.push(node);
  }

  /** A graph's output as a value of its own, which begins at the beginning of its store. */
  private settled(output: Value): View {
    const root = rootOf(output);
    const isOwn = root.node && !['slice', 'concat'].includes(root.node.kind) && !this.places.has(root);
    return isOwn ? this.viewOf(output) : this.viewOf(this.copied(output));
  }

  private copied(value: Value): Value {
    const output: Value = { shape: value.shape, node: null };
    output.node = { kind: 'pointwise', attrs: 'copy', inputs: [value], output };
    this.views.set(output, wholeStore(output));
    this.steps.push(output.node);
    return output;
  }

  /** Finds out which parts of a joined value can be computed where they belong. One that occurs twice is copied. */
  private placeParts(node: ConcatNode): void {
    const { attrs, output } = node;
    const inputs = node.inputs as Value[];
    const roots = inputs.map(rootOf);
    const isOnce = (root: Value) => roots.indexOf(root) === roots.lastIndexOf(root);
    for (const input of inputs) if (!isOnce(rootOf(input)) && input === rootOf(input)) this.inlineInto(node, input);
    let offset = 0;
    for (const [i, input] of inputs.entries()) {
      const root = roots[i]!;
      if (isOnce(root) && this.canPlace(root, input, node)) this.places.set(root, { joined: output, offset });
      offset += stepAlong(attrs.axis, input, output);
    }
  }

  /** A pointwise value that is there for the copies of one junction alone becomes part of them. */
  private inlineInto(junction: ConcatNode, value: Value): void {
    const { node } = value;
    if (node?.kind !== 'pointwise') return;
    if (
      usersOf(this.graph)
        .get(value)!
        .every((user) => user === junction)
    )
      this.inlined.add(node);
  }

  private canPlace(root: Value, input: Value, junction: ConcatNode): boolean {
    const { node } = root;
    if (!node || ['slice', 'concat', 'reshape'].includes(node.kind) || this.inlined.has(node)) return false;
    if (this.places.has(root) || this.graph.outputs.some((output) => rootOf(output) === root)) return false;
    if (channelsOf(root) !== channelsOf(input)) return false;
    const isBesides = (value: Value) => this.places.get(value)?.joined === junction.output;
    return !this.sources(node).some(isBesides) && !this.isReadByOthers(root, junction);
  }

  /** True when the step that writes another part of a joined value reads this one: no step may read and write the same memory. */
  private isReadByOthers(root: Value, { inputs, output }: ConcatNode): boolean {
    const others = inputs.map((input) => rootOf(input!)).filter((other) => other !== root);
    return others.some((other) => {
      const isPlaced = this.places.get(other)?.joined === output;
      return this.sources(isPlaced ? other.node! : { inputs: [other] }).includes(root); // others are copied
    });
  }

  /** The values in whose memory a node reads. */
  private sources({ inputs }: Pick<Node, 'inputs'>): Value[] {
    return (inputs.filter(Boolean) as Value[]).flatMap((input) => {
      const { node } = input;
      const isView = node && (node.kind === 'reshape' || node.kind === 'slice' || node.kind === 'concat');
      return isView || (node && this.inlined.has(node)) ? this.sources(node!) : [input];
    });
  }

  private placeOf(value: Value): View {
    const place = this.places.get(value);
    if (!place) return wholeStore(value);
    const { store, stride } = this.joinedView(place.joined);
    return { store, offset: place.offset, stride };
  }

  private joinedView(joined: Value): View {
    const known = this.views.get(joined);
    if (known) return known;
    const view = wholeStore(joined);
    this.views.set(joined, view);
    return view;
  }

  /** Copies the parts of a joined value that were computed elsewhere. */
  private copyParts({ inputs, attrs, output }: ConcatNode): void {
    const { store, stride } = this.joinedView(output);
    let offset = 0;
    for (const input of inputs as Value[]) {
      const place = this.places.get(rootOf(input));
      if (place?.joined !== output || place.offset !== offset) {
        const part: Value = { shape: input.shape, node: null };
        part.node = { kind: 'pointwise', attrs: 'copy', inputs: [input], output: part };
        this.views.set(part, { store, offset, stride });
        this.steps.push(part.node);
      }
      offset += stepAlong(attrs.axis, input, output);
    }
  }

  private viewOf(value: Value): View {
    const known = this.views.get(value);
    if (known) return known;
    const view = this.newView(value);
    this.views.set(value, view);
    return view;
  }

  private newView(value: Value): View {
    if (value.tensor || value.numbers) return this.givenView(value);
    const slice = nodeOf(value, 'slice');
    if (slice) return sliced(this.viewOf(slice.inputs[0]!), slice.inputs[0]!, value, slice.attrs.begin);
    throw new UnplannedError(`a value of (${value.shape}) that nothing computes`);
  }

  /** A view where the rows stay, or lie one behind the other; else a copy of them that does. */
  private reshaped({ inputs: [from], output }: Node): View {
    const view = this.viewOf(from!);
    if (channelsOf(from!) === channelsOf(output)) return view;
    const dense = view.stride === channelsOf(from!) ? view : this.viewOf(this.copied(from!));
    return { ...dense, stride: channelsOf(output) };
  }

  private givenView({ tensor, numbers, ...value }: Value): View {
    const owner = (tensor ?? numbers)!;
    const size = sizeOf(value);
    const store = this.given.get(owner) ?? { size, first: 0, last: 0, tensor, numbers };
    this.given.set(owner, store);
    return { store, offset: 0, stride: channelsOf(value) };
  }

  private constantSteps(): Set<Node> {
    const changing = new Set(this.graph.inputs.map((input) => this.viewOf(input).store));
    const isConstant = (value: Value) => {
      const { store } = this.viewOf(value);
      return store.numbers?.length !== 1 && !changing.has(store);
    };
    const steps = this.steps.filter((step) => {
      if (this.operands(step).every(isConstant)) return true;
      changing.add(this.viewOf(step.output).store);
      return false;
    });
    return new Set(steps);
  }

  private setLifetimes(constant: ReadonlySet<Node>): void {
    for (const [i, step] of this.steps.entries()) {
      const { store } = this.views.get(step.output)!;
      if (store.first < 0) store.first = i;
      for (const source of this.operands(step)) this.viewOf(source).store.last = i;
      store.last = i;
    }
    for (const { output } of constant) Object.assign(this.viewOf(output).store, KEPT);
  }

  /** The values that a step reads, those of its inlined nodes included. */
  private operands(step: Node): Value[] {
    return (step.inputs.filter(Boolean) as Value[]).flatMap((input) =>
      input.node && this.inlined.has(input.node) ? this.operands(input.node) : [input],
    );
  }
}

/** The lifetime of what is never overwritten by other values. */
const KEPT = { first: -1, last: Number.POSITIVE_INFINITY };

const wholeStore = (value: Value): View => ({
  store: { size: sizeOf(value), first: -1, last: -1 },
  offset: 0,
  stride: channelsOf(value),
});

/** How far behind one part of a joined value the next one begins. */
function stepAlong(axis: number, part: Value, joined: Value): number {
  if (axis === joined.shape.length - 1) return channelsOf(part);
  if (axis === 0) return sizeOf(part);
  throw new UnplannedError(`a junction along axis ${axis}`);
}

function sliced(view: View, from: Value, value: Value, begin: readonly number[]): View {
  const last = from.shape.length - 1;
  const isPlain = begin.every(
    (at, axis) => axis === 0 || axis === last || (at === 0 && value.shape[axis] === from.shape[axis]),
  );
  if (!isPlain) throw new UnplannedError('a slice along an axis in the middle');
  const rows = last === 0 ? 0 : (begin[0]! * sizeOf(from)) / (from.shape[0]! * channelsOf(from));
  return { store: view.store, offset: view.offset + rows * view.stride + begin[last]!, stride: view.stride };
}

/** Pointwise nodes whose value is taken by pointwise nodes of the same shape alone. */
function inlinedNodes(graph: Graph): Set<Node> {
  const users = usersOf(graph);
  const isSame = (a: Value, b: Value) => String(a.shape) === String(b.shape);
  const inlined = graph.nodes.filter(
    (node) =>
      node.kind === 'pointwise' &&
      users
        .get(node.output)!
        .every(
          (user) => user?.kind === 'pointwise' && user.inputs.includes(node.output) && isSame(user.output, node.output),
        ),
  );
  return new Set(inlined);
}

/** Gives stores that are not needed at the same time the same memory: for each store without content the index of a slot. */
export function slotsFor(stores: Iterable<Store>): { slots: Map<Store, number>; sizes: number[] } {
  const slots = new Map<Store, number>();
  const sizes: number[] = [];
  const freeFrom: number[] = [];
  const byStart = [...stores].filter(({ tensor, numbers }) => !tensor && !numbers).sort((a, b) => a.first - b.first);
  for (const store of byStart) {
    const free = sizes.flatMap((size, slot) => (freeFrom[slot]! < store.first && size >= store.size ? [slot] : []));
    const [slot = sizes.length] = free.sort((a, b) => sizes[a]! - sizes[b]!);
    sizes[slot] ??= store.size;
    freeFrom[slot] = store.last;
    slots.set(store, slot);
  }
  return { slots, sizes };
}
