import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FILE, INDEX_FILE, WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import { type LabelledPicture, type ModelContent, type ModelIndex, modelFolderFiles } from '../../runtime/index.ts';
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
  await removeOthers(out, whole);
  await writePreview(out, 'preview', step, await previewSheet(files, examples));
}

/** What a model may have or not. */
const OPTIONAL = ['vae', 'conditioning', 'cvae', 'unet_teacher'];

/**
 * Removes the networks that an earlier model has left in the folder and this one has not. Otherwise a model of pixels would be read
 * as one of latents, with that auto-encoder.
 */
async function removeOthers(out: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const { figment } = JSON.parse(new TextDecoder().decode(files[INDEX_FILE])) as ModelIndex;
  for (const part of OPTIONAL) {
    if (Object.hasOwn(figment.sha256, `${part}/${CONFIG_FILE}`)) continue;
    for (const name of [CONFIG_FILE, WEIGHTS_FILE]) await rm(join(out, part, name), { force: true });
    await rmdir(join(out, part)).catch(() => {}); // it is not there, or has something else in it
  }
}
