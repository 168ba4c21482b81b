import { describe, expect, it } from 'vitest';
import { normals } from '../core/random.ts';
import { slerp } from './slerp.ts';

const vector = (...values: number[]) => Float32Array.from(values);
const norm = (values: Float32Array) => Math.hypot(...values);

describe('slerp', () => {
  it.each([0, 0.1, 0.25, 0.5, 0.9, 1])('turns by %f of a right angle', (amount) => {
    const turned = slerp(vector(1, 0), vector(0, 1), amount);
    const angle = (amount * Math.PI) / 2;
    expect(turned[0]).toBeCloseTo(Math.cos(angle), 6);
    expect(turned[1]).toBeCloseTo(Math.sin(angle), 6);
  });

  it('turns at constant speed between any two directions', () => {
    const at = (degrees: number) => vector(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180));
    for (const [amount, degrees] of [
      [0.25, 47.5],
      [0.5, 85],
      [0.75, 122.5],
    ] as const) {
      const turned = slerp(at(10), at(160), amount);
      for (const i of [0, 1]) expect(turned[i]).toBeCloseTo(at(degrees)[i]!, 6);
    }
  });

  it('is exactly one end at 0 and the other at 1, also where norms differ', () => {
    const [a, b] = [normals(1, 0, 64), normals(2, 0, 64).map((value) => 3 * value)];
    expect(slerp(a, b, 0)).toEqual(a);
    expect(slerp(a, b, 1)).toEqual(b);
  });

  it('keeps the norm of Gaussian noise, which a straight line does not', () => {
    const [a, b] = [normals(7, 0, 8192), normals(8, 0, 8192)];
    for (const amount of [0.2, 0.5, 0.8]) expect(norm(slerp(a, b, amount)) / norm(a)).toBeCloseTo(1, 1);
    expect(norm(a.map((value, i) => (value + b[i]!) / 2)) / norm(a)).toBeCloseTo(Math.SQRT1_2, 1);
  });

  it('is the straight line where there is no angle', () => {
    expect(slerp(vector(1, 2), vector(1, 2), 0.3)).toEqual(vector(1, 2));
    expect(slerp(vector(1, 2), vector(3, 6), 0.5)).toEqual(vector(2, 4));
  });

  it('is exact for very small angles', () => {
    const small = 1e-4;
    expect(slerp(vector(1, 0), vector(1, small), 0.5)[1]! / small).toBeCloseTo(0.5, 6);
  });

  it.each<[Float32Array, Float32Array, number, RegExp]>([
    [vector(1, 0), vector(-1, 0), 0.5, /opposite directions/],
    [vector(0, 0), vector(1, 0), 0.5, /or one is 0/],
    [vector(1, 0), vector(1), 0.5, /from has 2 values and to has 1/],
    [vector(1, 0), vector(0, 1), 1.1, /amount is 1.1; expected 0 \(the first\) to 1/],
    [vector(1, 0), vector(0, 1), Number.NaN, /amount is NaN/],
  ])('refuses %o, %o, %f', (from, to, amount, message) => {
    expect(() => slerp(from, to, amount)).toThrow(message);
  });

  it('leaves its arguments as they are', () => {
    const [a, b] = [vector(1, 0), vector(0, 1)];
    slerp(a, b, 0.5);
    expect([a, b]).toEqual([vector(1, 0), vector(0, 1)]);
  });
});
