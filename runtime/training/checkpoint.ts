import { parseSafetensors } from '../weights/safetensors.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { writeSafetensors } from '../weights/writeSafetensors.ts';
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

/** @throws Error naming the file when it is damaged or not a checkpoint */
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
    const part = PARTS.find((name) => name === key.slice(0, slash));
    if (!part)
      throw new Error(`${fileName}: tensor ${key} does not belong into a checkpoint; expected ${PARTS.join(', ')}`);
    parts[part].set(key.slice(slash + 1), { shape: value.shape, data: value.data });
  }
  const { step = '', elapsedMs = '', ...notes } = metadata;
  if (!/^\d{1,15}$/.test(step) || elapsedMs === '' || !(Number(elapsedMs) >= 0)) {
    throw new Error(`${fileName}: step or elapsedMs is missing; this is no checkpoint of figment train`);
  }
  const state = { step: Number(step), elapsedMs: Number(elapsedMs), ...parts };
  checkParts(state, fileName);
  return { state, notes };
}

/** The average has every weight, the moments have both halves, and all have the shape of their weight. */
function checkParts({ weights, ema, m, v }: TrainerState, fileName: string): void {
  const refuse = (name: string) => {
    throw new Error(`${fileName}: tensor ${name} is missing or wrongly shaped; go on from another checkpoint`);
  };
  if (weights.size === 0) refuse('weights/…');
  for (const name of weights.keys()) if (!ema.has(name)) refuse(`ema/${name}`);
  for (const name of m.keys()) if (!v.has(name)) refuse(`v/${name}`);
  for (const name of v.keys()) if (!m.has(name)) refuse(`m/${name}`);
  for (const [part, tensors] of Object.entries({ ema, m, v })) {
    for (const [name, { shape }] of tensors) {
      if (weights.get(name)?.shape.join() !== shape.join()) refuse(`${part}/${name}`);
    }
  }
}
