// The auto-encoder alone: pictures to latents and back.
import {
  type DiffusionModel,
  decodeLatentsInSlices,
  encodePixelsInSlices,
  imagesToPixels,
  latentTensor,
} from '../../runtime/index.ts';
import type { Latents } from '../latents.ts';
import { type Run, resultOf } from './pace.ts';

/** The mean of the latents that stand for a picture. @throws the signal's reason, between slices */
export async function encodePixels(model: DiffusionModel, pixels: Uint8Array, run: Run): Promise<Latents> {
  const latents = await resultOf(encodePixelsInSlices(model, [pixels]), run);
  try {
    return { values: (await latents.data()) as Float32Array, shape: model.latentShape };
  } finally {
    latents.dispose();
  }
}

/** The picture that latents stand for: RGBA bytes. @throws the signal's reason, between slices */
export async function decodePixels(model: DiffusionModel, { values }: Latents, run: Run): Promise<Uint8Array> {
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
