import { dispose, slice, type Tensor3D, type Tensor4D, tensor1d, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { chanceOf, MAX_PARTS, NEVER, type PalettePlaces } from '../core/palettePlaces.ts';
import { runToEnd } from '../core/slices.ts';
import { expectedTexels, PALETTE_ENTRY, type TexelPlaces } from '../kernels/expectedTexels.ts';
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
    return { widthPx, heightPx, picture: own ? inColours(picture, own, widthPx) : picture, maps };
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
function inColours(picture: Tensor3D, colours: PictureColours, widthPx: number): Tensor3D {
  const expected = tidy(() => {
    const palette = tensor2d(colours.entries, [colours.entries.length / PALETTE_ENTRY, PALETTE_ENTRY]);
    return expectedTexels(picture, palette, colours, texelPlaces(colours, widthPx, picture.shape[1]));
  });
  picture.dispose();
  return expected;
}

/** What the GPU reads of a palette's places. Call it inside of tf.tidy. */
function texelPlaces({ entries, places }: PictureColours, widthPx: number, heightPx: number): TexelPlaces {
  const numColours = entries.length / PALETTE_ENTRY;
  const isOfSize = places?.heightPx === heightPx && places.widthPx * places.views.length === widthPx;
  const { known, views, ...layout } = isOfSize ? places : anywhere(numColours, heightPx);
  const { parts, shares } = paddedOf(known, numColours);
  return {
    parts: tensor1d(new Float32Array(parts.buffer)), // bytes, four of which are as long as a number
    shares: tensor2d(shares, [numColours, MAX_PARTS]),
    views: tensor1d(views as number[]),
    widthPx: layout.widthPx,
  };
}

/** One part for all, in frames of one pixel's width. */
function anywhere(numColours: number, heightPx: number) {
  const known: PalettePlaces = { parts: new Uint8Array(heightPx), shares: new Uint8Array(numColours) };
  return { known, views: [0], widthPx: 1 };
}

const padded = new WeakMap<PalettePlaces, { parts: Uint8Array; shares: Float32Array }>();

/** Parts and shares with room for as many parts as there may be. */
function paddedOf(places: PalettePlaces, numColours: number): { parts: Uint8Array; shares: Float32Array } {
  const known = padded.get(places);
  if (known) return known;
  const numParts = places.shares.length / numColours;
  const inRows = (bytes: Uint8Array) => {
    const rows = new Uint8Array((MAX_PARTS * bytes.length) / numParts).fill(NEVER);
    for (let row = 0; row < bytes.length / numParts; row++) {
      rows.set(bytes.subarray(row * numParts, (row + 1) * numParts), row * MAX_PARTS);
    }
    return rows;
  };
  const made = { parts: inRows(places.parts), shares: Float32Array.from(inRows(places.shares), chanceOf) };
  padded.set(places, made);
  return made;
}
