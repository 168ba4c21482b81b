import { ANY } from '../core/attributes.ts';
import { normals, uniforms } from '../core/random.ts';
import type { AttributeColumn } from '../dataset/attributeColumns.ts';
import type { Dataset } from '../dataset/dataset.ts';

const LABELS = ['stripes', 'disc', 'ramp'];
const CHANNELS = 4;

/** Whether a shape covers a point of the unit square; it moves and grows with the image's own two draws. */
const SHAPES: ((x: number, y: number, a: number, b: number) => number)[] = [
  (x, _, a, b) => (Math.floor((x + a) * (3 + 2 * b)) % 2 === 0 ? 1 : 0),
  (x, y, a, b) => (Math.hypot(x - 0.4 - 0.2 * a, y - 0.4 - 0.2 * b) < 0.35 ? 1 : 0),
  (_, y, a, b) => (y > a / 4 ? 0.4 + 0.6 * b * y : 0),
];

/**
 * What two draws an image say of the shapes of `tinyDataset`: a word, which is not known of every fifth, and a number, which
 * is not known of every seventh.
 */
export function tinyAttributes({ perClass = 6, seed = 1 } = {}): AttributeColumn[] {
  const count = perClass * LABELS.length;
  const draws = uniforms(seed, 0, 2 * count);
  const tone = (_: unknown, i: number) => (i % 5 === 4 ? ANY : Math.floor(3 * draws[2 * i]!));
  const growth = (_: unknown, i: number) => (i % 7 === 6 ? Number.NaN : draws[2 * i + 1]!);
  return [
    { name: 'tone', values: ['dark', 'plain', 'light'], data: Int16Array.from({ length: count }, tone) },
    { name: 'growth', values: { min: 0, max: 1 }, data: Float32Array.from({ length: count }, growth) },
  ];
}

/** A labelled data set drawn by formula: three shapes, each in colours of its own, on a transparent ground. */
export function tinyDataset({ perClass = 6, widthPx = 8, heightPx = 8, seed = 1 } = {}): Dataset {
  const count = perClass * LABELS.length;
  const classLabels = Int32Array.from({ length: count }, (_, i) => i % LABELS.length);
  const draws = uniforms(seed, 0, 2 * count);
  const images = new Uint8Array(count * widthPx * heightPx * CHANNELS);
  for (let i = 0; i < count; i++) {
    const shape = SHAPES[classLabels[i]!]!;
    for (let pixel = 0; pixel < widthPx * heightPx; pixel++) {
      const [x, y] = [((pixel % widthPx) + 0.5) / widthPx, (Math.floor(pixel / widthPx) + 0.5) / heightPx];
      const cover = shape(x, y, draws[2 * i]!, draws[2 * i + 1]!);
      const colour = [80 * classLabels[i]!, 200 * draws[2 * i]!, 255 - 100 * classLabels[i]!].map((v) => v * cover);
      images.set([...colour, cover > 0 ? 255 : 0], (i * widthPx * heightPx + pixel) * CHANNELS);
    }
  }
  return {
    name: 'tiny',
    widthPx,
    heightPx,
    channels: CHANNELS,
    labels: LABELS,
    licence: 'CC0-1.0',
    attribution: '',
    images,
    classLabels,
  };
}

/** The shapes of `tinyDataset` as materials on black ground, whose three maps differ from each other and from the colours. */
export function tinyMaterials(options: Parameters<typeof tinyDataset>[0] = {}): Dataset {
  const { images, ...rest } = tinyDataset(options);
  const materials = new Uint8Array((images.length / CHANNELS) * 6);
  for (let from = 0, to = 0; from < images.length; from += CHANNELS, to += 6) {
    const [red, green, blue, alpha] = images.subarray(from, from + CHANNELS);
    materials.set([red!, green!, blue!, alpha!, 255 - (alpha! >> 1), (to / 6) % 3], to);
  }
  return { ...rest, channels: 6, images: materials };
}

// A small picture of bricks for tests: exact, of odd size, and different along both axes.

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
