import { dispose, slice, type Tensor3D, type Tensor4D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { runToEnd } from '../core/slices.ts';
import { expectedTexels, PALETTE_ENTRY } from '../kernels/expectedTexels.ts';
import { currentRecorder, replayed } from '../kernels/plan/recordings.ts';
import { packTexels, type TexelAttrs, texelShape } from '../kernels/texels.ts';
import type { PictureColours } from '../surface/expectedColours.ts';
import type { DiffusionModel } from './model.ts';

/** A finished picture as bytes on the GPU, as `packTexels` makes them; the caller disposes its tensors. */
export interface TexelImage {
  widthPx: number;
  heightPx: number;
  picture: Tensor3D;
  /** The height, roughness and metallic of a material; null where the model makes no maps. */
  maps: Tensor3D | null;
}

/**
 * Decoded values as finished pictures that stay on the GPU, by a recording: the last of what `imagesInSlices` begins with
 * noise. `writeTexels` puts them into a texture. On WebGPU alone.
 *
 * @param images  float32 (B, H, W, channels), as `decodeLatents` gives them; they stay the caller's
 * @param colours those that each picture may have, as `coloursOfRecipe` gives them: a pixel gets the one to be expected, as
 *                by `expectedColours`. A picture without keeps its own, and maps always do.
 */
export function texelImages(
  model: DiffusionModel,
  images: Tensor4D,
  colours: readonly (PictureColours | null)[] = [],
): TexelImage[] {
  const [numImages, heightPx, widthPx] = images.shape;
  return Array.from({ length: numImages }, (_, i) => {
    const [picture, maps = null] = packed(model, images, i) as [Tensor3D, Tensor3D?];
    const own = colours[i];
    return { widthPx, heightPx, picture: own ? inColours(picture, own) : picture, maps };
  });
}

/** One image's bytes, and those of its maps. */
function packed(model: DiffusionModel, images: Tensor4D, index: number): Tensor3D[] {
  const { channels, premultipliedAlpha } = model.index.figment;
  const shape = [1, ...images.shape.slice(1)] as Tensor4D['shape'];
  const kinds: TexelAttrs[] = [{ premultiplied: premultipliedAlpha, maps: false }];
  if (channels === MATERIAL_CHANNELS) kinds.push({ premultiplied: false, maps: true });
  const pack = (image: Tensor4D) => kinds.map((attrs) => packTexels(image, attrs));
  const recorder = currentRecorder();
  const made = recorder ? kinds.map(() => recorder.emptyTensor(texelShape(shape)) as Tensor3D) : [];
  const given = { tensor: images, offset: (index * images.size) / images.shape[0] };
  const recording = replayed(
    model,
    `texels ${shape}`,
    (by) => by.traced((newInput) => pack(newInput(shape) as Tensor4D)),
    [given],
    made,
  );
  if (runToEnd(recording)) return made;
  dispose(made);
  return tidy(() => pack(slice(images, [index, 0, 0, 0], shape)));
}

/** Owns `picture` from here on. */
function inColours(picture: Tensor3D, colours: PictureColours): Tensor3D {
  const palette = tensor2d(colours.entries, [colours.entries.length / PALETTE_ENTRY, PALETTE_ENTRY]);
  const expected = expectedTexels(picture, palette, colours);
  dispose([picture, palette]);
  return expected;
}
