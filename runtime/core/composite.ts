/** Laying one picture over another. Both are RGBA bytes of one size, straight alpha; a result is a new picture. */

/**
 * Source over backdrop within the outline of the backdrop, whose alpha stays: "atop". With straight alpha:
 *
 *   colour = alpha_source · source + (1 − alpha_source) · backdrop,   alpha = alpha_backdrop
 *
 * Where the source is transparent or the backdrop is, the backdrop's bytes stay exactly.
 * Source: Porter & Duff 1984, "Compositing digital images", SIGGRAPH '84, table 1.
 * @throws RangeError when the sizes differ
 */
export function atop(source: Uint8Array, backdrop: Uint8Array): Uint8Array<ArrayBuffer> {
  assertSameSize('atop', 'backdrop', backdrop.length, source.length);
  const out = new Uint8ClampedArray(backdrop);
  for (let i = 0; i < out.length; i += 4) {
    const alpha = source[i + 3]! / 255;
    if (alpha === 0 || backdrop[i + 3] === 0) continue;
    for (let c = i; c < i + 3; c++) out[c] = alpha * source[c]! + (1 - alpha) * backdrop[c]!;
  }
  return new Uint8Array(out.buffer);
}

/**
 * From one picture to another by a mask: 0 gives the exact bytes of `from`, 255 those of `to`, and what lies between a mixture
 * of both, colour weighted by alpha so that what hides behind a transparent pixel does not show.
 *
 *   alpha = (1 − m) · alpha_from + m · alpha_to,   alpha · colour = (1 − m) · alpha_from · from + m · alpha_to · to
 *
 * @param mask one byte a pixel
 * @throws     RangeError when the sizes differ
 */
export function blend(from: Uint8Array, to: Uint8Array, mask: Uint8Array): Uint8Array<ArrayBuffer> {
  assertSameSize('blend', 'to', to.length, from.length);
  assertSameSize('blend', 'mask', 4 * mask.length, from.length);
  const out = new Uint8ClampedArray(from);
  for (const [pixel, m] of mask.entries()) {
    const i = 4 * pixel;
    const [ofFrom, ofTo] = [(255 - m) * from[i + 3]!, m * to[i + 3]!];
    const alpha = ofFrom + ofTo;
    if (m === 0) continue;
    if (m === 255 || alpha === 0) {
      out.set(to.subarray(i, i + 4), i);
      continue;
    }
    for (let c = i; c < i + 3; c++) out[c] = (ofFrom * from[c]! + ofTo * to[c]!) / alpha;
    out[i + 3] = alpha / 255;
  }
  return new Uint8Array(out.buffer);
}

function assertSameSize(operation: string, name: string, actual: number, expected: number): void {
  if (actual === expected) return;
  throw new RangeError(
    `${operation}: ${name} stands for ${actual} bytes; expected ${expected}, RGBA of the other picture's size`,
  );
}
