import { describe, expect, it } from 'vitest';
import { createScene, loadTiny, loadTinyMaterials } from '../../plugin/testing/tinyScene.ts';
import { TINY_STUDENT } from '../../runtime/testing/tinyModel.ts';
import { defaultSettings, withinRanges } from './settings.ts';
import { stripPlans } from './strip.ts';

const { info: plain } = await loadTiny(createScene());
const info = { ...plain, kind: 'portraits' };
const DEFAULTS = defaultSettings(info);
const PLANS = stripPlans(info);

describe('the strips', () => {
  it('vary guidance, ornament, steps and seeds', () => {
    const captions = PLANS.map(({ variantsOf }) => variantsOf(DEFAULTS, info).map(({ caption }) => caption));
    expect(captions.map((row) => row.join(' '))).toEqual([
      '0 1 2 3 4 5 8',
      '−20 −10 0 10 20 40',
      '2 4 8 16 32',
      '0 1 2 3 4 5 6 7',
    ]);
  });

  it('have ornament for portraits alone, which its classifier knows', () => {
    const titles = stripPlans({ ...info, kind: 'items' }).map(({ titleOf }) => titleOf(DEFAULTS));
    expect(titles).toEqual(['Guidance scale', 'Steps', 'Seeds']);
  });

  it('show the steps of a student, and its teacher beside them', () => {
    const distilled = { ...info, student: TINY_STUDENT };
    const plan = stripPlans(distilled)[1]!;
    expect(plan.titleOf(DEFAULTS)).toBe('Steps of the student, and of its teacher');
    const steps = plan.variantsOf(DEFAULTS, distilled);
    expect(steps.map(({ caption }) => caption)).toEqual(['1', '2', '4', '3']);
    expect(steps[0]!.changes).toEqual({ numInferenceSteps: 1, sampler: 'ddim', eta: 0 });
    expect(steps[3]!.changes).toEqual({ numInferenceSteps: 3, sampler: 'dpm++' });
  });

  it('vary an attribute that is chosen: of materials a number, in place of ornament', async () => {
    const { info: materials } = await loadTinyMaterials(createScene());
    const settings = { ...defaultSettings(materials), attributes: { colour: 'red', wear: 0.5 } };
    const plans = stripPlans(materials);
    expect(plans.map(({ titleOf }) => titleOf(settings))).toEqual(['Guidance scale', 'Wear', 'Steps', 'Seeds']);
    const { variantsOf } = plans[1]!;
    const wear = variantsOf(settings, materials);
    expect(wear.map(({ caption }) => caption).join(' ')).toBe('any 0 0.25 0.5 0.75 1');
    expect(wear[0]!.changes).toEqual({ attributes: { colour: 'red' }, sameAs: { wear: 0.5 } });
    expect(wear[4]!.changes).toEqual({ attributes: { colour: 'red', wear: 0.75 }, sameAs: { wear: 0.5 } });
    const words = variantsOf({ ...settings, compared: 'colour' }, materials);
    expect(words.map(({ caption }) => caption)).toEqual(['any', ...(materials.attributes!.colour as string[])]);
    expect(words[1]!.changes.attributes).toMatchObject({ wear: 0.5 });
  });

  it('keep to what the settings may be, up to the last seed', () => {
    for (const seed of [0, 7, 8, 2 ** 31 + 3, 2 ** 32 - 1]) {
      for (const { variantsOf } of PLANS) {
        for (const { changes } of variantsOf({ ...DEFAULTS, seed }, info)) {
          const settings = { ...DEFAULTS, seed, ...changes };
          expect(withinRanges(settings, info)).toEqual(settings);
        }
      }
    }
  });

  it('show the same seeds when one of them is chosen', () => {
    const { variantsOf } = PLANS[3]!;
    const seeds = variantsOf({ ...DEFAULTS, seed: 1003 }, info);
    for (const { changes } of seeds) expect(variantsOf({ ...DEFAULTS, ...changes }, info)).toEqual(seeds);
    expect(seeds.map(({ changes }) => changes.seed)).toContain(1003);
  });
});
