/** Lightness 0 … 1, and how green–red and blue–yellow. */
export type Oklab = readonly [lightness: number, a: number, b: number];

type Rows = readonly [Oklab, Oklab, Oklab];

/** From linear red, green and blue to the responses of the eye's cones. */
export const RGB_TO_LMS: Rows = [
  [0.4122214708, 0.5363325363, 0.0514459929],
  [0.2119034982, 0.6806995451, 0.1073969566],
  [0.0883024619, 0.2817188376, 0.6299787005],
];

/** From the cube roots of these responses to Oklab. */
export const ROOTS_TO_OKLAB: Rows = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

/**
 * A colour in Oklab, where equal distances look equally different.
 *
 * Source: Ottosson 2020, "A perceptual color space for image processing", with the transfer function of IEC 61966-2-1.
 * @param red green, blue: sRGB, 0 … 255
 */
export function toOklab(red: number, green: number, blue: number): Oklab {
  return lightToOklab(linearLight(red), linearLight(green), linearLight(blue));
}

/** The same of linear light, see `linearLight`. */
function lightToOklab(red: number, green: number, blue: number): Oklab {
  const light = [red, green, blue] as const;
  const [l, m, s] = RGB_TO_LMS;
  const roots = [Math.cbrt(dotOf(l, light)), Math.cbrt(dotOf(m, light)), Math.cbrt(dotOf(s, light))] as const;
  const [lightness, a, b] = ROOTS_TO_OKLAB;
  return [dotOf(lightness, roots), dotOf(a, roots), dotOf(b, roots)];
}

/** How much light an sRGB value from 0 to 255 stands for, 0 … 1. */
export function linearLight(value: number): number {
  return LIGHT_OF_BYTES[value] ?? lightOf(value);
}

/** The same for every byte: pixels are many, and powers are slow. */
const LIGHT_OF_BYTES = Float64Array.from({ length: 256 }, (_, byte) => lightOf(byte));

function lightOf(value: number): number {
  const share = value / 255;
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
}

/** The product of a matrix's row and a column. */
export function dotOf(row: Oklab, column: Oklab): number {
  return row[0] * column[0] + row[1] * column[1] + row[2] * column[2];
}
