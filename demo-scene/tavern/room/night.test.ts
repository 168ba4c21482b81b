import { expect, it } from 'vitest';
import { type NightView, nightPixels } from './night.ts';

const VIEW: NightView = {
  widthPx: 64,
  heightPx: 140,
  horizon: 0.7,
  moon: [44, 24, 9],
  houses: [[2, 26, 40]],
};

it('has a bright moon, stars above, lit windows on the horizon, and a darker sky the higher', () => {
  const pixels = nightPixels(VIEW);
  const brightness = (x: number, y: number) => {
    const at = 4 * (y * VIEW.widthPx + x);
    return (pixels[at]! + pixels[at + 1]! + pixels[at + 2]!) / 3;
  };
  const mean = (from: number, to: number) => {
    let sum = 0;
    for (let y = from; y < to; y++) for (let x = 34; x < 64; x++) sum += Math.min(90, brightness(x, y));
    return sum / ((to - from) * 30);
  };
  expect(brightness(44, 24)).toBeGreaterThan(200);
  expect(mean(0, 8)).toBeLessThan(mean(80, 95));
  const count = (rows: [number, number], isIt: (red: number, green: number, blue: number) => boolean) => {
    let found = 0;
    for (let i = rows[0] * VIEW.widthPx; i < rows[1] * VIEW.widthPx; i++) {
      if (isIt(pixels[4 * i]!, pixels[4 * i + 1]!, pixels[4 * i + 2]!)) found++;
    }
    return found;
  };
  const isWarm = (red: number, _: number, blue: number) => red > 180 && red > 1.8 * blue;
  expect(count([58, 98], isWarm)).toBeGreaterThan(20);
  expect(count([0, 58], isWarm)).toBe(0);
  expect(count([0, 10], (_, __, blue) => blue > 180)).toBeGreaterThan(2); // stars
  expect(nightPixels(VIEW)).toEqual(pixels);
});

it('has no moon where none is asked for: nothing else is as bright but stars', () => {
  const { moon: _, ...moonless } = VIEW;
  const numBright = (view: NightView) => nightPixels(view).filter((value, i) => i % 4 === 2 && value > 150).length;
  expect(numBright(VIEW)).toBeGreaterThan(Math.PI * 8 ** 2);
  expect(numBright(moonless)).toBeLessThan(80);
});
