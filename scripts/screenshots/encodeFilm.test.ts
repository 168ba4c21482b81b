import sharp from 'sharp';
import { expect, it } from 'vitest';
import { encodePng } from '../node/png.ts';
import { encodeFilm } from './encodeFilm.ts';

/** A square that moves over noise of its own. */
function frame(i: number): Uint8Array {
  const [width, height] = [320, 40];
  const pixels = Uint8Array.from({ length: 4 * width * height }, (_, at) => {
    const x = Math.floor(at / 4) % width;
    if (at % 4 === 3) return 255;
    return x >= 20 * i && x < 20 * i + 20 ? 250 : (at * (7 + i)) % 97;
  });
  return encodePng({ width, height, channels: 4, pixels });
}

it('makes a film of frames, and a narrower one where it may be no larger', async () => {
  const frames = [0, 1, 2].map(frame);
  const film = await encodeFilm(frames, 1e6);
  const described = await sharp(film, { animated: true }).metadata();
  expect(described).toMatchObject({ format: 'gif', pages: 3, width: 320, pageHeight: 40, loop: 0 });
  expect(described.delay).toEqual([120, 120, 120].map(() => expect.toSatisfy((ms: number) => ms > 100 && ms < 140)));
  const small = await encodeFilm(frames, film.length - 1);
  expect(small.length).toBeLessThan(film.length);
  expect((await sharp(small).metadata()).width).toBeLessThan(320);
  await expect(encodeFilm(frames, 100)).rejects.toThrow('encodeFilm: 3 frames take over 100 bytes at 160 px');
});
