// The pictures that a training leaves in the folder of its run, for people to see how far it is.
import { join } from 'node:path';
import { evenlySpread, type PixelImage, scaleSheet } from '../../runtime/index.ts';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { encodePng } from '../node/png.ts';
import type { TrainingData } from './trainingData.ts';

const PREVIEW_COLUMNS = 12;
const PREVIEW_ROWS = 4;

/** Sheets that are wider are not enlarged. */
const MAX_ENLARGED_PX = 1600;

/** Writes a sheet to a run's folder, enlarged where it is small; its name carries the step. @returns the name */
export async function writePreview(
  out: string,
  prefix: string,
  step: number,
  sheet: PixelImage,
  text: Record<string, string> = {},
): Promise<string> {
  const name = `${prefix}-${String(step).padStart(6, '0')}.png`;
  await writeFileAtomic(
    join(out, name),
    encodePng({ ...scaleSheet(sheet, sheet.width > MAX_ENLARGED_PX ? 1 : 2), text }),
  );
  return name;
}

/**
 * Writes some held-out images, each above its reconstruction, and prints how far apart they are; where none is held out, images of
 * the training.
 *
 * @param others names of previews that were written with it
 */
export async function writeReconstructions(
  out: string,
  step: number,
  { split }: TrainingData,
  draw: (images: Int32Array, columns: number) => Promise<{ sheet: PixelImage; l1: number }>,
  others: readonly string[] = [],
): Promise<void> {
  const count = PREVIEW_ROWS * PREVIEW_COLUMNS;
  const isHeldOut = split.heldOut.length > 0;
  const images = isHeldOut ? split.heldOut : split.train;
  const chosen = Int32Array.from(evenlySpread(images, count));
  const { sheet, l1 } = await draw(chosen, PREVIEW_COLUMNS);
  const name = await writePreview(out, 'preview', step, sheet, isHeldOut ? { heldOutL1: l1.toFixed(5) } : {});
  console.log(`\n${[...others, name].join(', ')}: ${isHeldOut ? 'held-out' : 'training'} L1 ${l1.toFixed(4)}`);
}
