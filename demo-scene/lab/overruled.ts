// The student of a distilled model takes few steps and cannot do all that is asked. Where it cannot, its teacher makes the
// picture in steps of its own, and the page says so.
import type { ModelInfo } from '../../plugin/index.ts';
import { entryForTeacher } from '../../runtime/index.ts';
import { labRecipe, type Settings } from './settings.ts';

/** The settings with sampler and steps as their picture is made. */
export function asMade(settings: Settings, info: ModelInfo): Settings {
  const { sampler, numInferenceSteps } = labRecipe(settings, info);
  return { ...settings, sampler, numInferenceSteps };
}

/** Why the picture is not made in the steps of the settings: "Guidance 8 is for the teacher: …"; '' where it is. */
export function whyOverruled(settings: Settings, info: ModelInfo): string {
  const { sampler, numInferenceSteps } = settings;
  const made = labRecipe(settings, info);
  if (made.sampler === sampler && made.numInferenceSteps === numInferenceSteps) return '';
  const entry = entryForTeacher({ ...made, sampler, numInferenceSteps }, info);
  return `${wordsOf(entry, settings)} is for the teacher: ${made.numInferenceSteps} steps of ${made.sampler}.`;
}

function wordsOf(entry: ReturnType<typeof entryForTeacher>, settings: Settings): string {
  if (entry === 'eta') return `Eta ${settings.eta}`;
  if (entry === 'guidanceInterval') return 'An interval of guidance';
  if (entry === 'guidanceRescale') return `Rescale ${settings.guidanceRescale}`;
  if (entry === 'classifier') return `Ornate ${settings.ornate}`;
  return `Guidance ${settings.guidanceScale}`;
}
