/** Noise on the unit square that goes on without a seam beyond its edges; 0 … 1. */
export type Noise = (u: number, v: number) => number;

/** Value noise with so many cells along u and v. */
export function valueNoise(seed: number, cellsU: number, cellsV: number): Noise {
  return (u, v) => {
    const [x, y] = [u * cellsU, v * cellsV];
    const [left, low] = [Math.floor(x), Math.floor(y)];
    const [right, high] = [smooth(x - left), smooth(y - low)];
    const at = (i: number, j: number) => lattice(seed, wrap(left + i, cellsU), wrap(low + j, cellsV));
    return lerp(lerp(at(0, 0), at(1, 0), right), lerp(at(0, 1), at(1, 1), right), high);
  };
}

/** A sum of noises, each twice as fine and half as strong as the one before. */
export function fractalNoise(seed: number, cellsU: number, cellsV: number, octaves: number): Noise {
  const layers = Array.from({ length: octaves }, (_, i) => valueNoise(seed + i, cellsU << i, cellsV << i));
  const total = 2 - 2 ** (1 - octaves);
  return (u, v) => layers.reduce((sum, layer, i) => sum + layer(u, v) / 2 ** i, 0) / total;
}

/** 0 … 1 for a cell, always the same. */
export function lattice(seed: number, i: number, j: number): number {
  let bits = Math.imul(i + 1, 0x27d4eb2f) ^ Math.imul(j + 1, 0x165667b1) ^ Math.imul(seed + 1, 0x9e3779b1);
  bits = Math.imul(bits ^ (bits >>> 15), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
}

export function lerp(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** 0 below `low`, 1 above `high`, a smooth step between. */
export function smoothstep(low: number, high: number, value: number): number {
  return smooth(Math.min(1, Math.max(0, (value - low) / (high - low))));
}

function smooth(share: number): number {
  return share * share * (3 - 2 * share);
}

function wrap(index: number, period: number): number {
  return ((index % period) + period) % period;
}
