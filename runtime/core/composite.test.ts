import { describe, expect, it } from 'vitest';
import { atop, blend } from './composite.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

const RED = [200, 0, 0, 255];
const HALF_GREEN = [0, 100, 0, 51]; // a fifth
const HIDDEN = [9, 8, 7, 0]; // transparent, with a colour behind it
const BLUE = [0, 0, 90, 128];

describe('atop', () => {
  it.each([
    ['an opaque source gives its colour, within the outline', RED, BLUE, [200, 0, 0, 128]],
    ['a source that is a fifth there gives a fifth', HALF_GREEN, RED, [160, 20, 0, 255]],
    ['a transparent source leaves the backdrop', HIDDEN, BLUE, BLUE],
    ['nothing is painted outside of the outline', RED, HIDDEN, HIDDEN],
  ])('%s', (_, source, backdrop, expected) => {
    expect([...atop(bytes(...source), bytes(...backdrop))]).toEqual(expected);
  });

  it('is what premultiplied colours give: S · αD + D · (1 − αS)', () => {
    const [source, backdrop] = [bytes(120, 30, 250, 77), bytes(10, 240, 60, 180)];
    const [alphaS, alphaD] = [77 / 255, 180 / 255];
    const expected = [0, 1, 2].map((c) => {
      const premultiplied = source[c]! * alphaS * alphaD + backdrop[c]! * alphaD * (1 - alphaS);
      return Math.round(premultiplied / alphaD);
    });
    expect([...atop(source, backdrop)]).toEqual([...expected, 180]);
  });

  it('writes to neither', () => {
    const [source, backdrop] = [bytes(...RED), bytes(...BLUE)];
    const result = atop(source, backdrop);
    expect([...source, ...backdrop]).toEqual([...RED, ...BLUE]);
    expect(result).not.toBe(backdrop);
  });
});

describe('blend', () => {
  it('gives the exact bytes of either end, what hides behind transparency included', () => {
    const [from, to] = [bytes(...HIDDEN, ...RED, ...HIDDEN), bytes(...RED, ...HIDDEN, 1, 2, 3, 0)];
    expect([...blend(from, to, bytes(0, 0, 0))]).toEqual([...from]);
    expect([...blend(from, to, bytes(255, 255, 255))]).toEqual([...to]);
  });

  it('mixes by premultiplied colours in between', () => {
    const [from, to] = [bytes(...RED), bytes(...HALF_GREEN)];
    const share = 102 / 255;
    const alpha = (1 - share) * 1 + share * 0.2;
    const expected = [(1 - share) * 200, share * 0.2 * 100, 0].map((premultiplied) =>
      Math.round(premultiplied / alpha),
    );
    expect([...blend(from, to, bytes(102))]).toEqual([...expected, Math.round(255 * alpha)]);
  });

  it('shows no colour that hides behind a transparent pixel', () => {
    const [r, g, b, alpha] = blend(bytes(...HIDDEN), bytes(...RED), bytes(51));
    expect([r, g, b, alpha]).toEqual([200, 0, 0, 51]);
    expect([...blend(bytes(...HIDDEN), bytes(1, 2, 3, 0), bytes(128))]).toEqual([1, 2, 3, 0]);
  });
});

it('refuses pictures of different sizes', () => {
  expect(() => atop(bytes(...RED), bytes(...RED, ...BLUE))).toThrow(/atop: backdrop stands for 8 bytes; expected 4/);
  expect(() => blend(bytes(...RED), bytes(...RED, ...BLUE), bytes(0))).toThrow(/blend: to stands for 8 bytes/);
  expect(() => blend(bytes(...RED), bytes(...BLUE), bytes(0, 0))).toThrow(/blend: mask stands for 8 bytes/);
});
