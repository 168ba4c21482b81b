import { expect, it } from 'vitest';
import { type Colour, rampOf, Sprite } from './pixelArt.ts';

const brightness = ([red, green, blue]: Colour) => 0.3 * red + 0.59 * green + 0.11 * blue;

it('mixes tones from dark to light, of the hue that was asked for', () => {
  for (let hue = 0; hue < 1; hue += 0.1) {
    const tones = rampOf(hue, 0.7, 0.45).map(brightness);
    expect(tones).toEqual([...tones].sort((a, b) => a - b));
  }
  const [, , red] = rampOf(0, 0.8, 0.5);
  const [, , blue] = rampOf(2 / 3, 0.8, 0.5);
  expect(red[0]).toBeGreaterThan(2 * Math.max(red[1], red[2]));
  expect(blue[2]).toBeGreaterThan(2 * Math.max(blue[0], blue[1]));
});

it('turns shadows towards blue and lights towards yellow', () => {
  const [shadow, , , light] = rampOf(1 / 3, 0.7, 0.45); // green
  expect(shadow[2] / shadow[0]).toBeGreaterThan(1);
  expect(light[0] / light[2]).toBeGreaterThan(1);
});

it('draws a line around what is painted, and nothing outside of the picture', () => {
  const sprite = new Sprite(4);
  sprite.plot(0, 1, [255, 0, 0]);
  sprite.plot(-1, 9, [255, 0, 0]);
  sprite.outline();
  const painted = Array.from({ length: 16 }, (_, i) => sprite.isPainted(i % 4, Math.floor(i / 4)));
  expect(painted.flatMap((isPainted, i) => (isPainted ? [i] : []))).toEqual([0, 4, 5, 8]);
  expect(Array.from(sprite.pixels.subarray(16, 20))).toEqual([255, 0, 0, 255]);
});
