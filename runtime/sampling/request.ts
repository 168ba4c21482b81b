import type { Attributes } from '../core/attributes.ts';
import { assertSeed } from '../core/random.ts';
import { assertAmount } from '../diffusion/slerp.ts';

/** One picture to make: what, and which. */
export interface ImageRequest {
  label: string;
  /** What it has besides, such as `{ hair_colour: 'red', wear: 0.4 }`; what is absent can be anything. */
  attributes?: Attributes;
  /** uint32; fixes the picture, whatever else is made in the same batch. */
  seed: number;
  /** Starts between the noise of `seed` and that of a second seed. */
  interpolate?: Interpolation;
  /**
   * The picture to begin from: RGBA bytes, sRGB, straight alpha, of the size that is made. Without a mask it is varied as
   * `strength` says. All requests of a batch have one, or none.
   */
  image?: Uint8Array;
  /**
   * What of the image to make anew: one byte a pixel, 0 (keep) … 255 (make anew), soft in between. All requests of a batch
   * have one, or none.
   */
  mask?: Uint8Array;
}

/** Where an image's initial noise lies: on the arc (slerp) from that of its own seed to that of another. */
export interface Interpolation {
  /** uint32; of the other end. */
  seed: number;
  /** 0: exactly the image's own noise … 1: exactly the other's. The noise that some samplers add in each step stays its own. */
  amount: number;
}

/** @throws RangeError for a seed or amount out of range, or a picture or mask that is not of this size or not in every request */
export function assertRequests(
  requests: readonly ImageRequest[],
  [widthPx, heightPx]: readonly [number, number],
): void {
  const [first] = requests;
  for (const request of requests) {
    assertSeeds(request);
    const { image, mask } = request;
    assertAlike('image', image, first?.image);
    assertAlike('mask', mask, first?.mask);
    if (mask && !image) throw new RangeError('generate: there is a mask but no image; give the picture that it is of');
    if (image) assertBytes('image', image, 4 * widthPx * heightPx, `RGBA of ${widthPx}×${heightPx} pixels`);
    if (mask) assertBytes('mask', mask, widthPx * heightPx, `one for each of ${widthPx}×${heightPx} pixels`);
  }
}

/** @throws RangeError for a seed that is no uint32, or an amount outside of 0 … 1 */
export function assertSeeds({ seed, interpolate }: ImageRequest): void {
  assertSeed('generate', seed);
  if (!interpolate) return;
  assertSeed('generate: interpolate', interpolate.seed);
  assertAmount('generate: interpolate', interpolate.amount);
}

function assertAlike(name: string, own: Uint8Array | undefined, first: Uint8Array | undefined): void {
  if ((own === undefined) === (first === undefined)) return;
  throw new RangeError(`generate: some requests have ${name}s and some have none; make them in batches of their own`);
}

function assertBytes(name: string, bytes: Uint8Array, expected: number, of: string): void {
  if (bytes instanceof Uint8Array && bytes.length === expected) return;
  const actual = bytes instanceof Uint8Array ? `${bytes.length} bytes` : 'no Uint8Array';
  throw new RangeError(`generate: the ${name} is ${actual}; expected ${expected}, ${of}; scale it to that size`);
}
