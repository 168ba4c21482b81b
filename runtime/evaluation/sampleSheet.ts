import { composeSheet, type PixelImage } from '../core/pixels.ts';
import { generate } from '../sampling/generate.ts';
import type { DiffusionModel } from '../sampling/model.ts';

export interface SampleSheetOptions {
  /** Pictures of each label: seeds 0, 1, 2, … */
  columns: number;
  numInferenceSteps: number;
  guidanceScale: number;
  signal?: AbortSignal;
}

export const SAMPLE_SHEET_DEFAULTS: SampleSheetOptions = { columns: 10, numInferenceSteps: 10, guidanceScale: 2 };

/**
 * A look at a model: one row of pictures for each label, the same seeds every time.
 *
 * @param onLabel called, and awaited, after each row: the place to let other work run
 * @returns       RGBA, (numLabels · heightPx) × (columns · widthPx)
 */
export async function sampleSheet(
  model: DiffusionModel,
  options: Partial<SampleSheetOptions> = {},
  onLabel?: (label: string) => void | Promise<void>,
): Promise<PixelImage> {
  const { columns, ...sampling } = { ...SAMPLE_SHEET_DEFAULTS, ...options };
  const { labels, figment } = model.index;
  const tiles: Uint8Array[] = [];
  for (const label of labels) {
    const requests = Array.from({ length: columns }, (_, seed) => ({ label, seed }));
    tiles.push(...(await generate(model, requests, sampling)));
    await onLabel?.(label);
  }
  return composeSheet(tiles, columns, figment.widthPx, figment.heightPx);
}
