// Classifiers beside a model. Loaded when the first one is: with them come the gradients of the kernels.
import {
  createNoisyClassifier,
  type DiffusionModel,
  loadClassifierFolder,
  memorySource,
  type NoisyClassifier,
} from '../../runtime/index.ts';

/** @throws RangeError when it does not fit the model; ModelFileError; nothing stays allocated then */
export async function openClassifier(
  name: string,
  files: Record<string, Uint8Array>,
  model: DiffusionModel,
): Promise<NoisyClassifier> {
  const classifier = createNoisyClassifier(await loadClassifierFolder(memorySource(files, name)));
  try {
    classifier.checkFits(model);
    return classifier;
  } catch (error) {
    classifier.dispose();
    throw error;
  }
}
