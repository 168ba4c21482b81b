import { describe, expect, it } from 'vitest';
import { ANY } from '../core/attributes.ts';
import { tinyDataset, tinyMaterials } from '../testing/tinyDataset.ts';
import { tinyFrames } from '../testing/tinyFrames.ts';
import type { AttributeColumn } from './attributeColumns.ts';
import { albedoOf, append, fitImages, framesOf, selectLabels, shrink, singleFrames, toldBy } from './derive.ts';

const FIRST = { ...selectLabels(tinyDataset(), ['ramp', 'disc']), licence: 'CC0', attribution: 'Ann' };
const OTHER = { ...tinyDataset({ seed: 2, perClass: 2 }), licence: 'CC0', attribution: 'Bob' };

it('puts images of known classes behind, and names both authors', () => {
  const both = append(FIRST, OTHER);
  expect(both).toMatchObject({ labels: ['ramp', 'disc'], licence: 'CC0', attribution: 'Ann; Bob' });
  const numFirst = FIRST.classLabels.length;
  expect([...both.classLabels.subarray(numFirst)]).toEqual([1, 0, 1, 0]); // of stripes, disc, ramp, stripes, disc, ramp
  expect(both.images.subarray(0, FIRST.images.length)).toEqual(FIRST.images);
  const size = 8 * 8 * 4;
  expect(both.images.subarray((numFirst + 1) * size, (numFirst + 2) * size)).toEqual(
    OTHER.images.subarray(2 * size, 3 * size),
  );
  expect(both.images).toHaveLength(both.classLabels.length * size);
});

it('refuses another size, and a data set with nothing in common', () => {
  expect(() => append(FIRST, tinyDataset({ widthPx: 4 }))).toThrow('4x8 px, 4 channels; expected 8x8 px');
  expect(() => append(FIRST, selectLabels(OTHER, ['stripes']))).toThrow('no image of a class of "tiny": ramp, disc');
});

const DATASET = { ...tinyDataset(), sources: Array.from({ length: 18 }, (_, i) => `image ${i}`) };

it('keeps the images of the named classes, in the order of the data set', () => {
  const { labels, classLabels, images, sources } = selectLabels(DATASET, ['ramp', 'stripes']);
  expect(labels).toEqual(['ramp', 'stripes']);
  expect([...classLabels]).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
  const size = 8 * 8 * 4;
  expect(images).toHaveLength(12 * size);
  expect(images.subarray(size, 2 * size)).toEqual(DATASET.images.subarray(2 * size, 3 * size));
  expect(sources?.slice(0, 3)).toEqual(['image 0', 'image 2', 'image 3']);
});

it('names the labels that are missing', () => {
  expect(() => selectLabels(DATASET, ['disc', 'cat'])).toThrow('the data lack cat; known labels: stripes, disc, ramp');
  expect(() => selectLabels(DATASET, [])).toThrow('no label is named');
});

const shape = { name: 'd', labels: ['a'], licence: '', attribution: '', classLabels: Int32Array.of(0) };

it('is the mean of blocks', () => {
  const images = Uint8Array.from({ length: 4 * 2 * 3 }, (_, i) => 10 * i);
  const { widthPx, heightPx, images: small } = shrink({ ...shape, widthPx: 4, heightPx: 2, channels: 3, images }, 2);
  expect([widthPx, heightPx]).toEqual([2, 1]);
  const mean = (...at: number[]) => at.reduce((sum, i) => sum + images[i]!, 0) / 4;
  expect([...small]).toEqual([0, 1, 2, 6, 7, 8].map((i) => Math.round(mean(i, i + 3, i + 12, i + 15))));
});

it('lets what is transparent lend no colour', () => {
  const images = Uint8Array.of(200, 100, 0, 255, 9, 9, 9, 0, 100, 0, 50, 255, 7, 7, 7, 0);
  const { images: small } = shrink({ ...shape, widthPx: 2, heightPx: 2, channels: 4, images }, 2);
  expect([...small]).toEqual([150, 50, 25, 128]);
});

it('is the mean of blocks in the maps of materials, too', () => {
  const images = Uint8Array.from({ length: 2 * 2 * 6 }, (_, i) => 10 * i);
  const { images: small } = shrink({ ...shape, widthPx: 2, heightPx: 2, channels: 6, images }, 2);
  expect([...small]).toEqual([0, 1, 2, 3, 4, 5].map((c) => 90 + 10 * c));
});

it('keeps the images apart, and classes and labels as they are', () => {
  const dataset = tinyDataset();
  const small = shrink(dataset, 4);
  expect(small).toMatchObject({ widthPx: 2, heightPx: 2, labels: dataset.labels, classLabels: dataset.classLabels });
  const second = shrink({ ...dataset, images: dataset.images.subarray(256, 512) }, 4).images;
  expect(small.images.subarray(16, 32)).toEqual(second);
});

it('refuses factors that do not divide', () => {
  for (const factor of [0, 3, 1.5, -2]) expect(() => shrink(tinyDataset(), factor)).toThrow(/divides 8 and 8/);
});

const dataset = tinyDataset();
const FORMAT = { widthPx: 8, heightPx: 8, channels: 4 as const };

it('leaves pictures alone that a model can encode', () => {
  expect(fitImages(dataset, FORMAT)).toBe(dataset);
});

it('makes opaque pictures RGBA where the model takes alpha', () => {
  const opaque = { ...dataset, channels: 3 as const, images: dataset.images.filter((_, i) => i % 4 !== 3) };
  const { channels, images, classLabels } = fitImages(opaque, FORMAT);
  expect(channels).toBe(4);
  expect(images).toEqual(dataset.images.map((value, i) => (i % 4 === 3 ? 255 : value)));
  expect(classLabels).toBe(dataset.classLabels);
});

it('takes the maps away where the model makes none, and asks for them where it does', () => {
  const materials = tinyMaterials();
  const rgb = dataset.images.filter((_, i) => i % 4 !== 3);
  expect(albedoOf(materials)).toEqual({ ...materials, channels: 3, images: rgb });
  expect(fitImages(materials, { ...FORMAT, channels: 3 })).toEqual(albedoOf(materials));
  expect(fitImages(materials, { ...FORMAT, channels: 6 })).toBe(materials);
  expect(fitImages(materials, FORMAT).images).toHaveLength(dataset.images.length);
  expect(() => fitImages(dataset, { ...FORMAT, channels: 6 })).toThrow(
    'the pictures have no maps, which the model makes: height, roughness, metallic; name a data set that has them',
  );
});

it('says what does not fit', () => {
  expect(() => fitImages(dataset, { ...FORMAT, widthPx: 4 })).toThrow(/are 8×8 px, those of the model 4×8; .*--shrink/);
  expect(() => fitImages(dataset, { ...FORMAT, channels: 3 })).toThrow(/have alpha, which the model does not take/);
});

const WALKS = { ...tinyFrames(), sources: Array.from({ length: 8 }, (_, i) => `walk ${i}`) };
const turned = WALKS.frames!.map((frame) => ({ ...frame, direction: 'right' }));
const MIRRORED = { ...WALKS, name: 'mirrored', frames: turned };
const FRAME_BYTES = 8 * 12 * 4;

it('keeps the frames of an image together', () => {
  const bars = selectLabels(WALKS, ['bar']);
  expect(bars.images).toHaveLength(4 * 3 * FRAME_BYTES);
  expect(bars.images.subarray(0, 3 * FRAME_BYTES)).toEqual(WALKS.images.subarray(3 * FRAME_BYTES, 6 * FRAME_BYTES));
  const both = append(WALKS, bars);
  expect(both.images).toHaveLength(12 * 3 * FRAME_BYTES);
  expect(shrink(WALKS, 2)).toMatchObject({ widthPx: 4, heightPx: 6, frames: WALKS.frames });
  expect(shrink(WALKS, 2).images).toHaveLength(8 * 3 * 4 * 6 * 4);
  const { frames: _, ...still } = WALKS;
  expect(() => append(WALKS, still)).toThrow('8x12 px, 4 channels; expected 8x12 px, 4 channels, 3 frames');
  expect(() => append(WALKS, MIRRORED)).toThrow(
    'append: "mirrored": frame 0 is walk-right 0; expected walk-left 0 as in',
  );
});

it('takes every frame for an image, with what is known of its subject', () => {
  const single = singleFrames(WALKS);
  expect(single.images).toBe(WALKS.images);
  expect([...single.classLabels.subarray(0, 7)]).toEqual([0, 0, 0, 1, 1, 1, 0]);
  expect([...single.attributes![0]!.data.subarray(0, 6)]).toEqual(
    [0, 0, 0, 1, 1, 1].map((image) => WALKS.attributes![0]!.data[image]),
  );
  expect(single.sources![4]).toBe('walk 1 frame 1');
  expect(single.frames).toBeUndefined();
  expect([...framesOf(WALKS, Int32Array.of(2, 0))]).toEqual([6, 7, 8, 0, 1, 2]);
  expect(singleFrames(DATASET)).toBe(DATASET);
});

it('fits frames to a model that makes them in a row', () => {
  const format = { widthPx: 24, heightPx: 12, channels: 4 as const, frames: WALKS.frames };
  expect(fitImages(WALKS, format)).toBe(WALKS);
  expect(() => fitImages(WALKS, { ...format, widthPx: 27 })).toThrow('are 8×12 px, those of the model 9×12');
  expect(() => fitImages(singleFrames(WALKS), format)).toThrow('have 1 frames, those of the model 3');
  expect(() => fitImages(MIRRORED, format)).toThrow(
    "of the pictures, frame 0 is walk-right 0; expected walk-left 0 as the model has; take a data set with the model's frames",
  );
  const slow = WALKS.frames!.map((frame) => ({ ...frame, durationMs: 250 }));
  expect(fitImages(WALKS, { ...format, frames: slow })).toBe(WALKS);
  const opaque = { ...WALKS, channels: 3 as const, images: new Uint8Array(8 * 3 * 8 * 12 * 3) };
  expect(fitImages(opaque, format).images).toHaveLength(WALKS.images.length);
});

describe('told as another data set tells', () => {
  const hair = { name: 'hair', values: ['red', 'grey', 'black'], data: new Int16Array(0) };
  const wear = { name: 'wear', values: { min: 0, max: 1 }, data: new Float32Array(0) };
  const told = (...attributes: AttributeColumn[]) =>
    toldBy({ ...tinyDataset({ perClass: 1 }), attributes }, [hair, wear]);

  it('has its words at the places of the other, and no other attributes', () => {
    const own = { name: 'hair', values: ['black', 'blue', 'red'], data: Int16Array.of(0, 2, ANY) }; // nobody's is blue
    const age = { name: 'age', values: ['old'], data: Int16Array.of(0, 0, 0) };
    const { attributes } = told(age, own);
    expect(attributes).toEqual([
      { ...hair, data: Int16Array.of(2, 0, ANY) },
      { ...wear, data: Float32Array.of(Number.NaN, Number.NaN, Number.NaN) },
    ]);
  });

  it('refuses a word that the other lacks, and numbers of another range', () => {
    const dyed = { name: 'hair', values: ['blue'], data: Int16Array.of(0, ANY, ANY) };
    expect(() => told(dyed)).toThrow('"tiny" shows hair blue; expected red, grey, black');
    const worn = { ...wear, values: { min: 0, max: 9 }, data: new Float32Array(3) };
    expect(() => told(worn)).toThrow('"wear" has words in one data set and numbers, or other numbers, in the other');
  });
});
