import { expect, it } from 'vitest';
import { DRAWN_MATERIALS, drawMaterials, metal, worn } from './drawMaterials.ts';
import { brick } from './drawSurfaces.ts';
import { Dice, renderMaterial } from './surface.ts';

it('draws each material with its maps, and again the same from the same seed', async () => {
  const options = { count: 2, sizePx: 12, seed: 5 };
  const { images, channels, labels, attributes, classLabels } = await drawMaterials(options);
  expect([channels, labels, classLabels.length]).toEqual([6, DRAWN_MATERIALS, 16]);
  const [wear] = attributes!;
  expect(Math.max(...wear!.data) - Math.min(...wear!.data)).toBeGreaterThan(0.4);
  const maps = (label: string, channel: number) =>
    images.filter((_, i) => Math.floor(i / 864 / 2) === labels.indexOf(label) && i % 6 === channel);
  expect(Math.max(...maps('metal', 5))).toBe(255);
  expect(Math.max(...maps('brick', 5))).toBe(0);
  expect(new Set(maps('brick', 3)).size).toBeGreaterThan(10);
  expect((await drawMaterials(options)).images).toEqual(images);
  expect((await drawMaterials({ ...options, seed: 6 })).images).not.toEqual(images);
});

it('is rougher, lower and less of a metal the more it is worn, and without a seam', () => {
  for (const [surface, kind] of [
    [metal(new Dice(2, 3)), { roughness: 0.3, metallic: 1 }],
    [brick(new Dice(2, 3)), { roughness: 0.8, metallic: 0 }],
  ] as const) {
    const meanOf = (wear: number, channel: number) => {
      const values = renderMaterial(worn(surface, kind, wear, 7), 16).filter((_, i) => i % 6 === channel);
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    };
    const over = (channel: number) => [0, 0.3, 0.6, 1].map((wear) => meanOf(wear, channel));
    expect(over(4)).toEqual(over(4).toSorted((a, b) => a - b));
    expect(over(4).at(-1)! - over(4)[0]!).toBeGreaterThan(5);
    expect(over(3)).toEqual(over(3).toSorted((a, b) => b - a));
    expect(over(5)).toEqual(over(5).toSorted((a, b) => b - a));
    const material = worn(surface, kind, 0.6, 7);
    const [here, there] = [material(0.013, 0.4), material(1.013, -0.6)];
    for (const name of ['height', 'roughness', 'metallic'] as const) expect(there[name]).toBeCloseTo(here[name], 6);
  }
});
