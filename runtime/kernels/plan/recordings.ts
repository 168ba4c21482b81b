// Where the recordings of networks are kept, and who makes them on which backend.
import { engine, getBackend, type Tensor } from '@tensorflow/tfjs-core';
import type { Graph, UnplannedError } from './graph.ts';
import type { GpuTimer } from './webgpu/timer.ts';

/** What a replay is given: a tensor, or so many of its elements from `offset` on, or values of the CPU. */
export type RecordedInput = Tensor | { tensor: Tensor; offset: number } | Float32Array;

/** A computation whose commands are all there, dispatches on WebGPU and calls on wasm: a replay makes no tensor, buffer or bind group. */
export interface Recording {
  /**
   * Computes in slices of a few commands each; one at a time.
   *
   * @param inputs  of the graph
   * @param outputs tensors that take on the graph's outputs
   * @param factors values of the graph's factors; by default those it was traced with
   */
  replay(
    inputs: readonly RecordedInput[],
    outputs: readonly Tensor[],
    factors?: readonly number[],
  ): Generator<void, void>;
  dispose(): void;
}

/** Makes recordings for one backend. */
export interface Recorder {
  /** `traced` of trace.ts. */
  traced: typeof import('./trace.ts').traced;
  /** `valueOfTraced` of trace.ts. */
  valueOfTraced: typeof import('./trace.ts').valueOfTraced;
  record(graph: Graph): Recording;
  /** `around` of graph.ts. */
  around: typeof import('./graph.ts').around;
  /** `structureOf` of graph.ts. */
  structureOf: typeof import('./graph.ts').structureOf;
  /** @throws an error that says that no recording can be made */
  refuse(reason: string): never;
  /** Whether an error says so. */
  isUnplanned(error: unknown): error is UnplannedError;
  /** An empty tensor on the backend. */
  emptyTensor(shape: number[]): Tensor;
  /** Measures which of several ways to compute is the fastest here, for the recordings there are; see `tuneRecordings`. */
  tune?(timer?: GpuTimer): Promise<void>;
}

const recorders = new Map<string, Recorder>();

/** Lets networks on a backend be recorded. */
export function useRecorder(backendName: string, recorder: Recorder): void {
  recorders.set(backendName, recorder);
}

/** The recorder of the current backend; null where nothing is recorded. */
export function currentRecorder(): Recorder | null {
  return recorders.get(getBackend()) ?? null;
}

/**
 * Lets the current backend find out by a few measurements, of about 100 ms in all, how to compute fastest what has been
 * recorded so far: on WebGPU, where a GPU computes, in which tiles convolutions are. Elsewhere nothing is done.
 */
export async function tuneRecordings(): Promise<void> {
  await currentRecorder()?.tune?.();
}

/** Recordings of one owner at most; the one that was used least recently goes. */
const MAX_RECORDINGS = 16;

interface Kept {
  key: string;
  recording: Recording;
  isBusy: boolean;
}

/** What there is for one owner, such as a model, on the backend that its tensors are on. */
interface Owned {
  readonly backend: unknown;
  readonly kept: Kept[];
  /** The names of those that there cannot be. */
  readonly unplanned: Set<string>;
}

const owners = new WeakMap<object, Owned>();

/**
 * Replays the recording of this name, which is made when there is none, or when all are being replayed.
 *
 * @param owner frees its recordings by `forgetRecordings`
 * @returns through the generator, false when there can be no recording: then nothing was done
 */
export function* replayed(
  owner: object,
  key: string,
  graph: (recorder: Recorder) => Graph,
  ...given: Parameters<Recording['replay']>
): Generator<void, boolean> {
  const recorder = currentRecorder();
  if (!recorder) return false;
  const { kept, unplanned } = ownedBy(owner);
  if (unplanned.has(key)) return false;
  const entry = kept.find((other) => other.key === key && !other.isBusy) ?? newEntry(recorder, unplanned, key, graph);
  if (!entry) return false;
  kept.splice(0, kept.length, entry, ...kept.filter((other) => other !== entry));
  entry.isBusy = true;
  evict(kept);
  try {
    yield* entry.recording.replay(...given);
  } finally {
    entry.isBusy = false;
  }
  return true;
}

/** Frees the recordings of an owner, none of which may be at work, and forgets which there cannot be. */
export function forgetRecordings(owner: object): void {
  for (const { recording } of owners.get(owner)?.kept ?? []) recording.dispose();
  owners.delete(owner);
}

function ownedBy(owner: object): Owned {
  const { backend } = engine();
  const known = owners.get(owner);
  if (known?.backend === backend) return known;
  forgetRecordings(owner);
  const owned: Owned = { backend, kept: [], unplanned: new Set() };
  owners.set(owner, owned);
  return owned;
}

function newEntry(
  recorder: Recorder,
  unplanned: Set<string>,
  key: string,
  graph: (recorder: Recorder) => Graph,
): Kept | undefined {
  try {
    return { key, recording: recorder.record(graph(recorder)), isBusy: false };
  } catch (error) {
    if (!recorder.isUnplanned(error)) throw error;
    if (!error.isForNow) unplanned.add(key);
    return undefined;
  }
}

function evict(kept: Kept[]): void {
  for (let i = kept.length - 1; i >= 0 && kept.length > MAX_RECORDINGS; i--) {
    if (!kept[i]!.isBusy) kept.splice(i, 1)[0]!.recording.dispose();
  }
}
