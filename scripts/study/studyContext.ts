import type { Dataset, DatasetSplit, DiffusionModel } from '../../runtime/index.ts';
import type { Measured } from '../cli/evaluation/measure.ts';
import type { OpenClassifier } from '../cli/evaluation/openClassifier.ts';

/** What all parts of the study share. */
export interface StudyContext {
  /** The shipped model. */
  model: DiffusionModel;
  dataset: Dataset;
  split: DatasetSplit;
  /** The images that the networks of the study learn from, the same ones for all. */
  training: Int32Array;
  /** Judges pictures, as in `figment evaluate`. */
  judge: OpenClassifier;
  /** What it says of held-out images, and of how many features a class its Gaussian is. */
  real: { measured: Measured; perClass: number };
  imagesPerClass: number;
  /** Minutes of one thread that each network of the study trains. */
  minutes: number;
  /** Folder of what a study that goes on finds again. */
  work: string;
}
