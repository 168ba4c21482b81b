import type { Trainer, TrainingStep } from './trainer.ts';

export interface TrainingIntervals {
  /** The time between two checkpoints. */
  saveMs: number;
  /** The time between two previews. */
  previewMs: number;
}

/** How far a training is after one more step, and what is due now. */
export interface TrainingProgress {
  step: TrainingStep;
  /** Exponential mean of the losses so far. */
  meanLoss: number;
  /** Whether it is time for a checkpoint. */
  isSaveDue: boolean;
  /** Whether it is time for a preview of what the network has learned. */
  isPreviewDue: boolean;
}

/** Weight of the newest loss in the mean. */
const NEWEST_SHARE = 0.02;

/**
 * Runs a training and says after each step what is due: the loop that the command line and a page share. The consumer lets
 * events in, saves and previews between two steps; the time until the next save or preview counts from the end of the last.
 *
 * @param signal ends the training after the current step
 */
export async function* trainingProgress(
  trainer: Trainer,
  { saveMs, previewMs }: TrainingIntervals,
  signal?: AbortSignal,
): AsyncGenerator<TrainingProgress> {
  let [savedAt, previewedAt] = [performance.now(), performance.now()];
  let meanLoss: number | null = null;
  for await (const step of trainer.run(signal)) {
    meanLoss = meanLoss === null ? step.loss : meanLoss + NEWEST_SHARE * (step.loss - meanLoss);
    const isSaveDue = performance.now() - savedAt > saveMs;
    const isPreviewDue = performance.now() - previewedAt > previewMs;
    yield { step, meanLoss, isSaveDue, isPreviewDue };
    if (isSaveDue) savedAt = performance.now();
    if (isPreviewDue) previewedAt = performance.now();
  }
}
