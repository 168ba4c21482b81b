import { describe, expect, it } from 'vitest';
import { draw } from '../../scripts/testing/backends.ts';
import { MAX_WORD_LENGTH } from '../core/attributes.ts';
import { conditionalVaeShapes } from '../networks/conditionalVae.ts';
import { randomWeights, tinyCvaeConfig } from '../testing/tinyNetworks.ts';
import type { WeightTensor } from '../weights/weightTensor.ts';
import { writeSafetensors } from '../weights/writeSafetensors.ts';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';
import type { TrainerState } from './trainer.ts';

function part(seed: number, names = ['conv.weight', 'conv.bias']): Map<string, WeightTensor> {
  const shapes: Record<string, number[]> = { 'conv.weight': [2, 3, 1, 1], 'conv.bias': [2] };
  return new Map(
    names.map((name, i) => [name, { shape: shapes[name]!, data: draw(seed + i, shapes[name]!).values }] as const),
  );
}

const state = (): TrainerState => ({
  step: 12,
  elapsedMs: 3456.7891,
  weights: part(10),
  ema: part(20),
  m: part(30, ['conv.bias']),
  v: part(40, ['conv.bias']),
});

/** Decodes the state after a change. */
function decodeChanged(change: (state: TrainerState) => void): TrainerState {
  const changed = state();
  change(changed);
  return decodeCheckpoint(encodeCheckpoint(changed), 'run/checkpoint.safetensors').state;
}

describe('a checkpoint', () => {
  it('comes back bit for bit, notes included', () => {
    const notes = { kind: 'vae', dataset: 'portraits' };
    expect(decodeCheckpoint(encodeCheckpoint(state(), notes), 'c')).toEqual({ state: state(), notes });
  });

  it('comes back where an attribute has the longest name', () => {
    const attributes = { ['a'.repeat(MAX_WORD_LENGTH)]: 'number' } as const;
    const weights = randomWeights(conditionalVaeShapes(tinyCvaeConfig({ attributes })));
    const all = { ...state(), weights, ema: weights, m: weights, v: weights };
    expect(decodeCheckpoint(encodeCheckpoint(all), 'c').state).toEqual(all);
  });

  it('is refused when it is damaged', () => {
    const bytes = encodeCheckpoint(state());
    expect(() => decodeCheckpoint(bytes.subarray(0, bytes.length - 4), 'run/c')).toThrow(/run\/c/);
    expect(() => decodeCheckpoint(bytes.subarray(0, 5), 'run/c')).toThrow(/run\/c/);
    expect(() => decodeChanged(({ ema }) => ema.get('conv.bias')!.data.fill(Number.NaN))).toThrow(/ema\/conv.bias/);
  });

  it('is refused when a part is missing or does not fit its weight', () => {
    expect(() => decodeChanged(({ ema }) => ema.delete('conv.bias'))).toThrow(/ema\/conv.bias is missing/);
    expect(() => decodeChanged(({ v }) => v.delete('conv.bias'))).toThrow(/v\/conv.bias is missing/);
    expect(() => decodeChanged(({ m }) => m.delete('conv.bias'))).toThrow(/m\/conv.bias is missing/);
    expect(() => decodeChanged(({ weights }) => weights.delete('conv.bias'))).toThrow(/conv.bias/);
    expect(() => decodeChanged(({ m }) => m.set('conv.bias', draw3()))).toThrow(/m\/conv.bias.*wrongly shaped/);
  });

  it('is told from other safetensors files', () => {
    const file = (name: string, metadata: Record<string, string>) => writeSafetensors([[name, draw3()]], { metadata });
    expect(() => decodeCheckpoint(file('conv_in.bias', {}), 'c')).toThrow(/conv_in.bias does not belong/);
    expect(() => decodeCheckpoint(file('constructor/w', {}), 'c')).toThrow(/constructor\/w does not belong/);
    expect(() => decodeCheckpoint(file('weights/b', {}), 'c')).toThrow(/step or elapsedMs is missing/);
    for (const step of ['', '-1', '1.5', 'ten']) {
      expect(() => decodeCheckpoint(file('weights/b', { step, elapsedMs: '0' }), 'c')).toThrow(/step/);
    }
  });
});

function draw3(): WeightTensor {
  return { shape: [3], data: draw(1, [3]).values };
}
