// Functions that paint pictures for the guide and put them into sheets.
import type { Tensor4D } from '@tensorflow/tfjs-core';
import {
  composeSheet,
  type DiffusionModel,
  decodeLatents,
  encodePixelsInSlices,
  generate,
  imagesToPixels,
  type PictureOptions,
  scaleSheet,
} from '../../../runtime/index.ts';
import { encodePng } from '../../node/png.ts';

/** One picture, as PNG. What takes many steps is painted by the model's teacher, which is the model itself where it has none. */
export type Draw = (model: DiffusionModel, teacher: DiffusionModel) => Promise<Uint8Array>;

export const GUIDANCE = 2;

/** How a teacher paints. */
export const IN_TWENTY_STEPS = { sampler: 'dpm++', numInferenceSteps: 20 } as const;

export const paint = (model: DiffusionModel, requests: PictureOptions[], options = {}) =>
  generate(model, requests, { guidanceScale: GUIDANCE, ...options });

/** The requests in rows of so many. */
export async function paintRows(
  model: DiffusionModel,
  requests: PictureOptions[],
  columns: number,
): Promise<Uint8Array[][]> {
  const rows: Uint8Array[][] = [];
  for (let at = 0; at < requests.length; at += columns) {
    rows.push(await paint(model, requests.slice(at, at + columns)));
  }
  return rows;
}

/** Rows of pictures, enlarged, as a PNG. */
export function pictureRows({ index }: DiffusionModel, rows: Uint8Array[][]): Uint8Array {
  const { widthPx, heightPx } = index.figment;
  return encodePng(scaleSheet(composeSheet(rows.flat(), rows[0]!.length, widthPx, heightPx), SCALE));
}

const SCALE = 3;

/** The latents of pictures; the caller disposes them. */
export function encoded(model: DiffusionModel, pictures: Uint8Array[]): Tensor4D {
  const slices = encodePixelsInSlices(model, pictures);
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}

/** The pictures of latents, which are disposed. */
export async function decodedFrom(model: DiffusionModel, latents: Tensor4D): Promise<Uint8Array[]> {
  const images = decodeLatents(model, latents);
  latents.dispose();
  try {
    return await imagesToPixels(model, images);
  } finally {
    images.dispose();
  }
}
