import { describe, expect, it } from 'vitest';
import { BRICK_HEIGHT_PX, BRICK_WIDTH_PX, brickPixels } from '../testing/tinySurface.ts';
import { enlargedSettings, GENERIC_MATERIAL, MATERIAL_LABELS, materialSettings } from './materialDefaults.ts';
import { surfaceMaps } from './surfaceMaps.ts';

describe('the materials', () => {
  it('are those of the textures data set', () => {
    const labels =
      'brick concrete_plaster dirt_ground fabric grass_foliage gravel leather_fur marble metal paving roof stone tile water_liquid weave wood';
    expect([...MATERIAL_LABELS].sort()).toEqual(labels.split(' '));
  });

  it.each([...MATERIAL_LABELS, 'cheese', 'constructor', undefined])('%s has settings that all maps accept', (label) => {
    const maps = surfaceMaps(brickPixels('dark'), BRICK_WIDTH_PX, BRICK_HEIGHT_PX, { label });
    expect(new Set(maps.height.pixels).size).toBeGreaterThan(5);
  });

  it('differ where it matters, and are generic for others', () => {
    expect(materialSettings('metal').metallic).toBe(1);
    expect(materialSettings('marble').roughness).toBeLessThan(materialSettings('brick').roughness);
    expect(materialSettings('cheese')).toEqual(GENERIC_MATERIAL);
    expect(materialSettings()).toEqual(GENERIC_MATERIAL);
  });

  it('keep their slopes in a picture enlarged', () => {
    const { depthPx, reliefPx, radiusPx, roughness } = materialSettings('brick');
    const twice = enlargedSettings(materialSettings('brick'), 2);
    expect(twice).toMatchObject({ depthPx: 2 * depthPx, reliefPx: 2 * reliefPx, radiusPx: 2 * radiusPx, roughness });
  });
});
