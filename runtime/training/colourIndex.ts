/** Finds colours in a palette. */
export class ColourIndex {
  private readonly places = new Map<number, number>();

  /** @param colours (n, 3): sRGB bytes */
  constructor(colours: Uint8Array) {
    for (let i = 0; i < colours.length / 3; i++) this.places.set(colourAt(colours, 3 * i), i);
  }

  /** The place of the colour whose bytes begin there; −1 where the palette has none like it. */
  at(pixels: ArrayLike<number>, at: number): number {
    return this.places.get(colourAt(pixels, at)) ?? -1;
  }
}

/** Red, green and blue in 24 bits. */
export function colourAt(pixels: ArrayLike<number>, at: number): number {
  return (pixels[at]! << 16) | (pixels[at + 1]! << 8) | pixels[at + 2]!;
}
