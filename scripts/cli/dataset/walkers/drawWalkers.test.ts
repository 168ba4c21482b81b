import { describe, expect, it } from 'vitest';
import { animationsOf } from '../../../../runtime/index.ts';
import { drawWalkers, WALKER_LABELS } from './drawWalkers.ts';

const FRAME_BYTES = 4 * 16 * 24;

const dataset = await drawWalkers({ count: 12, seed: 2 });
const numFrames = dataset.frames!.length;

const frameOf = (image: number, frame: number) => {
  const at = (image * numFrames + frame) * FRAME_BYTES;
  return dataset.images.subarray(at, at + FRAME_BYTES);
};

/** The colours of a frame's pixels, and how many there are of each; darker by the light counts as another. */
function coloursOf(frame: Uint8Array): Set<string> {
  const pixels = Array.from({ length: frame.length / 4 }, (_, i) => frame.subarray(4 * i, 4 * i + 4));
  return new Set(pixels.filter((pixel) => pixel[3] === 255).map(String));
}

describe('drawWalkers', () => {
  it('draws each figure in four directions, walking and standing', () => {
    expect(dataset).toMatchObject({ widthPx: 16, heightPx: 24, labels: WALKER_LABELS, licence: 'CC0 1.0' });
    const lengths = animationsOf(dataset.frames!).map(({ name, from, to }) => [name, to - from + 1]);
    expect(Object.fromEntries(lengths)).toMatchObject({
      'walk-left': 4,
      'stand-up': 1,
      'walk-down': 4,
      'walk-right': 4,
    });
    for (let image = 0; image < 36; image++) {
      const drawn = Array.from({ length: numFrames }, (_, frame) => String(frameOf(image, frame)));
      // The two frames of a walk that lie between the steps are alike, and like standing.
      expect(new Set(drawn).size).toBe(4 * 3);
    }
  });

  it('keeps the colours of a figure from frame to frame', () => {
    for (let image = 0; image < 36; image++) {
      const [down, ...others] = [0, 1, 2, 3, 4].map((frame) => [...coloursOf(frameOf(image, frame))].sort());
      for (const other of others) expect(other).toEqual(down);
    }
  });

  it('walks on the ground, within its frame', () => {
    for (let image = 0; image < 36; image++) {
      for (let frame = 0; frame < numFrames; frame++) {
        const rows = Array.from({ length: 24 }, (_, y) => frameOf(image, frame).subarray(64 * y, 64 * (y + 1)));
        const isDrawn = rows.map((row) => row.some((value, i) => i % 4 === 3 && value === 255));
        expect(isDrawn.lastIndexOf(true)).toBe(22);
        expect(rows.every((row) => row[3] === 0 && row[63] === 0)).toBe(true);
      }
    }
  });

  it('knows what it drew, and draws the same again from the same seed', async () => {
    for (const { name, values, data } of dataset.attributes!) {
      expect(new Set(data).size, name).toBe((values as string[]).length);
    }
    const [hair] = dataset.attributes!;
    const back = dataset.frames!.findIndex(({ direction, action }) => direction === 'up' && action === 'stand');
    const redness = (image: number) => {
      const frame = frameOf(image, back);
      const at = 4 * (16 * 6 + 7); // the back of the head
      return frame[at]! - frame[at + 2]!;
    };
    const red = [...hair!.data.keys()].filter((image) => hair!.data[image] === 3);
    const grey = [...hair!.data.keys()].filter((image) => hair!.data[image] === 4);
    expect(Math.min(...red.map(redness))).toBeGreaterThan(Math.max(...grey.map(redness)) + 50);
    expect((await drawWalkers({ count: 12, seed: 2 })).images).toEqual(dataset.images);
    expect((await drawWalkers({ count: 12, seed: 3 })).images).not.toEqual(dataset.images);
  });
});
