// The memory of recordings in tfjs's wasm module, beside its tensors.
import type { DataId, Tensor } from '@tensorflow/tfjs-core';
import type { WasmContext } from '../../wasm/context.ts';
import type { PreparedConv } from '../../wasm/winograd.ts';
import { UnplannedError } from '../graph.ts';

export const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** What one recording may hold for as long as it is kept: large pictures are made without one. */
const MAX_BYTES = 2 ** 27;

/** A cache line: where each block begins. */
const ALIGNMENT = 64;

/** @returns the address of a new block; @throws UnplannedError when it would be too large, or there is no memory */
export function newBlock({ backend }: WasmContext, sizeBytes: number): number {
  if (sizeBytes > MAX_BYTES) throw new UnplannedError(`${sizeBytes} bytes`);
  const address = backend.wasm._malloc(sizeBytes + ALIGNMENT);
  if (address === 0) throw new UnplannedError(`no memory for ${sizeBytes} bytes`, true);
  return address;
}

/** Hands out one place of a block after the other. */
export class Region {
  private next: number;
  private end: number;

  /** @param block its address; 0 while no more is asked than how large it has to be */
  constructor(private readonly block: number) {
    this.next = Math.ceil(block / ALIGNMENT) * ALIGNMENT;
    this.end = this.next;
  }

  /** The address of so many floats. */
  take(size: number): number {
    const address = this.next;
    this.next += Math.ceil((size * FLOAT_BYTES) / ALIGNMENT) * ALIGNMENT;
    this.end = Math.max(this.end, this.next);
    return address;
  }

  /** Lets all that was taken since `from` be taken again. */
  giveBack(from: number): void {
    this.next = from;
  }

  get place(): number {
    return this.next;
  }

  /** The most that was taken at a time. */
  get sizeBytes(): number {
    return this.end - this.block;
  }
}

interface PackedFilter {
  readonly address: number;
  numUsers: number;
}

/** Weights as the convolutions read them, which all recordings of a model share. */
export class PackedFilters {
  private readonly packed = new WeakMap<DataId, Map<number, PackedFilter>>();

  constructor(private readonly ctx: WasmContext) {}

  /** The address of a filter, packed for a convolution, until it is released as often as it was taken. */
  take({ dataId }: Tensor, { packedSize, pack }: PreparedConv): number {
    const bySize = this.packed.get(dataId) ?? new Map<number, PackedFilter>();
    this.packed.set(dataId, bySize);
    let filter = bySize.get(packedSize);
    if (!filter) {
      filter = { address: newBlock(this.ctx, FLOAT_BYTES * packedSize), numUsers: 0 };
      pack(this.ctx.backend.dataIdMap.get(dataId).memoryOffset, filter.address);
      bySize.set(packedSize, filter);
    }
    filter.numUsers++;
    return filter.address;
  }

  release({ dataId }: Tensor, { packedSize }: PreparedConv): void {
    const bySize = this.packed.get(dataId)!;
    const filter = bySize.get(packedSize)!;
    if (--filter.numUsers > 0) return;
    bySize.delete(packedSize);
    this.ctx.backend.wasm._free(filter.address);
  }
}
