// Discrete Fourier transforms of small squares.

/** A complex value at each place of a square, row by row. */
export interface Spectrum {
  re: Float64Array;
  im: Float64Array;
}

export const newSpectrum = (size: number): Spectrum => ({ re: new Float64Array(size), im: new Float64Array(size) });

/** cos and sin of 2π k / side for k from 0 to side − 1. */
function turns(side: number): Spectrum {
  const circle = newSpectrum(side);
  for (let k = 0; k < side; k++) {
    circle.re[k] = Math.cos((2 * Math.PI * k) / side);
    circle.im[k] = Math.sin((2 * Math.PI * k) / side);
  }
  return circle;
}

/**
 * F(v, u) = Σ f(y, x) e^(∓2πi (v y + u x) / side), not divided by anything.
 *
 * @param square (side, side)
 * @param sign   −1 for the transform, 1 for the way back, which is side² times too large then
 */
export function fourier(square: Spectrum, side: number, sign: -1 | 1 = -1): Spectrum {
  const circle = turns(side);
  const rows = transformedRows(square, side, circle, sign);
  return transposed(transformedRows(transposed(rows, side), side, circle, sign), side);
}

function transformedRows({ re, im }: Spectrum, side: number, circle: Spectrum, sign: number): Spectrum {
  const out = newSpectrum(side * side);
  for (let row = 0; row < side * side; row += side) {
    for (let u = 0; u < side; u++) {
      let [sumRe, sumIm] = [0, 0];
      for (let x = 0; x < side; x++) {
        const k = (u * x) % side;
        const [cos, sin] = [circle.re[k]!, sign * circle.im[k]!];
        sumRe += re[row + x]! * cos - im[row + x]! * sin;
        sumIm += re[row + x]! * sin + im[row + x]! * cos;
      }
      out.re[row + u] = sumRe;
      out.im[row + u] = sumIm;
    }
  }
  return out;
}

function transposed({ re, im }: Spectrum, side: number): Spectrum {
  const out = newSpectrum(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      out.re[x * side + y] = re[y * side + x]!;
      out.im[x * side + y] = im[y * side + x]!;
    }
  }
  return out;
}

/** How fast the waves of a place turn, in turns a pixel: 0 … √½. */
export function frequencyAt(place: number, side: number): number {
  const folded = (k: number) => Math.min(k, side - k) / side;
  return Math.hypot(folded(Math.floor(place / side)), folded(place % side));
}
