export interface Difference {
  /** What differs, enlarged: RGBA bytes, black where nothing does. */
  pixels: Uint8Array;
  /** Mean absolute error of the values that the model sees, 0 … 1. */
  meanError: number;
}

/**
 * Compares two pictures by what the model sees of them: colour multiplied by alpha, and alpha.
 *
 * @param a, b     RGBA bytes, straight alpha, of one size
 * @param channels 3: the model knows no alpha, and it is left out
 * @param gain     how much to enlarge the difference in the picture; one in alpha shows in all colours
 */
export function differenceOf(a: Uint8Array, b: Uint8Array, channels: 3 | 4, gain: number): Difference {
  const pixels = new Uint8ClampedArray(a.length);
  let sum = 0;
  for (let i = 0; i < a.length; i += 4) {
    const inAlpha = channels === 4 ? Math.abs(a[i + 3]! - b[i + 3]!) : 0;
    sum += inAlpha;
    for (let c = 0; c < 3; c++) {
      const inColour = Math.abs(seen(a, i, c, channels) - seen(b, i, c, channels));
      sum += inColour;
      pixels[i + c] = gain * Math.max(inColour, inAlpha);
    }
    pixels[i + 3] = 255;
  }
  return { pixels: new Uint8Array(pixels.buffer), meanError: sum / 255 / ((a.length / 4) * channels) };
}

function seen(pixels: Uint8Array, start: number, channel: number, channels: 3 | 4): number {
  return channels === 3 ? pixels[start + channel]! : (pixels[start + channel]! * pixels[start + 3]!) / 255;
}
