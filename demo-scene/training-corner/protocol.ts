// What the panel and its worker say to each other, and what both mean by it.

/** The auto-encoder first, then the diffusion model on its latents. */
export type Phase = 'vae' | 'ddpm';

export const PHASES: readonly Phase[] = ['vae', 'ddpm'];

/** How long a phase trains, earlier sessions included. */
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
}

/** A loss over the steps of a phase. */
export interface Curve {
  steps: number[];
  losses: number[];
}

export interface PhaseProgress {
  step: number;
  /** Of the phase's budget, 0 … 1. */
  share: number;
  /** Time spent, this and earlier sessions. */
  elapsedMs: number;
  /** 0 while there is too little to tell it by. */
  imagesPerSecond: number;
  curve: Curve;
}

/** 'ready': nothing is trained yet; 'starting': a phase is being set up; 'paused': it can go on; 'finished': all budgets are used. */
export type Status = 'empty' | 'ready' | 'starting' | 'training' | 'paused' | 'finished';

/** All that the panel shows, but for pictures. */
export interface TrainingState {
  status: Status;
  phase: Phase;
  dataset: DatasetSummary | null;
  settings: TrainingSettings;
  progress: Record<Phase, PhaseProgress>;
  /** Whether there is a diffusion model to make pictures with. */
  hasModel: boolean;
  /** A sentence about what was last done or has gone wrong; '' for nothing. */
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
