import { dispose, slice, type Tensor3D, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { MATERIAL_CHANNELS } from '../core/channelNames.ts';
import { chanceOf, MAX_PARTS, NEVER, type PalettePlaces } from '../core/palettePlaces.ts';
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
  const { entries, places, deviation, sure, isCut } = colours;
  const heightPx = picture.shape[1];
  const numColours = entries.length / PALETTE_ENTRY;
  const isOfSize = places?.heightPx === heightPx && places.widthPx * places.views.length === widthPx;
  const { known, views, ...layout } = isOfSize ? places : anywhere(numColours, heightPx);
  const { parts, shares } = paddedOf(known, numColours);
  const palette = tensor1d(joined([entries, shares, Float32Array.from(views), parts]));
  const attrs = { numColours, numFrames: views.length, frameWidth: layout.widthPx, deviation, sure, isCut };
  const expected = expectedTexels(picture, palette, attrs);
  dispose([picture, palette]);
  return expected;
}

/** Arrays one after the other, as they are in memory. */
function joined(arrays: readonly (Float32Array | Uint8Array)[]): Float32Array {
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let position = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), position);
    position += byteLength;
  }
  return new Float32Array(bytes.buffer);
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
