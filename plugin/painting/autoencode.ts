// The auto-encoder alone: pictures to latents and back.
import {
  type DiffusionModel,
  decodeLatentsInSlices,
  encodePixelsInSlices,
  imagesToPixels,
  latentTensor,
  type PacedRun,
  resultOf,
} from '../../runtime/index.ts';
import type { Latents } from '../latents.ts';

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
