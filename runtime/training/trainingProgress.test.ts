import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Trainer, TrainingStep } from './trainer.ts';
import { type TrainingProgress, trainingProgress } from './trainingProgress.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

/** A trainer whose steps take a second each and have these losses. */
function fakeTrainer(losses: readonly number[]): Trainer {
  async function* run(signal?: AbortSignal) {
    for (const [i, loss] of losses.entries()) {
      if (signal?.aborted) return;
      vi.advanceTimersByTime(1000);
      yield { step: i + 1, loss } as TrainingStep;
    }
  }
  return { run } as Trainer;
}

async function collect(
  losses: readonly number[],
  onStep: (progress: TrainingProgress) => void = () => {},
  signal?: AbortSignal,
): Promise<TrainingProgress[]> {
  const seen: TrainingProgress[] = [];
  for await (const progress of trainingProgress(fakeTrainer(losses), { saveMs: 1500, previewMs: 3500 }, signal)) {
    seen.push(progress);
    onStep(progress);
  }
  return seen;
}

it('averages losses, the first one whole and each later one by a fiftieth', async () => {
  const means = (await collect([2, 1, 1])).map(({ meanLoss }) => meanLoss);
  expect(means[0]).toBe(2);
  expect(means[1]).toBeCloseTo(0.98 * 2 + 0.02, 12);
  expect(means[2]).toBeCloseTo(0.98 * means[1]! + 0.02, 12);
});

it('says what is due by the time since the end of the last save or preview', async () => {
  const seen = await collect([1, 1, 1, 1, 1, 1, 1, 1], ({ isSaveDue }) => {
    if (isSaveDue) vi.advanceTimersByTime(600); // a save takes a while
  });
  const stepsThat = (key: 'isSaveDue' | 'isPreviewDue') =>
    seen.filter((each) => each[key]).map(({ step }) => step.step);
  expect(stepsThat('isSaveDue')).toEqual([2, 4, 6, 8]);
  expect(stepsThat('isPreviewDue')).toEqual([3, 6]);
});

it('ends after the step during which the signal fires', async () => {
  const controller = new AbortController();
  const seen = await collect([1, 1, 1], ({ step }) => step.step === 2 && controller.abort(), controller.signal);
  expect(seen).toHaveLength(2);
});
