// Previews of a diffusion model that is being trained: what it makes of each label, and of what pictures that it has not seen show.
import {
  attributeSheet,
  createModel,
  type Dataset,
  type DatasetSplit,
  drawExamples,
  type LabelledPicture,
  loadModelFolder,
  memorySource,
  type PixelImage,
  sampleSheet,
} from '../../runtime/index.ts';
import { letEventsIn } from '../node/interrupt.ts';

const EXAMPLES_PER_LABEL = 3;

/** A preview has fewer pictures of a model with frames, since each is a whole row of them. */
const FRAMES_PREVIEW = { numPlain: 1, numExamples: 1, numCopies: 1 };

/** Pictures that the model has not seen, if there are any, and what they show; none where nothing is known of them. */
export function examplesOf(dataset: Dataset, { train, heldOut }: DatasetSplit): LabelledPicture[] {
  if (!dataset.attributes?.length) return [];
  const count = dataset.frames ? FRAMES_PREVIEW.numExamples : EXAMPLES_PER_LABEL;
  return drawExamples(dataset, heldOut.length > 0 ? heldOut : train, count);
}

/**
 * One row of samples for each label, from the model as it is stored; of a model with attributes also samples that ought to
 * show what the picture to the left of them shows. It gives way to events after each row: of large pictures all rows take a minute.
 */
export async function previewSheet(
  files: Record<string, Uint8Array>,
  examples: readonly LabelledPicture[],
): Promise<PixelImage> {
  const model = createModel(await loadModelFolder(memorySource(files)));
  const { student, sampleDefaults } = model.index.figment;
  const steps = student ? { numInferenceSteps: sampleDefaults.numInferenceSteps } : {};
  try {
    const isFew = model.index.figment.frames !== undefined;
    if (examples.length === 0) return await sampleSheet(model, { ...steps, ...(isFew && { columns: 2 }) }, letEventsIn);
    return await attributeSheet(model, examples, { ...steps, ...(isFew && FRAMES_PREVIEW) }, letEventsIn);
  } finally {
    model.dispose();
  }
}
