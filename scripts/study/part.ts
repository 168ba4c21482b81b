import type { Figure } from './plot.ts';
import type { StudyContext } from './studyContext.ts';

/** Measured quantities by name; their units stand in `UNITS` of results.ts. */
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
