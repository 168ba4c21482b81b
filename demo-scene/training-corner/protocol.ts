// The messages between the training panel and its worker, and the types that both use.

/** The auto-encoder is trained first, then the diffusion model on its latents. */
export type Phase = 'vae' | 'ddpm';

export const PHASES: readonly Phase[] = ['vae', 'ddpm'];

/** How long a phase trains in all, including earlier visits. */
export interface Budget {
  unit: 'minutes' | 'steps';
  amount: number;
}

export interface TrainingSettings {
  vae: Budget;
  ddpm: Budget;
}

export const TRAINING_DEFAULTS: TrainingSettings = {
  vae: { unit: 'minutes', amount: 2 },
  ddpm: { unit: 'minutes', amount: 6 },
};

/** Pixels, RGBA. */
interface Picture {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** A grid of pictures: a row for each caption. */
export interface SampleSheet {
  title: string;
  captions: string[];
  picture: Picture;
}

export interface DatasetSummary {
  name: string;
  isBuiltIn: boolean;
  labels: string[];
  numImages: number;
  widthPx: number;
  heightPx: number;
  /** What to know before training on them, in sentences; it is possible all the same. */
  warnings: string[];
}

/** A loss over the steps of a phase. */
export interface Curve {
  steps: number[];
  losses: number[];
}

export interface PhaseProgress {
  step: number;
  /** The share of the phase's budget that is used, 0 … 1. */
  share: number;
  /** The time spent on training, including earlier visits. */
  elapsedMs: number;
  /** 0 until there are enough steps to measure it. */
  imagesPerSecond: number;
  curve: Curve;
}

/** 'ready': nothing is trained yet; 'starting': a phase is being set up; 'paused': it can go on; 'finished': all budgets are used. */
export type Status = 'empty' | 'ready' | 'starting' | 'training' | 'paused' | 'finished';

/** Everything that the panel shows, apart from pictures. */
export interface TrainingState {
  status: Status;
  phase: Phase;
  dataset: DatasetSummary | null;
  settings: TrainingSettings;
  progress: Record<Phase, PhaseProgress>;
  /** Whether there is a diffusion model to make pictures with. */
  hasModel: boolean;
  /** A sentence about what has just happened or gone wrong; '' when there is none. */
  notice: string;
}

/** A file of a chosen or dropped folder, by its path in it: `elf/001.png`. */
export interface FolderFile {
  path: string;
  file: Blob;
}

export type ToTraining =
  | { type: 'useBuiltIn' }
  | { type: 'openFolder'; name: string; files: FolderFile[] }
  | { type: 'train'; settings: TrainingSettings }
  | { type: 'pause' }
  | { type: 'save' }
  | { type: 'startOver' }
  | { type: 'makeModel' };

export type FromTraining =
  | { type: 'backend'; backend: string; sentence: string; reason: string }
  | { type: 'state'; state: TrainingState }
  | { type: 'sheet'; sheet: SampleSheet }
  | { type: 'problems'; name: string; problems: string[] }
  | { type: 'model'; files: Record<string, Uint8Array> }
  | { type: 'failed'; message: string };
