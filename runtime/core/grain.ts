// The grain that an auto-encoder does not keep, such as that of sand: what it looks like in the pictures of each label.
import { fromBase64, toStoredBase64 } from './base64.ts';
import { ofBytes, toBytes } from './inBytes.ts';

/**
 * For each label a small picture, its texton: white noise convolved with it is the grain that decoded pictures of the label lack.
 * Fitted by `fitTexton`.
 *
 * Source: Galerne, Leclaire & Moisan 2014, "A texton for fast and flexible Gaussian texture synthesis", EUSIPCO.
 */
export interface Grain {
  /** The side of a texton in pixels, odd. */
  side: number;
  /** (labels, side, side, channels), in the range of decoded pictures, −1 … 1. */
  textons: Float32Array;
}

/** `Grain` as model_index.json has it: textons as base64 of bytes in units of `unit`. */
export interface StoredGrain {
  side: number;
  textons: string;
  unit: number;
}

export const MAX_TEXTON_SIDE = 31;

/** The textons again. @throws RangeError when they are not those of so many labels and channels */
export function parseGrain({ side, textons: text, unit }: StoredGrain, numLabels: number, channels: number): Grain {
  const bytes = fromBase64(text);
  if (side % 2 === 0) throw new RangeError(`side is ${side}; expected an odd number`);
  if (bytes?.length !== numLabels * side * side * channels) {
    throw new RangeError(
      `textons: expected base64 of ${numLabels} textons of ${side}×${side}×${channels} bytes; make them again by figment grain`,
    );
  }
  return { side, textons: ofBytes({ bytes, unit }) };
}

/** The textons as text, for JSON; their values are rounded. @throws RangeError for more than is read again */
export function formatGrain({ side, textons }: Grain): StoredGrain {
  const { bytes, unit } = toBytes(textons);
  return { side, textons: toStoredBase64('formatGrain', bytes), unit };
}
