// What the options of sampling do: steps, the scale of guidance, the variance of the reverse step. No network is trained.
import {
  type DiffusionModel,
  generate,
  imagesOfPixels,
  type PictureOptions,
  type SampleOptions,
  type SamplerName,
} from '../../../runtime/index.ts';
import { FIRST_SEED, judgePictures, paintWith } from '../judgePictures.ts';
import type { Numbers, StudyContext, StudyPart } from '../part.ts';
import { pick } from '../results.ts';

const SAMPLERS: SamplerName[] = ['ddpm', 'ddim', 'euler', 'dpm++'];
const STEPS = [2, 3, 5, 10, 20, 50, 100];
const GUIDANCE = 2;
const X_AXIS = { name: 'steps', log: true, min: STEPS[0]!, max: STEPS.at(-1)!, ticks: STEPS };

/** So many steps that more of them would hardly change a byte. */
const REFERENCE = { sampler: 'dpm++', numInferenceSteps: 200, guidanceScale: GUIDANCE } as const;

/** Steps against accuracy, spread and the distance to the solution that the deterministic samplers approach. */
export const stepsPart: StudyPart = {
  name: 'steps',
  question: 'How many steps does each sampler need?',
  cases: SAMPLERS.flatMap((sampler) => STEPS.map((steps) => `${sampler} ${steps}`)),
  settings: ({ model, imagesPerClass }) => ({
    model: model.hash,
    guidanceScale: GUIDANCE,
    imagesPerClass: halfOf(imagesPerClass),
  }),
  async measure(context, name, onProgress) {
    const [sampler, steps] = name.split(' ') as [SamplerName, string];
    const options = { sampler, numInferenceSteps: Number(steps), guidanceScale: GUIDANCE };
    const perClass = halfOf(context.imagesPerClass);
    const result = await judgePictures(context, paintWith(context.model, options), onProgress, perClass);
    const distance = meanDifference(context, result.row, await solutionOf(context));
    return { ...result, numbers: { ...result.numbers, distance } };
  },
  figures: (numbers) => ({
    spread: {
      kind: 'lines',
      title: 'Steps: what they buy is variety',
      x: X_AXIS,
      y: { name: 'spread (real images: 1)', min: 0 },
      lines: linesOf(numbers, 'spread'),
    },
    distance: {
      kind: 'lines',
      title: 'Steps: how far from the solution',
      x: X_AXIS,
      y: { name: 'mean difference', log: true, min: 0.0001 },
      lines: linesOf(numbers, 'distance'),
    },
  }),
};

/** Half as many pictures, since there are many cases and those with many steps take long. */
const halfOf = (imagesPerClass: number) => Math.max(2, Math.floor(imagesPerClass / 2));

function linesOf(numbers: Record<string, Numbers>, key: string) {
  return SAMPLERS.map((sampler) => ({
    name: sampler,
    points: STEPS.map((steps) => [steps, numbers[`${sampler} ${steps}`]![key]!] as const),
  }));
}

const solutions = new WeakMap<StudyContext, Promise<Uint8Array[]>>();

/** The reference solution of each label's first picture. */
function solutionOf(context: StudyContext): Promise<Uint8Array[]> {
  const requests: PictureOptions[] = context.dataset.labels.map((label) => ({ label, seed: FIRST_SEED }));
  const solution = solutions.get(context) ?? generate(context.model, requests, REFERENCE);
  solutions.set(context, solution);
  return solution;
}

function meanDifference({ dataset }: StudyContext, a: Uint8Array[], b: Uint8Array[]): number {
  const [x, y] = [a, b].map((pictures) => imagesOfPixels(pictures, new Int32Array(pictures.length), dataset).values);
  return x!.reduce((sum, value, i) => sum + Math.abs(value - y![i]!), 0) / x!.length;
}

const SCALES = [0, 1, 1.5, 2, 3, 4, 6, 8, 10];
const GUIDED: SampleOptions = { sampler: 'dpm++', numInferenceSteps: 20 };

const nameOf = (scale: number) => `w=${scale}`;
const scaleOf = (name: string) => Number(name.slice(2));

/** Guidance scale against accuracy and spread. */
export const guidancePart: StudyPart = {
  name: 'guidance',
  question: 'What does the scale of classifier-free guidance buy, and what does it cost?',
  cases: SCALES.map(nameOf),
  settings: ({ model, imagesPerClass }) => ({ model: model.hash, ...GUIDED, imagesPerClass }),
  measure: (context, name, onProgress) =>
    judgePictures(context, paintWith(context.model, { ...GUIDED, guidanceScale: scaleOf(name) }), onProgress),
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

const VARIANCES = { β: 'fixed_large', posterior: 'fixed_small' } as const;
const VARIANCE_STEPS = [10, 20, 50, 100];

type Variance = keyof typeof VARIANCES;

/** The noise that DDPM adds in each step: β, or the posterior's own variance. */
export const variancePart: StudyPart = {
  name: 'variance',
  question: 'Does the reverse step add noise of variance β, or of the posterior?',
  cases: (Object.keys(VARIANCES) as Variance[]).flatMap((name) => VARIANCE_STEPS.map((steps) => `${name} ${steps}`)),
  settings: ({ model, imagesPerClass }) => ({
    model: model.hash,
    sampler: 'ddpm',
    guidanceScale: GUIDANCE,
    imagesPerClass: halfOf(imagesPerClass),
  }),
  measure(context, name, onProgress) {
    const [variance, steps] = name.split(' ') as [Variance, string];
    const options = { sampler: 'ddpm', numInferenceSteps: Number(steps), guidanceScale: GUIDANCE } as const;
    const perClass = halfOf(context.imagesPerClass);
    return judgePictures(context, paintWith(withVariance(context.model, variance), options), onProgress, perClass);
  },
  figures: (numbers) => ({
    '': {
      kind: 'lines',
      title: 'DDPM: noise of variance β or of the posterior',
      x: { name: 'steps', log: true, min: VARIANCE_STEPS[0]!, ticks: VARIANCE_STEPS },
      y: { name: 'spread', min: 0 },
      right: { name: 'distance to real', min: 0 },
      lines: (['spread', 'frechet'] as const).flatMap((key) =>
        Object.keys(VARIANCES).map((name) => ({
          name: `${key === 'spread' ? 'spread' : 'distance'}, ${name}`,
          points: VARIANCE_STEPS.map((steps) => [steps, numbers[`${name} ${steps}`]![key]!] as const),
          right: key === 'frechet',
        })),
      ),
    },
  }),
};

function withVariance(model: DiffusionModel, variance: Variance): DiffusionModel {
  return { ...model, scheduler: { ...model.scheduler, varianceType: VARIANCES[variance] } };
}
