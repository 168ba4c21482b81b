// A plan on wasm: a list of kernel calls at fixed addresses, without tfjs's engine in between.
import type { Tensor } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../../wasm/context.ts';
import type { PreparedConv } from '../../wasm/winograd.ts';
import type { Graph } from '../graph.ts';
import { checkSizes, type Layout, laidOut, type Store } from '../layout.ts';
import type { RecordedInput, Recording } from '../recordings.ts';
import { simplified } from '../simplify.ts';
import { Lowered, type Places } from './lower.ts';
import { FLOAT_BYTES, newBlock, type PackedFilters, Region } from './memory.ts';

export class WasmRecording implements Recording {
  private readonly layout: Layout;
  private readonly lowered: Lowered;
  private readonly blocks: number[] = [];
  private readonly taken: [Tensor, PreparedConv][] = [];
  /** Where each factor lies; null where no step reads it. */
  private readonly places: (number | null)[];
  private readonly factors: readonly number[];
  private isReady = false;

  /** @throws UnplannedError when the graph has an operation without a kernel, or needs too much memory */
  constructor(
    private readonly ctx: WasmContext,
    private readonly filters: PackedFilters,
    graph: Graph,
  ) {
    this.layout = laidOut(simplified(graph));
    const needed = this.measured();
    try {
      for (const { sizeBytes } of needed) this.blocks.push(newBlock(ctx, sizeBytes));
      const [kept, scratch] = this.blocks.map((block) => new Region(block)) as [Region, Region];
      this.lowered = this.lower(kept, scratch, (filter, conv) => this.takeFilter(filter, conv));
    } catch (error) {
      this.dispose();
      throw error;
    }
    for (const { at, values } of this.lowered.numbers) this.floats(at, values.length).set(values);
    this.places = graph.factors.map((factor) => this.lowered.addressOfNumber(factor));
    this.factors = graph.factors.map(({ numbers }) => numbers![0]!);
  }

  *replay(
    inputs: readonly RecordedInput[],
    outputs: readonly Tensor[],
    factors: readonly number[] = this.factors,
  ): Generator<void, void> {
    checkSizes('input', this.layout.inputs, inputs);
    checkSizes('output', this.layout.outputs, outputs);
    for (const [i, place] of this.places.entries()) if (place !== null) this.floats(place, 1)[0] = factors[i]!;
    for (const [i, input] of inputs.entries()) this.fill(this.layout.inputs[i]!.store, input);
    if (!this.isReady) for (const call of this.lowered.once) call();
    this.isReady = true;
    for (const call of this.lowered.each) {
      call();
      yield;
    }
    for (const [i, output] of outputs.entries()) {
      const { store } = this.layout.outputs[i]!;
      this.copy(this.lowered.addressOf(store), this.ctx.address(output), store.size);
    }
  }

  dispose(): void {
    for (const block of this.blocks) this.ctx.backend.wasm._free(block);
    for (const [filter, conv] of this.taken) this.filters.release(filter, conv);
  }

  /** How much memory the calls need, found out by noting them down without any. */
  private measured(): Region[] {
    const regions = [new Region(0), new Region(0)] as [Region, Region];
    this.lower(...regions, () => 0);
    return regions;
  }

  private lower(kept: Region, scratch: Region, packedFilter: Places['packedFilter']): Lowered {
    const addressOfTensor = (tensor: Tensor) => this.ctx.address(tensor);
    const memory = () => this.ctx.backend.wasm.HEAPU8.buffer;
    return new Lowered(this.ctx.simd, this.layout, { kept, scratch, memory, addressOfTensor, packedFilter });
  }

  private takeFilter(filter: Tensor, conv: PreparedConv): number {
    const address = this.filters.take(filter, conv);
    this.taken.push([filter, conv]);
    return address;
  }

  private fill(store: Store, input: RecordedInput): void {
    const at = this.lowered.addressOf(store);
    if (input instanceof Float32Array) {
      this.floats(at, store.size).set(input);
      return;
    }
    const { tensor, offset } = 'tensor' in input ? input : { tensor: input, offset: 0 };
    this.copy(this.ctx.address(tensor) + FLOAT_BYTES * offset, at, store.size);
  }

  private copy(from: number, to: number, size: number): void {
    this.ctx.backend.wasm.HEAPU8.copyWithin(to, from, from + FLOAT_BYTES * size);
  }

  /** A view of the memory, which is good until the memory grows. */
  private floats(at: number, size: number): Float32Array {
    return new Float32Array(this.ctx.backend.wasm.HEAPU8.buffer, at, size);
  }
}
