import type { Dataset, DatasetSplit, DiffusionModel } from '../../runtime/index.ts';
import type { Judge } from '../cli/evaluation/judge.ts';
import type { Measured } from '../cli/evaluation/measure.ts';
import type { Figure } from './plot.ts';

/** Measured quantities by name; their units stand in `STUDY_UNITS` of results.ts. */
export type Numbers = Record<string, number>;

export interface CaseResult {
  numbers: Numbers;
  /** A picture of each label, as RGBA bytes: the case's row in the sheet. */
  row: Uint8Array[];
}

/** One question of the study: the same thing done in several ways, each of which is a case. */
export interface StudyPart {
  /** Prefix of its files. */
  name: string;
  question: string;
  /** Names of the cases, in order: rows of the sheet and keys of the numbers. */
  cases: readonly string[];
  /** Everything that the numbers of this part depend on; results are kept as long as it stays the same. */
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
  /** What the judge measures on held-out images, and from how many images a class its Gaussian is estimated. */
  real: { measured: Measured; perClass: number };
  imagesPerClass: number;
  /** Minutes of one thread that each network of the study trains. */
  minutes: number;
  /** Folder of the intermediate results with which an interrupted study goes on. */
  work: string;
}
