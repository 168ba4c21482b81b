// Animated PNG files: those of png.ts with further frames, which programs that know none of it pass over.
import { type EncodePngOptions, encodePng } from './png.ts';
import { chunk, chunksOf, numbers, SIGNATURE_END } from './pngChunks.ts';

/** A picture of an animation, and how long it is shown. */
export interface MovingFrame {
  pixels: Uint8Array;
  durationMs: number;
}

export interface EncodeApngOptions extends Omit<EncodePngOptions, 'pixels'> {
  /** At least one; all of one size. */
  frames: readonly MovingFrame[];
}

/**
 * Encodes an animation that plays for ever.
 *
 * Source: W3C, PNG (Third Edition), section 11.3.2, the chunks acTL, fcTL and fdAT.
 * @throws RangeError when there are no frames; Error as `encodePng`
 */
export function encodeApng({ frames, ...picture }: EncodeApngOptions): Uint8Array {
  if (frames.length === 0) throw new RangeError('encodeApng: there are no frames; expected at least one');
  const { text: _, ...plain } = picture;
  const parts: Uint8Array[] = [];
  let numControlled = 0; // fcTL and fdAT are counted together
  for (const [i, { pixels, durationMs }] of frames.entries()) {
    const file = encodePng({ ...(i === 0 ? picture : plain), pixels });
    const chunks = chunksOf(file);
    const data = chunks.filter(({ type }) => type === 'IDAT');
    if (i === 0) {
      const [header, ...before] = chunks.filter(({ type }) => type !== 'IDAT' && type !== 'IEND');
      parts.push(file.subarray(0, SIGNATURE_END), header!.whole);
      parts.push(chunk('acTL', numbers(frames.length, 0)), ...before.map(({ whole }) => whole));
    }
    parts.push(chunk('fcTL', control(numControlled++, picture, durationMs)));
    for (const { data: bytes, whole } of data) {
      parts.push(i === 0 ? whole : chunk('fdAT', Buffer.concat([numbers(numControlled++), bytes])));
    }
  }
  parts.push(chunk('IEND', new Uint8Array()));
  return new Uint8Array(Buffer.concat(parts));
}

/** A frame of the whole size, which replaces what was there before. */
function control(number: number, { width, height }: { width: number; height: number }, durationMs: number): Uint8Array {
  const bytes = new Uint8Array(26);
  bytes.set(numbers(number, width, height, 0, 0));
  const view = new DataView(bytes.buffer);
  view.setUint16(20, Math.round(durationMs));
  view.setUint16(22, 1000); // of a second
  return bytes;
}
