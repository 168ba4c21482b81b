import { expect, it } from 'vitest';
import { createScene, loadTiny } from '../../plugin/testing/tinyScene.ts';
import { TINY_STUDENT } from '../../runtime/testing/tinyModel.ts';
import { asMade, whyOverruled } from './overruled.ts';
import { defaultSettings } from './settings.ts';

const { info: plain } = await loadTiny(createScene());
const info = { ...plain, student: TINY_STUDENT };
const IN_TWO = { ...defaultSettings(info), sampler: 'ddim', numInferenceSteps: 2 } as const;

it.each([
  [{ guidanceScale: 8 }, 'Guidance 8 is for the teacher: 3 steps of dpm++.'],
  [{ intervalMin: 300 }, 'An interval of guidance is for the teacher: 3 steps of dpm++.'],
  [{ guidanceRescale: 0.5 }, 'Rescale 0.5 is for the teacher: 3 steps of dpm++.'],
  [{ ornate: -12 }, 'Ornate -12 is for the teacher: 3 steps of dpm++.'],
  [{ eta: 0.5 }, 'Eta 0.5 is for the teacher: 3 steps of ddim.'],
])('says what the student cannot do of %j, and how its teacher does it', (changes, reason) => {
  expect(whyOverruled({ ...IN_TWO, ...changes }, info)).toBe(reason);
  const [, steps, sampler] = /(\d+) steps of (.*)\./.exec(reason)!;
  expect(asMade({ ...IN_TWO, ...changes }, info)).toEqual({
    ...IN_TWO,
    ...changes,
    sampler,
    numInferenceSteps: Number(steps),
  });
});

it('leaves settings alone whose picture is made as they say', () => {
  for (const [settings, model] of [
    [IN_TWO, info],
    [{ ...IN_TWO, guidanceScale: 8, numInferenceSteps: 9 }, info],
    [{ ...IN_TWO, guidanceScale: 8 }, plain],
  ] as const) {
    expect(whyOverruled(settings, model)).toBe('');
    expect(asMade(settings, model)).toEqual(settings);
  }
});
