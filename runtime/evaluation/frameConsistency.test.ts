import { expect, it } from 'vitest';
import { parseFrames } from '../core/frames.ts';
import { colourDrift, frameAgreement, shownAttributes } from './frameConsistency.ts';

it('counts what is read from all frames alike', () => {
  const kinds = { hair: 3, age: 'number' as const, skin: 2 };
  const read = [
    [0, 0.1, 1], // a subject of three frames
    [0, 0.2, 1],
    [2, 0.3, 1],
    [1, 0.4, 0], // another
    [1, 0.5, 1],
    [1, 0.6, 0],
  ].flat();
  expect(frameAgreement(kinds, read, 3)).toEqual({
    hair: { frames: 5 / 6, subjects: 1 / 2, share: 1 },
    skin: { frames: 5 / 6, subjects: 1 / 2, share: 1 },
  });
  expect(frameAgreement({ hair: 3 }, [2, 2, 2, 0, 0, 0], 3)).toEqual({ hair: { frames: 1, subjects: 1, share: 1 } });
  expect(frameAgreement(kinds, read, 3, [0, 1, 0, 1, 1, 0]), 'where it shows').toEqual({
    hair: { frames: 1, subjects: 1, share: 1 / 2 },
  });
});

it('shows where at least half of the frames are read right', () => {
  const expected = [
    [1, 0],
    [1, 0], // a subject of two frames
    [2, 1],
    [2, 1],
    [0, -1], // of which one thing is not known
    [0, -1],
  ].flat();
  const read = [
    [1, 1],
    [1, 1],
    [2, 1],
    [0, 0],
    [2, 0],
    [1, 0],
  ].flat();
  expect([...shownAttributes(read, expected, 2, 2)]).toEqual([1, 0, 1, 1, 0, 0]);
});

const FRAMES = parseFrames([{ frame: 'stand' }, { frame: 0 }, { frame: 1 }]);

/** Frames of one column of four pixels, from top to bottom, premultiplied; null is clear. */
function imagesOf(frames: (number | null)[][]) {
  const pixel = (red: number | null) => (red === null ? [-1, -1, -1, -1] : [red / 127.5 - 1, -1, -1, 1]);
  return { values: Float32Array.from(frames.flat().flatMap(pixel)), shape: [4, 1, 4] as [number, number, number] };
}

it('is how much the colours of the bands change from frame to frame', () => {
  const stand = [200, 200, 200, 200]; // does not move, and so does not count
  expect(colourDrift(imagesOf([stand, [10, 20, 30, 40], [10, 20, 30, 40]]), FRAMES)).toBe(0);
  // One of four bands changes by 60 in one of three channels, there and back again.
  expect(colourDrift(imagesOf([stand, [10, 20, 30, 40], [10, 80, 30, 40]]), FRAMES)).toBeCloseTo(60 / 3 / 4, 3);
  // What is clear in one of the frames has no colour there.
  expect(colourDrift(imagesOf([stand, [null, 20, 30, 40], [90, 20, 30, 70]]), FRAMES)).toBeCloseTo(30 / 3 / 3, 3);
  const two = imagesOf([stand, [10, 20, 30, 40], [10, 80, 30, 40], stand, [1, 2, 3, 4], [1, 2, 3, 4]]);
  expect(colourDrift(two, FRAMES)).toBeCloseTo(60 / 3 / 8, 3);
  expect(colourDrift(imagesOf([stand]), parseFrames([{ frame: 'stand' }]))).toBeNaN();
});
