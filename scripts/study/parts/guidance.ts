import type { SampleOptions } from '../../../runtime/index.ts';
import { judgePictures, paintWith } from '../judgePictures.ts';
import type { StudyPart } from '../part.ts';
import { pick } from '../results.ts';

const SCALES = [0, 1, 1.5, 2, 3, 4, 6, 8, 10];
const OPTIONS: SampleOptions = { sampler: 'dpm++', numInferenceSteps: 20 };

const nameOf = (scale: number) => `w=${scale}`;
const scaleOf = (name: string) => Number(name.slice(2));

/** Guidance scale against accuracy and spread. */
export const guidancePart: StudyPart = {
  name: 'guidance',
  question: 'What does the scale of classifier-free guidance buy, and what does it cost?',
  cases: SCALES.map(nameOf),
  settings: ({ model, imagesPerClass }) => ({ model: model.hash, ...OPTIONS, imagesPerClass }),
  measure: (context, name, onProgress) =>
    judgePictures(context, paintWith(context.model, { ...OPTIONS, guidanceScale: scaleOf(name) }), onProgress),
  figures: (numbers) => ({
    '': {
      kind: 'lines',
      title: 'Guidance: recognised more often, varied less',
      x: { name: 'guidance scale w' },
      y: { name: 'share, ratio', min: 0, max: 1.5 }, // without guidance to any label the spread is far above
      lines: [
        { name: 'accuracy', points: points(pick(numbers, 'accuracy')) },
        { name: 'spread (real images: 1)', points: points(pick(numbers, 'spread')) },
      ],
    },
  }),
};

function points(values: [string, number][]): [number, number][] {
  return values.map(([name, value]) => [scaleOf(name), value]);
}
