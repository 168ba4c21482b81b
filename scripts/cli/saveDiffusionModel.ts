import { type LabelledPicture, type ModelContent, modelFolderFiles } from '../../runtime/index.ts';
import { withAddedParts } from '../node/addedParts.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { withPipeline } from '../node/pipelineFile.ts';
import { previewSheet } from './previewSheet.ts';
import { writePreview } from './trainingPreviews.ts';

/**
 * Writes a model to the folder of its run, and a preview of it as it is stored.
 *
 * @param run      the folder, the step, and whether the model there is an earlier one of the training, which may have been given more
 * @param examples what the preview shows besides, see `previewSheet`
 */
export async function saveDiffusionModel(
  content: ModelContent,
  { out, step, isOwn }: { out: string; step: number; isOwn: boolean },
  examples: readonly LabelledPicture[],
): Promise<void> {
  const files = await modelFolderFiles(content, { dtype: 'F16' });
  const whole = isOwn ? await withAddedParts(out, files) : files;
  await writeFilesAtomic(out, await withPipeline(whole));
  await writePreview(out, 'preview', step, await previewSheet(files, examples));
}
