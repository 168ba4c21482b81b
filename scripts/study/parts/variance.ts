import type { DiffusionModel } from '../../../runtime/index.ts';
import { judgePictures, paintWith } from '../judgePictures.ts';
import type { StudyPart } from '../part.ts';

const VARIANCES = { β: 'fixed_large', posterior: 'fixed_small' } as const;
const STEPS = [10, 20, 50, 100];
const GUIDANCE = 2;

type Variance = keyof typeof VARIANCES;

/** The noise that DDPM adds in each step: β, or the posterior's own variance. */
export const variancePart: StudyPart = {
  name: 'variance',
  question: 'Does the reverse step add noise of variance β, or of the posterior?',
  cases: (Object.keys(VARIANCES) as Variance[]).flatMap((name) => STEPS.map((steps) => `${name} ${steps}`)),
  settings: ({ model, imagesPerClass }) => ({
    model: model.hash,
    sampler: 'ddpm',
    guidanceScale: GUIDANCE,
    imagesPerClass: Math.max(2, Math.floor(imagesPerClass / 2)),
  }),
  measure(context, name, onProgress) {
    const [variance, steps] = name.split(' ') as [Variance, string];
    const options = { sampler: 'ddpm', numInferenceSteps: Number(steps), guidanceScale: GUIDANCE } as const;
    const perClass = Math.max(2, Math.floor(context.imagesPerClass / 2));
    return judgePictures(context, paintWith(withVariance(context.model, variance), options), onProgress, perClass);
  },
  figures: (numbers) => ({
    '': {
      kind: 'lines',
      title: 'DDPM: noise of variance β or of the posterior',
      x: { name: 'steps', log: true, min: STEPS[0]!, ticks: STEPS },
      y: { name: 'spread', min: 0 },
      right: { name: 'distance to real', min: 0 },
      lines: (['spread', 'frechet'] as const).flatMap((key) =>
        Object.keys(VARIANCES).map((name) => ({
          name: `${key === 'spread' ? 'spread' : 'distance'}, ${name}`,
          points: STEPS.map((steps) => [steps, numbers[`${name} ${steps}`]![key]!] as const),
          right: key === 'frechet',
        })),
      ),
    },
  }),
};

function withVariance(model: DiffusionModel, variance: Variance): DiffusionModel {
  return { ...model, scheduler: { ...model.scheduler, varianceType: VARIANCES[variance] } };
}
