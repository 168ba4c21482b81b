import { describe, expect, it } from 'vitest';
import { animationsOf, parseFrames, swapAxes } from './frames.ts';

describe('parseFrames', () => {
  it('reads frames as data sets list them, and as models do', () => {
    const short = parseFrames([{ direction: 'up', frame: 'stand' }, { direction: 'up', frame: 0 }, { action: 'burn' }]);
    expect(short).toEqual([
      { direction: 'up', action: 'stand', index: 0, durationMs: 100 },
      { direction: 'up', action: 'walk', index: 0, durationMs: 100 },
      { action: 'burn', index: 0, durationMs: 100 },
    ]);
    expect(parseFrames(short)).toEqual(short);
    expect(parseFrames([{ action: 'wave', index: 0, durationMs: 62.5 }])).toEqual([
      { action: 'wave', index: 0, durationMs: 62.5 },
    ]);
  });

  it.each<[unknown, string]>([
    [{}, 'expected a list of 1 to 256 frames'],
    [[], 'expected a list of 1 to 256 frames'],
    [new Array(257).fill({ action: 'a' }), 'expected a list of 1 to 256 frames'],
    [[7], 'frame 0: expected an object'],
    [[{ direction: '../up', frame: 0 }], 'frame 0: direction is no word'],
    [[{ action: 3 }], 'frame 0: action is no word'],
    [[{ frame: 0.5 }], 'frame 0: its index is no whole number'],
    [[{ frame: 0, durationMs: 0 }], 'frame 0: durationMs is no number from 1 to 60000'],
    [[{ frame: 1 }], 'frame 0: is walk 1; expected the frames of an animation one after the other, from index 0'],
    [[{ frame: 0 }, { frame: 2 }], 'frame 1: is walk 2; expected'],
    [[{ frame: 0 }, { frame: 'stand' }, { frame: 1 }], 'frame 2: is walk 1; expected'],
    [[{ frame: 0 }, { frame: 'stand' }, { frame: 0 }], 'frame 2: is walk 0; expected'],
  ])('refuses %j', (listed, problem) => {
    expect(() => parseFrames(listed)).toThrow(problem);
  });
});

it('animations are the runs of frames', () => {
  const frames = parseFrames([
    { direction: 'down', frame: 0 },
    { direction: 'down', frame: 1 },
    { direction: 'down', frame: 'stand' },
    { direction: 'left', frame: 0 },
    { action: 'wave' },
  ]);
  expect(animationsOf(frames)).toEqual([
    { name: 'walk-down', action: 'walk', direction: 'down', from: 0, to: 1 },
    { name: 'stand-down', action: 'stand', direction: 'down', from: 2, to: 2 },
    { name: 'walk-left', action: 'walk', direction: 'left', from: 3, to: 3 },
    { name: 'wave', action: 'wave', from: 4, to: 4 },
  ]);
});

it('swapAxes puts frames in a row, and takes them out again', () => {
  const frames = Uint8Array.of(1, 2, 3, 4, 11, 12, 13, 14); // two frames of two rows of two bytes
  const row = swapAxes(frames, 2, 2, 2);
  expect([...row]).toEqual([1, 2, 11, 12, 3, 4, 13, 14]);
  expect(swapAxes(row, 2, 2, 2)).toEqual(frames);
  const threeByTwo = Float32Array.of(0, 1, 2, 3, 4, 5);
  expect([...swapAxes(threeByTwo, 3, 2, 1)]).toEqual([0, 2, 4, 1, 3, 5]);
});
