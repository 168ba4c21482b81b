import { judgePictures, paintWith, SHARE_OF_TRAINING } from '../judgePictures.ts';
import type { StudyPart } from '../part.ts';
import { studyModel, type UNetChoice, USUAL_CHOICE } from '../studyUNet.ts';

const SAMPLE = { sampler: 'ddim', numInferenceSteps: 50, guidanceScale: 2 } as const;

/** U-Nets that differ in one choice, trained alike. */
function comparedUNets(name: string, question: string, title: string, choices: Record<string, UNetChoice>): StudyPart {
  return {
    name,
    question,
    cases: Object.keys(choices),
    settings: ({ model, imagesPerClass, minutes }) => ({ vae: model.hash, ...SAMPLE, imagesPerClass, minutes }),
    async measure(context, choice, onProgress) {
      const training = (share: number) => onProgress(SHARE_OF_TRAINING * share);
      const { model, numImages } = await studyModel(context, choices[choice]!, training);
      try {
        const painting = (share: number) => onProgress(SHARE_OF_TRAINING + (1 - SHARE_OF_TRAINING) * share);
        const result = await judgePictures(context, paintWith(model, SAMPLE), painting);
        return { ...result, numbers: { ...result.numbers, numImages } };
      } finally {
        model.dispose();
      }
    },
    figures: (numbers) => ({
      '': {
        kind: 'bars',
        title,
        y: { name: 'share, ratio', min: 0 },
        groups: Object.keys(choices),
        bars: ['accuracy', 'spread'].map((key) => ({
          name: key,
          values: Object.keys(choices).map((choice) => numbers[choice]![key]!),
        })),
      },
    }),
  };
}

/** Linear against cosine. */
export const schedulePart = comparedUNets(
  'schedule',
  'Which noise schedule learns more in the same time?',
  'Schedule: linear and cosine after the same training',
  { linear: { ...USUAL_CHOICE, betaSchedule: 'linear' }, cosine: USUAL_CHOICE },
);

/** The noise against v. */
export const predictionPart = comparedUNets(
  'prediction',
  'What should the network predict?',
  'Prediction: noise and v after the same training',
  { epsilon: { ...USUAL_CHOICE, predictionType: 'epsilon' }, v: USUAL_CHOICE },
);
