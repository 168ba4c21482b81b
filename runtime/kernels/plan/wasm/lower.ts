// A plan's steps as calls of wasm kernels at fixed addresses.
import type { Tensor } from '@tensorflow/tfjs-core';
import { normals } from '../../../core/random.ts';
import type { SimdKernels } from '../../wasm/context.ts';
import { preparedConv } from '../../wasm/conv2d.ts';
import { attentionScratch } from '../../wasm/normAndAttention.ts';
import { type PreparedConv, preparedDoubledWinograd, suitsDoubledWinograd } from '../../wasm/winograd.ts';
import { rowsOf } from '../broadcast.ts';
import { channelsOf, type Node, type PointwiseName, sizeOf, UnplannedError, type Value } from '../graph.ts';
import { type Layout, type Store, slotsFor } from '../layout.ts';
import type { Region } from './memory.ts';

export type Call = () => void;

/** Where a plan finds what is there already, and what it may fill. */
export interface Places {
  /** Blocks for what stays between replays, and for what a step uses while it runs. */
  kept: Region;
  scratch: Region;
  /** The memory as it is now; it is another object when it has grown. */
  memory(): ArrayBufferLike;
  addressOfTensor(tensor: Tensor): number;
  /** The address of a weight, packed for a convolution. */
  packedFilter(filter: Tensor, conv: PreparedConv): number;
}

/** In the order of the kernel's own numbers: assembly/rows.ts. */
const POINTWISE: readonly PointwiseName[] = ['add', 'sub', 'mul', 'div', 'max', 'min', 'clip', 'exp', 'silu', 'copy'];

/** Rows in memory: their address and how many floats lie between two of them; dense when that is the number of channels. */
interface Rows {
  at: number;
  stride: number;
}

export class Lowered {
  /** What is computed at the first replay, and what at each. */
  readonly once: Call[] = [];
  readonly each: Call[] = [];
  /** Numbers to be written before the first replay. */
  readonly numbers: { at: number; values: ArrayLike<number> }[] = [];
  private readonly addresses = new Map<Store, number>();
  private readonly numberAddresses = new Map<Value, number>();
  private calls = this.each;

  /** @throws UnplannedError when there is no kernel for a step */
  constructor(
    private readonly simd: SimdKernels,
    private readonly layout: Layout,
    private readonly places: Places,
  ) {
    this.placeStores();
    for (const step of layout.steps) {
      this.calls = layout.constant.has(step) ? this.once : this.each;
      const before = places.scratch.place;
      this.add(step);
      places.scratch.giveBack(before);
    }
  }

  addressOf(store: Store): number {
    return this.addresses.get(store)!;
  }

  /** The address of a single number, which steps read at each replay; null when none does. */
  addressOfNumber(value: Value): number | null {
    return this.numberAddresses.get(value) ?? null;
  }

  private placeStores(): void {
    const { steps, inputs, outputs } = this.layout;
    const views = steps.flatMap((step) => [step.output, ...this.operandsOf(step)]).map(this.layout.viewOf);
    const stores = new Set([...views, ...inputs, ...outputs].map(({ store }) => store));
    const { slots, sizes } = slotsFor(stores);
    const memory = sizes.map((size) => this.places.kept.take(size));
    for (const store of stores) this.addresses.set(store, this.givenAddress(store) ?? memory[slots.get(store)!]!);
  }

  private givenAddress({ tensor, numbers, size }: Store): number | null {
    if (tensor) return this.places.addressOfTensor(tensor);
    if (!numbers) return null;
    const at = this.places.kept.take(size);
    this.numbers.push({ at, values: numbers });
    return at;
  }

  /** The values that a step reads from memory, those of its inlined nodes included. */
  private operandsOf({ inputs }: Node): Value[] {
    return (inputs.filter(Boolean) as Value[]).flatMap((input) => {
      if (input.node && this.layout.isInlined(input.node)) return this.operandsOf(input.node);
      return isNumber(input) ? [] : [input];
    });
  }

  private add(step: Node): void {
    if (step.kind === 'conv') this.addConv(step);
    else if (step.kind === 'groupNorm') this.addNorm(step);
    else if (step.kind === 'attention') this.addAttention(step);
    else if (step.kind === 'upsample2x') this.addUpsampling(step);
    else if (step.kind === 'swap') this.addSwap(step);
    else if (step.kind === 'normals') this.addNormals(step);
    else if (step.kind === 'pointwise') this.addPointwise(step, this.rowsOfValue(step.output));
    else throw new UnplannedError(`an operation of the kind ${step.kind}`);
  }

  private rowsOfValue(value: Value): Rows {
    const { store, offset, stride } = this.layout.viewOf(value);
    return { at: this.addressOf(store) + Float32Array.BYTES_PER_ELEMENT * offset, stride };
  }

  /** The address of a value whose rows lie one behind the other: its own, or that of a copy. */
  private dense(value: Value): number {
    const { at, stride } = this.rowsOfValue(value);
    const channels = channelsOf(value);
    if (stride === channels) return at;
    const copy = this.places.scratch.take(sizeOf(value));
    const numRows = sizeOf(value) / channels;
    this.calls.push(() => this.simd.copyRows(at, stride, copy, channels, numRows, channels));
    return copy;
  }

  /** Lets a kernel that writes dense rows make a value. */
  private writeDense(value: Value, write: (at: number) => Call): void {
    const { at, stride } = this.rowsOfValue(value);
    const channels = channelsOf(value);
    if (stride === channels) {
      this.calls.push(write(at));
      return;
    }
    const made = this.places.scratch.take(sizeOf(value));
    const numRows = sizeOf(value) / channels;
    this.calls.push(write(made), () => this.simd.copyRows(made, channels, at, stride, numRows, channels));
  }

  private addConv({ attrs, inputs, output }: Node & { kind: 'conv' }): void {
    const { simd, places } = this;
    const [x, filter, bias, addend] = inputs as [Value, Value, Value | null, Value | null];
    const isOfSmall = attrs.upsample && suitsDoubledWinograd(filter.shape, attrs);
    const [image, shape] = attrs.upsample && !isOfSmall ? this.doubled(x) : [this.dense(x), x.shape];
    const conv = (isOfSmall ? preparedDoubledWinograd : preparedConv)(simd, shape, filter.shape, attrs);
    const packed = this.packed(filter, conv);
    const biasAt = bias ? this.dense(bias) : 0;
    const scratch = conv.scratchSizes.map((size) => places.scratch.take(size));
    if (!addend && attrs.scale === 1 && !attrs.silu) {
      this.writeDense(output, (at) => () => conv.run(image, packed, biasAt, at, scratch));
      return;
    }
    const channels = channelsOf(output);
    const numRows = sizeOf(output) / channels;
    const { at, stride } = this.rowsOfValue(output);
    const made = stride === channels ? at : places.scratch.take(sizeOf(output));
    const added = addend ? this.rowsOfValue(addend) : { at: 0, stride: 0 };
    const divisor = attrs.addend === 'image' ? numRows / output.shape[0]! : 1;
    const end = [added.at, added.stride, divisor, attrs.scale, Number(attrs.silu)];
    this.calls.push(
      () => conv.run(image, packed, biasAt, made, scratch),
      () => simd.finishRows(made, at, stride, numRows, channels, ...end),
    );
  }

  private doubled(x: Value): [address: number, shape: readonly number[]] {
    const [n, h, w, c] = x.shape as [number, number, number, number];
    const small = this.dense(x);
    const doubled = this.places.scratch.take(4 * sizeOf(x));
    this.calls.push(() => this.simd.upsample2x(small, doubled, n, h, w, c));
    return [doubled, [n, 2 * h, 2 * w, c]];
  }

  /** Weights are packed once, also those that are joined of several. */
  private packed(filter: Value, conv: PreparedConv): number {
    if (filter.tensor) return this.places.packedFilter(filter.tensor, conv);
    const isConstant = filter.node?.kind === 'concat' && filter.node.inputs.every((part) => part?.tensor);
    const region = isConstant ? this.places.kept : this.places.scratch;
    const packed = region.take(conv.packedSize);
    const at = this.dense(filter);
    (isConstant ? this.once : this.calls).push(() => conv.pack(at, packed));
    return packed;
  }

  private addNorm({ attrs, inputs, output }: Node & { kind: 'groupNorm' }): void {
    const addresses = inputs.map((input) => this.dense(input!));
    const [x, gamma, beta, scale = 0, shift = 0] = addresses as [number, number, number, number?, number?];
    const channels = channelsOf(output);
    const scratch = this.places.scratch.take(2 * channels);
    const numImages = output.shape[0]!;
    const sizes = [numImages, sizeOf(output) / numImages / channels, channels, attrs.numGroups, attrs.epsilon];
    this.writeDense(output, (at) => () => {
      this.simd.groupNorm(x, gamma, beta, scale, shift, at, scratch, ...sizes, Number(attrs.silu));
    });
  }

  private addAttention({ attrs, inputs, output }: Node & { kind: 'attention' }): void {
    const [q, k, v] = inputs.map((input) => this.dense(input!)) as [number, number, number];
    const [n, tokens, channels] = output.shape as [number, number, number];
    const scratch = this.places.scratch.take(attentionScratch(output.shape, attrs));
    const size = channels / attrs.numHeads;
    const sizes = [n, tokens, attrs.numHeads, size, 1 / Math.sqrt(size)];
    this.writeDense(output, (at) => () => this.simd.attention(q, k, v, at, scratch, ...sizes));
  }

  private addUpsampling({ inputs: [x], output }: Node & { kind: 'upsample2x' }): void {
    const [n, h, w, c] = x!.shape as [number, number, number, number];
    const small = this.dense(x!);
    this.writeDense(output, (at) => () => this.simd.upsample2x(small, at, n, h, w, c));
  }

  private addSwap({ inputs: [x], output }: Node & { kind: 'swap' }): void {
    const [a, b, c, d] = x!.shape as [number, number, number, number];
    const [from, to] = [this.rowsOfValue(x!), this.rowsOfValue(output)];
    this.calls.push(() => this.simd.swapRows(from.at, from.stride, to.at, to.stride, a, b, c, d));
  }

  private addNormals({ inputs, output }: Node & { kind: 'normals' }): void {
    const [seeds, stream] = inputs as [Value, Value];
    const { memory } = this.places;
    const [seedsAt, streamAt] = [this.dense(seeds), this.placeOfNumber(stream)];
    const numImages = output.shape[0]!;
    const size = sizeOf(output) / numImages;
    this.writeDense(output, (at) => () => {
      const [streamNow] = new Float32Array(memory(), streamAt, 1);
      const values = new Float32Array(memory(), at, numImages * size);
      for (const [i, seed] of new Uint32Array(memory(), seedsAt, numImages).entries())
        normals(seed, streamNow!, size, values, i * size);
    });
  }

  private addPointwise({ attrs, inputs, output }: Node & { kind: 'pointwise' }, to: Rows): void {
    const channels = channelsOf(output);
    const operands = inputs.map((input) => this.operand(input!, output));
    const code = POINTWISE.indexOf(attrs);
    const [a, b = a!, c = a!] = operands;
    const numRows = sizeOf(output) / channels;
    this.calls.push(() => this.simd.pointwise(code, to.at, to.stride, numRows, channels, ...a!, ...b, ...c));
  }

  /** What the kernel wants to know of an operand: its address, its stride (0: one number), its divisor and number of rows. */
  private operand(value: Value, output: Value): number[] {
    if (isNumber(value)) return [this.placeOfNumber(value), 0, 1, 1];
    const channels = channelsOf(value);
    if (channels !== channelsOf(output)) throw new UnplannedError('a value broadcast over channels');
    const { divisor, numRows } = rowsOf(value, output);
    if (value.node?.kind === 'pointwise' && this.layout.isInlined(value.node)) {
      const at = this.places.scratch.take(sizeOf(value));
      this.addPointwise(value.node, { at, stride: channels });
      return [at, channels, divisor, numRows];
    }
    const { at, stride } = this.rowsOfValue(value);
    return [at, stride, divisor, numRows];
  }

  private placeOfNumber(value: Value): number {
    const known = this.numberAddresses.get(value);
    if (known !== undefined) return known;
    const at = this.places.kept.take(1);
    this.numberAddresses.set(value, at);
    this.numbers.push({ at, values: value.numbers! });
    return at;
  }
}

/** Whether a value is one number, which may be another at each replay. */
const isNumber = ({ numbers }: Value) => numbers?.length === 1;
