import type { ModelInfo } from '../runtime/index.ts';
import {
  type DiffusionModel,
  decodeLatentsInSlices,
  encodePixelsInSlices,
  imagesToPixels,
  latentTensor,
  type PacedRun,
  resultOf,
} from '../runtime/index.ts';

/** A picture as the model's auto-encoder sees it. */
export interface Latents {
  /** h · w · c numbers, channels last, in the scale of the diffusion, where their variance is about 1. */
  readonly values: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
}

/** @throws RangeError unless these are the RGBA bytes of a picture of the model's size */
export function assertPixels(pixels: Uint8Array | Uint8ClampedArray, { widthPx, heightPx }: ModelInfo): void {
  const isBytes = pixels instanceof Uint8Array || pixels instanceof Uint8ClampedArray;
  const size = 4 * widthPx * heightPx;
  if (isBytes && pixels.length === size) return;
  const actual = isBytes ? `${pixels.length} bytes` : 'no Uint8Array';
  throw new RangeError(
    `encode: the picture is ${actual}; expected ${size}, RGBA of ${widthPx}×${heightPx} pixels; scale it to that size`,
  );
}

/** @throws RangeError unless these are numbers of the shape that the model decodes */
export function assertLatents({ values, shape }: Latents, { latentShape }: ModelInfo): void {
  const expected = latentShape.join('×');
  if (shape?.join('×') !== expected) {
    throw new RangeError(`decode: the latents are ${shape?.join('×')}; this model's are ${expected}`);
  }
  const size = latentShape.reduce((product, length) => product * length);
  if (!(values instanceof Float32Array) || values.length !== size) {
    throw new RangeError(
      `decode: there are ${values?.length} values; expected a Float32Array of ${size} for latents of ${expected}`,
    );
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new RangeError(`decode: value ${wrong} is ${values[wrong]}; expected finite numbers`);
}

/** The mean of the latents that stand for a picture. @throws the signal's reason, between slices */
export async function encodePixels(model: DiffusionModel, pixels: Uint8Array, run: PacedRun): Promise<Latents> {
  const latents = await resultOf(encodePixelsInSlices(model, [pixels]), run);
  try {
    return { values: (await latents.data()) as Float32Array, shape: model.latentShape };
  } finally {
    latents.dispose();
  }
}

/** The picture that latents stand for: RGBA bytes. @throws the signal's reason, between slices */
export async function decodePixels(model: DiffusionModel, { values }: Latents, run: PacedRun): Promise<Uint8Array> {
  const latents = latentTensor(model, values);
  try {
    const images = await resultOf(decodeLatentsInSlices(model, latents), run);
    try {
      const [pixels] = await imagesToPixels(model, images);
      return pixels!;
    } finally {
      images.dispose();
    }
  } finally {
    latents.dispose();
  }
}
