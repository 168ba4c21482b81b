import { describe, expect, it } from 'vitest';
import { differenceOf } from './reconstruction.ts';

describe('differenceOf', () => {
  it('is nothing for equal pictures, and for colours that nobody sees', () => {
    const a = Uint8Array.of(10, 20, 30, 255, 200, 100, 50, 0);
    const b = Uint8Array.of(10, 20, 30, 255, 0, 0, 0, 0);
    expect(differenceOf(a, b, 4, 4)).toEqual({ pixels: Uint8Array.of(0, 0, 0, 255, 0, 0, 0, 255), meanError: 0 });
  });

  it('enlarges what differs, and means its absolute values', () => {
    const a = Uint8Array.of(10, 200, 30, 255);
    const b = Uint8Array.of(20, 100, 30, 255);
    const { pixels, meanError } = differenceOf(a, b, 4, 4);
    expect([...pixels]).toEqual([40, 255, 0, 255]);
    expect(meanError).toBeCloseTo(110 / 255 / 4, 12);
    expect(differenceOf(a, b, 3, 4).meanError).toBeCloseTo(110 / 255 / 3, 12);
  });

  it('weighs colour with alpha, and shows a difference in alpha', () => {
    const { pixels, meanError } = differenceOf(Uint8Array.of(100, 0, 0, 255), Uint8Array.of(100, 0, 0, 204), 4, 2);
    expect([...pixels]).toEqual([102, 102, 102, 255]); // 51 in alpha, 20 in red
    expect(meanError).toBeCloseTo((51 + 20) / 255 / 4, 12);
  });

  it('leaves alpha out for a model that knows none', () => {
    const { pixels, meanError } = differenceOf(Uint8Array.of(100, 0, 0, 255), Uint8Array.of(100, 0, 0, 0), 3, 2);
    expect([...pixels]).toEqual([0, 0, 0, 255]);
    expect(meanError).toBe(0);
  });
});
