// A small picture of bricks for tests: exact, of odd size, and different along both axes.
import { normals } from '../core/random.ts';

export const BRICK_WIDTH_PX = 36;
export const BRICK_HEIGHT_PX = 20;

/** RGBA bytes of bricks with gaps of one texel, darker or brighter than the bricks, and a little grain. */
export function brickPixels(gaps: 'dark' | 'bright', grain = 6): Uint8Array<ArrayBuffer> {
  const noise = normals(5, 0, BRICK_WIDTH_PX * BRICK_HEIGHT_PX);
  const pixels = new Uint8Array(4 * noise.length);
  for (const [i, value] of noise.entries()) {
    const luma =
      (isGap(i % BRICK_WIDTH_PX, Math.floor(i / BRICK_WIDTH_PX)) ? (gaps === 'dark' ? 40 : 210) : 120) + grain * value;
    pixels.set([luma + 30, luma, luma - 20, 255], 4 * i);
  }
  return pixels;
}

/** Courses of 5 texels, bricks of 12, every second course shifted by half a brick. */
export function isGap(x: number, y: number): boolean {
  const course = Math.floor(y / 5);
  return y % 5 === 0 || (x + (course % 2) * 6) % 12 === 0;
}
