import { describe, expect, it } from 'vitest';
import { createScene, loadTiny } from '../../plugin/testing/tinyScene.ts';
import { TINY_STUDENT } from '../../runtime/testing/tinyModel.ts';
import { defaultSettings, describeSteps, isGuidedAt, labRecipe, makerOf, withinRanges } from './settings.ts';

const { info } = await loadTiny(createScene());
const DEFAULTS = defaultSettings(info);

describe('withinRanges', () => {
  it('leaves good settings alone', () => {
    expect(withinRanges(DEFAULTS, info)).toEqual(DEFAULTS);
  });

  it('rounds and limits', () => {
    const wild = { ...DEFAULTS, seed: 2 ** 40, guidanceScale: -3, numInferenceSteps: 7.6, eta: 2 };
    const tame = { ...DEFAULTS, seed: 2 ** 32 - 1, guidanceScale: 0, numInferenceSteps: 8, eta: 1 };
    expect(withinRanges(wild, info)).toEqual(tame);
  });

  it("moves the interval's end to its start", () => {
    const turned = { ...DEFAULTS, intervalMin: 600, intervalMax: 300 };
    expect(withinRanges(turned, info)).toEqual({ ...DEFAULTS, intervalMin: 600, intervalMax: 600 });
  });
});

it.each([0, 1])('guides no step at a guidance scale of %i', (guidanceScale) => {
  const guided = { ...DEFAULTS, intervalMin: 200, intervalMax: 800 };
  expect([100, 200, 800, 900].map((t) => isGuidedAt(t, guided))).toEqual([false, true, true, false]);
  expect(isGuidedAt(500, { ...guided, guidanceScale })).toBe(false);
});

describe('labRecipe', () => {
  it('asks for attributes where one is chosen', () => {
    expect(labRecipe(DEFAULTS, info)).not.toHaveProperty('attributes');
    expect(labRecipe({ ...DEFAULTS, attributes: { hair: 'red' } }, info)).toMatchObject({
      attributes: { hair: 'red' },
    });
  });

  it('is blended with another label where the model can mix them', () => {
    const blended = { ...DEFAULTS, blendLabel: 'orc', blendAmount: 0.4 };
    expect(labRecipe(blended, info)).not.toHaveProperty('blend');
    const recipe = labRecipe(blended, { ...info, attributes: { hair: ['red'] } });
    expect(recipe.blend).toEqual({ label: 'orc', amount: 0.4 });
  });

  it('says what the same person had at first, where that has changed', () => {
    const sameAs = { hair: 'any', wear: 0.5 };
    const recipe = labRecipe({ ...DEFAULTS, attributes: { hair: 'red', wear: 0.5 }, sameAs }, info);
    expect(recipe).toMatchObject({ attributes: { hair: 'red', wear: 0.5 }, sameAs: { hair: 'any' } });
    expect(labRecipe({ ...DEFAULTS, sameAs: { hair: 'any' } }, info)).not.toHaveProperty('sameAs');
  });

  it('takes an attribute for what it is, whatever its name', () => {
    const sameAs = { constructor: 'any', toString: 'any' };
    const recipe = labRecipe({ ...DEFAULTS, attributes: { toString: 'red' }, sameAs }, info);
    expect(Object.entries(recipe.sameAs!)).toEqual([['toString', 'any']]);
  });

  it('leaves out what has no effect', () => {
    expect(labRecipe({ ...DEFAULTS, sampler: 'ddpm', eta: 0.5 }, info)).toEqual({
      label: 'elf',
      seed: 7,
      guidanceScale: 2,
      sampler: 'ddpm',
      numInferenceSteps: 3,
    });
  });

  it('keeps what has', () => {
    const settings = { ...DEFAULTS, intervalMin: 1, guidanceRescale: 0.5, sampler: 'ddim' as const, eta: 0.5 };
    expect(labRecipe(settings, info)).toMatchObject({ guidanceInterval: [1, 999], guidanceRescale: 0.5, eta: 0.5 });
  });

  it("opens on the interval in which a student's teacher is guided, and asks for another alone", () => {
    const teacher = { ...TINY_STUDENT.teacher, guidanceInterval: [0, 650] as const };
    const limited = { ...info, student: { ...TINY_STUDENT, teacher } };
    const settings = { ...defaultSettings(limited), sampler: 'ddim' as const, numInferenceSteps: 4 };
    expect(settings).toMatchObject({ intervalMin: 0, intervalMax: 650 });
    expect(labRecipe(settings, limited)).not.toHaveProperty('guidanceInterval');
    const everywhere = labRecipe({ ...settings, intervalMax: 999 }, limited);
    expect(everywhere).toMatchObject({ guidanceInterval: [0, 999], sampler: 'dpm++', numInferenceSteps: 3 });
  });

  it('leaves the steps of a student to its teacher where the rest is for that', () => {
    const distilled = { ...info, student: TINY_STUDENT };
    const inFour = { ...DEFAULTS, numInferenceSteps: 4 };
    expect(labRecipe(inFour, distilled)).toMatchObject({ sampler: 'ddim', numInferenceSteps: 4 });
    for (const changes of [{ ornate: 12 }, { guidanceScale: 8 }, { guidanceRescale: 0.5 }, { intervalMin: 300 }]) {
      const recipe = labRecipe({ ...inFour, ...changes }, distilled);
      expect(recipe).toMatchObject({ sampler: 'dpm++', numInferenceSteps: 3 });
    }
    const noisy = { sampler: 'ddim', numInferenceSteps: 3, eta: 0.5 }; // eta is for DDIM alone
    expect(labRecipe({ ...inFour, eta: 0.5, ornate: 12 }, distilled)).toMatchObject(noisy);
    expect(labRecipe({ ...inFour, ornate: 12, numInferenceSteps: 9 }, distilled)).toMatchObject({
      numInferenceSteps: 9,
    });
    expect(labRecipe({ ...inFour, ornate: 12 }, info)).toMatchObject({ numInferenceSteps: 4 });
  });

  it('tells how its picture is sampled, and by whom', () => {
    const distilled = { ...info, student: TINY_STUDENT };
    const inFour = { ...DEFAULTS, numInferenceSteps: 4 };
    const told = (changes: object, model = distilled) =>
      describeSteps(labRecipe({ ...inFour, ...changes }, model), model);
    expect(told({})).toBe('4 steps of ddim by the student');
    expect(told({ guidanceScale: 8 })).toBe('3 steps of dpm++ by the teacher');
    expect(told({ numInferenceSteps: 9 })).toBe('9 steps of ddim by the teacher');
    expect(told({ numInferenceSteps: 1 })).toBe('1 step of ddim by the student');
    expect(describeSteps(labRecipe(inFour, info), info)).toBe('4 steps of ddim');
    expect(makerOf(labRecipe(inFour, info), info)).toBeNull();
  });

  it('steers to ornate portraits and to plain ones', () => {
    const classifier = 'classifiers/portraits-ornate/';
    const steered = (ornate: number) => labRecipe({ ...DEFAULTS, ornate }, info);
    expect(steered(0)).not.toHaveProperty('classifier');
    expect(steered(12)).toMatchObject({ classifier, classifierLabel: 'ornate', classifierScale: 12 });
    expect(steered(-5)).toMatchObject({ classifier, classifierLabel: 'plain', classifierScale: 5 });
  });

  it('steers what is worn alone: all else of a person stays as it is without a classifier', () => {
    const examples = { labels: new Uint8Array(1).fill(info.labels.indexOf('elf')), values: Float32Array.of(1, 0) };
    const model = { ...info, attributes: { hair: ['black', 'red'], clothes: ['robe', 'coat'] }, examples };
    expect(labRecipe(DEFAULTS, model)).not.toHaveProperty('attributes');
    expect(labRecipe({ ...DEFAULTS, ornate: 12 }, model)).toMatchObject({ attributes: { hair: 'red' } });
    const robed = labRecipe({ ...DEFAULTS, ornate: 12, attributes: { hair: 'black', clothes: 'robe' } }, model);
    expect(robed.attributes).toEqual({ hair: 'black', clothes: 'robe' });
    expect(labRecipe({ ...DEFAULTS, ornate: 12 }, model).attributes).not.toHaveProperty('clothes');
  });
});
