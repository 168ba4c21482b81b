import { expect, it } from 'vitest';
import { builtInDataset, ITEM_NAMES, ITEM_SIZE_PX } from './builtInDataset.ts';

const NUM_PIXELS = ITEM_SIZE_PX * ITEM_SIZE_PX;

/** The RGBA bytes of each picture of a small set. */
function pictures(seed = 1, perLabel = 20): Uint8Array[] {
  const { images, classLabels } = builtInDataset(seed, perLabel);
  const size = images.length / classLabels.length;
  return Array.from(classLabels, (_, i) => images.subarray(i * size, (i + 1) * size));
}

it('has as many pictures of each label, of one size', () => {
  const dataset = builtInDataset(1, 3);
  expect(dataset).toMatchObject({ widthPx: 16, heightPx: 16, channels: 4, labels: ITEM_NAMES });
  expect(Array.from(dataset.classLabels)).toEqual(ITEM_NAMES.flatMap((_, label) => [label, label, label]));
  expect(dataset.images).toHaveLength(3 * ITEM_NAMES.length * NUM_PIXELS * 4);
});

it('is the same from the same seed, whatever its size, and another from another', () => {
  expect(pictures(7, 3)[0]).toEqual(pictures(7, 1)[0]);
  expect(builtInDataset(7, 3).images).toEqual(builtInDataset(7, 3).images);
  expect(builtInDataset(8, 3).images).not.toEqual(builtInDataset(7, 3).images);
});

it('hardly repeats a picture', () => {
  const all = pictures(1, 40);
  expect(new Set(all.map(String)).size).toBeGreaterThan(0.9 * all.length);
});

it('leaves the ground transparent, and paints with hard edges', () => {
  for (const picture of pictures()) {
    const alphas = Array.from({ length: NUM_PIXELS }, (_, pixel) => picture[4 * pixel + 3]!);
    expect(alphas.every((alpha) => alpha === 0 || alpha === 255)).toBe(true);
    const share = alphas.filter((alpha) => alpha > 0).length / NUM_PIXELS;
    expect(share).toBeGreaterThan(0.15);
    expect(share).toBeLessThan(0.9);
  }
});
