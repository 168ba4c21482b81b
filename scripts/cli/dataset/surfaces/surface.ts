import { uniforms } from '../../../../runtime/core/random.ts';

export type Rgb = readonly [red: number, green: number, blue: number];

/** A point of a surface. */
export interface Point {
  /** 0 … 255, sRGB, unlit. */
  colour: Rgb;
  /** 0 … 1. */
  height: number;
}

/** A surface at (u, v), each 0 … 1; it repeats beyond. */
export type Surface = (u: number, v: number) => Point;

/** The random numbers of one surface. */
export class Dice {
  private readonly draws: Float64Array;
  private next = 0;

  /** @param seed, stream uint32 */
  constructor(seed: number, stream: number) {
    this.draws = uniforms(seed, stream, 64);
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.draws[this.next++]!;
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  oneOf<T>(values: readonly T[]): T {
    return values[this.whole(0, values.length - 1)]!;
  }

  /** One of some colours, a little lighter or darker, redder or bluer. */
  colour(values: readonly Rgb[]): Rgb {
    const [light, warm] = [this.between(0.75, 1.2), this.between(-12, 12)];
    const [red, green, blue] = this.oneOf(values);
    return [red * light + warm, green * light, blue * light - warm];
  }
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const at = (i: 0 | 1 | 2) => a[i] + (b[i] - a[i]) * share;
  return [at(0), at(1), at(2)];
}

export function scale([red, green, blue]: Rgb, factor: number): Rgb {
  return [red * factor, green * factor, blue * factor];
}

/** A point of a material. */
export interface MaterialPoint extends Point {
  /** 0 … 1. */
  roughness: number;
  /** 0 … 1. */
  metallic: number;
}

/** Samples along a pixel's side. */
const SAMPLES = 3;

/**
 * RGB bytes of a surface, lit from the upper left and darker where it lies low.
 *
 * @param relief how strongly slopes show, in texels of height
 */
export function renderSurface(surface: Surface, sizePx: number, relief: number): Uint8Array {
  const size = sizePx * SAMPLES;
  const points = Array.from({ length: size * size }, (_, i) =>
    surface(((i % size) + 0.5) / size, (Math.floor(i / size) + 0.5) / size),
  );
  const heightAt = (x: number, y: number) => points[((y + size) % size) * size + ((x + size) % size)]!.height;
  const pixels = new Float64Array(3 * sizePx * sizePx);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const slope = heightAt(x + 1, y) - heightAt(x - 1, y) + heightAt(x, y + 1) - heightAt(x, y - 1);
      const light = Math.max(0.25, 1 + (relief * SAMPLES * slope) / 4) * (0.8 + 0.25 * heightAt(x, y));
      const { colour } = points[y * size + x]!;
      const to = 3 * (Math.floor(y / SAMPLES) * sizePx + Math.floor(x / SAMPLES));
      for (const c of [0, 1, 2] as const)
        pixels[to + c]! += Math.min(255, Math.max(0, colour[c] * light)) / SAMPLES ** 2;
    }
  }
  return Uint8Array.from(pixels, Math.round);
}

/** Six bytes a pixel of a material: its colour unlit, height, roughness and metal. */
export function renderMaterial(material: (u: number, v: number) => MaterialPoint, sizePx: number): Uint8Array {
  const size = sizePx * SAMPLES;
  const pixels = new Float64Array(6 * sizePx * sizePx);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const { colour, height, roughness, metallic } = material((x + 0.5) / size, (y + 0.5) / size);
      const to = 6 * (Math.floor(y / SAMPLES) * sizePx + Math.floor(x / SAMPLES));
      const values = [...colour, 255 * height, 255 * roughness, 255 * metallic];
      for (const [c, value] of values.entries()) {
        pixels[to + c]! += Math.min(255, Math.max(0, value)) / SAMPLES ** 2;
      }
    }
  }
  return Uint8Array.from(pixels, Math.round);
}
