import { parseSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import type { TrainerState } from './trainer.ts';

const PARTS = ['weights', 'ema', 'm', 'v'] as const;

/**
 * A training's state as one safetensors file, float32: tensors `weights/…`, `ema/…`, `m/…` and `v/…`, the counters and
 * the caller's notes in the metadata.
 */
export function encodeCheckpoint(state: TrainerState, notes: Record<string, string> = {}): Uint8Array {
  const tensors: [string, WeightTensor][] = [];
  for (const part of PARTS) {
    for (const [name, value] of state[part]) tensors.push([`${part}/${name}`, value]);
  }
  const metadata = { ...notes, step: String(state.step), elapsedMs: String(state.elapsedMs) };
  return writeSafetensors(tensors, { dtype: 'F32', metadata });
}

/** @throws Error naming the file when it is damaged or no checkpoint */
export function decodeCheckpoint(
  bytes: Uint8Array,
  fileName: string,
): { state: TrainerState; notes: Record<string, string> } {
  const { metadata, tensors } = parseSafetensors(bytes, fileName);
  const parts = Object.fromEntries(PARTS.map((part) => [part, new Map<string, WeightTensor>()])) as Record<
    (typeof PARTS)[number],
    Map<string, WeightTensor>
  >;
  for (const [key, value] of tensors) {
    const slash = key.indexOf('/');
    const part = parts[key.slice(0, slash) as (typeof PARTS)[number]];
    if (!part)
      throw new Error(`${fileName}: tensor ${key} does not belong into a checkpoint; expected ${PARTS.join(', ')}`);
    part.set(key.slice(slash + 1), { shape: value.shape, data: value.data });
  }
  const { step, elapsedMs, ...notes } = metadata;
  if (!(Number(step) >= 0) || !(Number(elapsedMs) >= 0)) {
    throw new Error(`${fileName}: step or elapsedMs is missing; this is no checkpoint of figment train`);
  }
  return { state: { step: Number(step), elapsedMs: Number(elapsedMs), ...parts }, notes };
}
