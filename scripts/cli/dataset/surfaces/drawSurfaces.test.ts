import { describe, expect, it } from 'vitest';
import { brick, drawSurfaces, paving, roof, SURFACE_LABELS, stone, tile, weave, wood } from './drawSurfaces.ts';
import { Dice, type Surface } from './surface.ts';

describe.each(Object.entries({ brick, paving, roof, stone, tile, weave, wood }))('%s', (_, material) => {
  it('is seamless, and its heights lie within 0 … 1', () => {
    for (let stream = 0; stream < 6; stream++) {
      const surface: Surface = material(new Dice(4, stream));
      for (const [u, v] of [
        [0.013, 0.42],
        [0.77, 0.005],
        [0.31, 0.66],
      ] as const) {
        const here = surface(u, v);
        for (const [du, dv] of [
          [1, 0],
          [0, 1],
          [-1, -1],
        ] as const) {
          const there = surface(u + du, v + dv);
          expect(there.height).toBeCloseTo(here.height, 6);
          for (const c of [0, 1, 2] as const) expect(there.colour[c]).toBeCloseTo(here.colour[c], 4);
        }
        expect(here.height).toBeGreaterThanOrEqual(0);
        expect(here.height).toBeLessThanOrEqual(1.15);
      }
    }
  });
});

describe('drawSurfaces', () => {
  it('draws each material, differently each time, and again the same from the same seed', async () => {
    const options = { count: 2, sizePx: 16, seed: 5 };
    const first = await drawSurfaces(options);
    expect(first.labels).toEqual(SURFACE_LABELS);
    expect([...first.classLabels]).toEqual(SURFACE_LABELS.flatMap((_, i) => [i, i]));
    const size = 16 * 16 * 3;
    const images = Array.from(first.classLabels, (_, i) => first.images.subarray(i * size, (i + 1) * size).join());
    expect(new Set(images).size).toBe(images.length);
    expect((await drawSurfaces(options)).images).toEqual(first.images);
    expect((await drawSurfaces({ ...options, seed: 6 })).images).not.toEqual(first.images);
  });
});
