import type { Dataset, DatasetSplit, DiffusionModel } from '../../runtime/index.ts';
import type { Judge } from '../cli/evaluation/judge.ts';
import type { Measured } from '../cli/evaluation/measure.ts';
import type { Figure } from './plot.ts';

/** Measured quantities by name; their units stand in `STUDY_UNITS` of results.ts. */
export type Numbers = Record<string, number>;

export interface CaseResult {
  numbers: Numbers;
  /** A picture of each label, RGBA bytes, of which the case's row in the sheet is made. */
  row: Uint8Array[];
}

/** One question of the study: the same thing done several ways, a case each. */
export interface StudyPart {
  /** Names its files. */
  name: string;
  question: string;
  /** Names of the cases, in order: rows of the sheet and keys of the numbers. */
  cases: readonly string[];
  /** All that the numbers depend on, beside what every part does: results are kept as long as it is the same. */
  settings(context: StudyContext): Record<string, unknown>;
  measure(context: StudyContext, name: string, onProgress: (share: number) => void): Promise<CaseResult>;
  /** Plots by the suffix of their file. */
  figures(numbers: Record<string, Numbers>): Record<string, Figure>;
}

/** What all parts of the study share. */
export interface StudyContext {
  /** The shipped model. */
  model: DiffusionModel;
  dataset: Dataset;
  split: DatasetSplit;
  /** The images that the networks of the study learn from, the same ones for all. */
  training: Int32Array;
  /** Judges pictures, as in `figment evaluate`. */
  judge: Judge;
  /** What it says of held-out images, and of how many features a class its Gaussian is. */
  real: { measured: Measured; perClass: number };
  imagesPerClass: number;
  /** Minutes of one thread that each network of the study trains. */
  minutes: number;
  /** Folder of what a study that goes on finds again. */
  work: string;
}
