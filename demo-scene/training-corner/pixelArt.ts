/** Red, green and blue, 0 … 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Four tones of one colour, dark to light. */
export type Ramp = readonly [Colour, Colour, Colour, Colour];

const OUTLINE: Colour = [36, 22, 38];
const CHANNELS = 4;

/** A small picture with a transparent ground, painted pixel by pixel; points outside of it are ignored. */
export class Sprite {
  readonly pixels: Uint8Array;

  constructor(readonly sizePx: number) {
    this.pixels = new Uint8Array(sizePx * sizePx * CHANNELS);
  }

  plot(x: number, y: number, colour: Colour): void {
    if (this.isInside(x, y)) this.pixels.set([...colour, 255], this.at(x, y));
  }

  /** Paints the pixels of row y that are up to `half` pixels away from the middle line. */
  row(y: number, half: number, colourAt: (x: number) => Colour): void {
    const middle = this.sizePx / 2;
    for (let x = middle - half; x < middle + half; x++) this.plot(x, y, colourAt(x));
  }

  isPainted(x: number, y: number): boolean {
    return this.isInside(x, y) && this.pixels[this.at(x, y) + 3]! > 0;
  }

  /** Draws a dark line around what is painted. */
  outline(): void {
    const rim: [number, number][] = [];
    for (let y = 0; y < this.sizePx; y++) {
      for (let x = 0; x < this.sizePx; x++) {
        const neighbours = [this.isPainted(x - 1, y), this.isPainted(x + 1, y)];
        neighbours.push(this.isPainted(x, y - 1), this.isPainted(x, y + 1));
        if (!this.isPainted(x, y) && neighbours.includes(true)) rim.push([x, y]);
      }
    }
    for (const [x, y] of rim) this.plot(x, y, OUTLINE);
  }

  private isInside(x: number, y: number): boolean {
    return x >= 0 && y >= 0 && x < this.sizePx && y < this.sizePx;
  }

  private at(x: number, y: number): number {
    return (y * this.sizePx + x) * CHANNELS;
  }
}

/** How far the hue of the darkest tone turns towards blue, and that of the lightest towards yellow, in degrees. */
const HUE_SHIFT = 22;

/**
 * Four tones of a hue as pixel artists mix them: shadows are colder and lights warmer.
 *
 * @param hue        0 … 1
 * @param saturation 0 … 1
 * @param lightness  of the middle, 0 … 1
 */
export function rampOf(hue: number, saturation: number, lightness: number): Ramp {
  const tone = (step: number) => {
    const turned = 360 * hue - (step * HUE_SHIFT * Math.sin(2 * Math.PI * (hue - 1 / 6))) / 2;
    return fromHsl(turned, saturation, Math.min(0.94, Math.max(0.06, lightness * (1 + 0.38 * step))));
  };
  return [tone(-1.5), tone(-0.6), tone(0.3), tone(1.2)];
}

/** Source: CSS Color Module Level 4, section 7.1. @param hue degrees */
function fromHsl(hue: number, saturation: number, lightness: number): Colour {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number) => {
    const k = (((n + hue / 30) % 12) + 12) % 12;
    return Math.round(255 * (lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}
