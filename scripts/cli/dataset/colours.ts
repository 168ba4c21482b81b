import type { Rgb } from './surfaces/surface.ts';

/** Colours from their hexadecimal digits, with spaces between. */
export function colours(digits: string): Rgb[] {
  const byte = (colour: string, at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  return digits.split(' ').map((colour): Rgb => [byte(colour, 0), byte(colour, 2), byte(colour, 4)]);
}
