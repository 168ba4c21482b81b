import { decodeApng } from 'fast-png';
import { expect, it } from 'vitest';
import { encodeApng } from './apng.ts';
import { decodePng, readPngText } from './png.ts';

const SIZE = { width: 3, height: 2, channels: 4 as const };
const frames = [100, 62.6, 60_000].map((durationMs, k) => ({
  pixels: Uint8Array.from({ length: 24 }, (_, i) => (i * 37 + k * 91) % 256),
  durationMs,
}));

it('is read by another decoder, frame by frame', () => {
  const animation = decodeApng(encodeApng({ ...SIZE, frames }), { checkCrc: true });
  expect(animation).toMatchObject({ width: 3, height: 2, numberOfFrames: 3, numberOfPlays: 0 });
  expect(animation.frames.map(({ data }) => [...data])).toEqual(frames.map(({ pixels }) => [...pixels]));
  expect(animation.frames.map((frame) => (1000 * frame.delayNumber) / frame.delayDenominator)).toEqual([
    100, 63, 60_000,
  ]);
});

it('is a PNG of its first frame, with text, to programs that know no animations', () => {
  const bytes = encodeApng({ ...SIZE, frames, text: { figment: '{"seed":7}' } });
  expect(decodePng(bytes).pixels).toEqual(frames[0]!.pixels);
  expect(readPngText(bytes)).toEqual({ figment: '{"seed":7}' });
});

it('refuses frames that are missing or of another size', () => {
  expect(() => encodeApng({ ...SIZE, frames: [] })).toThrow('encodeApng: there are no frames');
  const small = { pixels: new Uint8Array(4), durationMs: 1 };
  expect(() => encodeApng({ ...SIZE, frames: [frames[0]!, small] })).toThrow('there are 4 bytes; expected 24');
});
