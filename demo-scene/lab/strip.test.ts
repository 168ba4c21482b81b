import { describe, expect, it } from 'vitest';
import { createScene, loadTiny } from '../../plugin/testing/tinyScene.ts';
import { defaultSettings, withinRanges } from './settings.ts';
import { STRIP_PLANS } from './strip.ts';

const { info } = await loadTiny(createScene());
const DEFAULTS = defaultSettings(info);

describe('STRIP_PLANS', () => {
  it('vary guidance, the hat, steps and seeds', () => {
    const captions = STRIP_PLANS.map(({ variantsOf }) => variantsOf(DEFAULTS, info).map(({ caption }) => caption));
    expect(captions.map((row) => row.join(' '))).toEqual([
      '0 1 1.5 2 3 5 8',
      '−20 −10 0 10 20 40',
      '2 4 8 16 32',
      '0 1 2 3 4 5 6 7',
    ]);
  });

  it('keep to what the settings may be, up to the last seed', () => {
    for (const seed of [0, 7, 8, 2 ** 31 + 3, 2 ** 32 - 1]) {
      for (const { variantsOf } of STRIP_PLANS) {
        for (const { changes } of variantsOf({ ...DEFAULTS, seed }, info)) {
          const settings = { ...DEFAULTS, seed, ...changes };
          expect(withinRanges(settings, info)).toEqual(settings);
        }
      }
    }
  });

  it('show the same seeds when one of them is chosen', () => {
    const { variantsOf } = STRIP_PLANS[3]!;
    const seeds = variantsOf({ ...DEFAULTS, seed: 1003 }, info);
    for (const { changes } of seeds) expect(variantsOf({ ...DEFAULTS, ...changes }, info)).toEqual(seeds);
    expect(seeds.map(({ changes }) => changes.seed)).toContain(1003);
  });
});
