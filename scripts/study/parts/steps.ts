import { generate, type ImageRequest, imagesOfPixels, type SamplerName } from '../../../runtime/index.ts';
import { FIRST_SEED, judgePictures, paintWith } from '../judgePictures.ts';
import type { Numbers, StudyPart } from '../part.ts';
import type { StudyContext } from '../studyContext.ts';

const SAMPLERS: SamplerName[] = ['ddpm', 'ddim', 'euler', 'dpm++'];
const STEPS = [2, 3, 5, 10, 20, 50, 100];
const GUIDANCE = 2;
const X_AXIS = { name: 'steps', log: true, min: STEPS[0]!, max: STEPS.at(-1)!, ticks: STEPS };

/** So many that more would change no byte by much. */
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

/** There are many cases, and each of many steps takes long. */
const halfOf = (imagesPerClass: number) => Math.max(2, Math.floor(imagesPerClass / 2));

function linesOf(numbers: Record<string, Numbers>, key: string) {
  return SAMPLERS.map((sampler) => ({
    name: sampler,
    points: STEPS.map((steps) => [steps, numbers[`${sampler} ${steps}`]![key]!] as const),
  }));
}

const solutions = new WeakMap<StudyContext, Promise<Uint8Array[]>>();

/** Of each label's first picture. */
function solutionOf(context: StudyContext): Promise<Uint8Array[]> {
  const requests: ImageRequest[] = context.dataset.labels.map((label) => ({ label, seed: FIRST_SEED }));
  const solution = solutions.get(context) ?? generate(context.model, requests, REFERENCE);
  solutions.set(context, solution);
  return solution;
}

function meanDifference({ dataset }: StudyContext, a: Uint8Array[], b: Uint8Array[]): number {
  const [x, y] = [a, b].map((pictures) => imagesOfPixels(pictures, new Int32Array(pictures.length), dataset).values);
  return x!.reduce((sum, value, i) => sum + Math.abs(value - y![i]!), 0) / x!.length;
}
