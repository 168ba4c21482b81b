import { describe, expect, it } from 'vitest';
import { MAX_SEED } from './random.ts';
import {
  AUGMENT_STREAMS,
  CLASSIFIER_STREAMS,
  CONDITIONAL_VAE_STREAMS,
  DIFFUSION_STREAMS,
  EVALUATION_STREAMS,
  ORDER_STREAMS,
  PALETTE_STREAMS,
  PROBE_STREAMS,
  SAMPLING_STREAMS,
  SPLIT_STREAMS,
  STUDENT_STREAMS,
  type Streams,
  streamAt,
  VAE_STREAMS,
  WEIGHT_STREAMS,
} from './streams.ts';

type Table = Record<string, Streams>;

const TRAINING = [WEIGHT_STREAMS, SPLIT_STREAMS, ORDER_STREAMS];

/** What is drawn from one seed in a run of each kind. */
const RUNS: Record<string, Table[]> = {
  sampling: [SAMPLING_STREAMS],
  'training an auto-encoder': [...TRAINING, AUGMENT_STREAMS, VAE_STREAMS],
  'training a conditional VAE': [...TRAINING, AUGMENT_STREAMS, CONDITIONAL_VAE_STREAMS],
  'training a classifier': [...TRAINING, AUGMENT_STREAMS, CLASSIFIER_STREAMS],
  'training a diffusion or a noisy classifier': [...TRAINING, DIFFUSION_STREAMS],
  'training a student': [...TRAINING, DIFFUSION_STREAMS, STUDENT_STREAMS],
  'training a probe': [...TRAINING, PROBE_STREAMS],
  'fitting a palette': [SPLIT_STREAMS, PALETTE_STREAMS],
};

/** The pairs of purposes that have a stream in common. */
function overlapsOf(tables: Table[]): string[] {
  const inOrder = tables.flatMap((table) => Object.entries(table)).sort(([, a], [, b]) => a.first - b.first);
  return inOrder.slice(1).flatMap(([name, { first }], i) => {
    const [before, of] = inOrder[i]!;
    return of.first + of.count > first ? [`${before} and ${name}`] : [];
  });
}

describe('the streams of a seed', () => {
  it.each(Object.entries(RUNS))('have one purpose each in %s', (_, tables) => {
    expect(overlapsOf(tables)).toEqual([]);
  });

  it('have two purposes where it is meant alone: an evaluation and the split', () => {
    expect(overlapsOf([EVALUATION_STREAMS, SPLIT_STREAMS])).toHaveLength(1);
  });

  it('are uint32 to the last, after which the first comes again', () => {
    const all = [...Object.values(RUNS).flat(), EVALUATION_STREAMS].flatMap((table: Table) => Object.values(table));
    for (const streams of all) {
      const last = streamAt(streams, streams.count - 1);
      expect(last).toBeLessThanOrEqual(MAX_SEED);
      expect(last).toBe(streams.first + streams.count - 1);
      expect(streamAt(streams, streams.count)).toBe(streams.first);
    }
  });
});
