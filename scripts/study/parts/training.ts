// What choices of training do: small networks that differ in one of them, trained for the same time.

import { generate, type PipelineName, REFINE_STRENGTH } from '../../../runtime/index.ts';
import { letEventsIn } from '../../node/interrupt.ts';
import { judgePictures, type Paint, paintWith } from '../judgePictures.ts';
import type { Numbers, StudyContext, StudyPart } from '../part.ts';
import type { Figure } from '../plot.ts';
import { heldOutErrors, studyCvae, USUAL_KL_WEIGHT } from '../studyCvae.ts';
import { studyModel, type UNetChoice, USUAL_CHOICE } from '../studyUNet.ts';

const COMPARED_SAMPLE = { sampler: 'ddim', numInferenceSteps: 50, guidanceScale: 2 } as const;

/** Share of a case's progress that its training takes. */
const SHARE_OF_TRAINING = 0.8;

/** Progress of a case that trains networks first and paints with them then. */
function inTwoParts(onProgress: (share: number) => void) {
  return {
    training: (share: number) => onProgress(SHARE_OF_TRAINING * share),
    painting: (share: number) => onProgress(SHARE_OF_TRAINING + (1 - SHARE_OF_TRAINING) * share),
  };
}

/** Accuracy and spread of some cases, side by side. */
function qualityBars(
  title: string,
  cases: readonly string[],
  numbers: Record<string, Numbers>,
  groups: readonly string[] = cases,
): Figure {
  const bars = ['accuracy', 'spread'].map((key) => ({ name: key, values: cases.map((name) => numbers[name]![key]!) }));
  return { kind: 'bars', title, y: { name: 'share, ratio', min: 0 }, groups, bars };
}

/** U-Nets that differ in one choice, trained alike. */
function comparedUNets(name: string, question: string, title: string, choices: Record<string, UNetChoice>): StudyPart {
  return {
    name,
    question,
    cases: Object.keys(choices),
    settings: ({ model, imagesPerClass, minutes }) => ({
      vae: model.hash,
      ...COMPARED_SAMPLE,
      imagesPerClass,
      minutes,
    }),
    async measure(context, choice, onProgress) {
      const { training, painting } = inTwoParts(onProgress);
      const { model, numImages } = await studyModel(context, choices[choice]!, training);
      try {
        const result = await judgePictures(context, paintWith(model, COMPARED_SAMPLE), painting);
        return { ...result, numbers: { ...result.numbers, numImages } };
      } finally {
        model.dispose();
      }
    },
    figures: (numbers) => ({
      '': qualityBars(title, Object.keys(choices), numbers),
    }),
  };
}

/** Compares the linear schedule with the cosine schedule. */
export const schedulePart = comparedUNets(
  'schedule',
  'Which noise schedule learns more in the same time?',
  'Schedule: linear and cosine after the same training',
  { linear: { ...USUAL_CHOICE, betaSchedule: 'linear' }, cosine: USUAL_CHOICE },
);

/** Compares networks that predict the noise with those that predict v. */
export const predictionPart = comparedUNets(
  'prediction',
  'What should the network predict?',
  'Prediction: noise and v after the same training',
  { epsilon: { ...USUAL_CHOICE, predictionType: 'epsilon' }, v: USUAL_CHOICE },
);

const WEIGHTS = [0, 0.01, 0.1, 1];
const nameOf = (weight: number) => `kl=${weight}`;

/** Compares weights of the divergence, from 0, a plain auto-encoder, to 1, the evidence lower bound. */
export const klWeightPart: StudyPart = {
  name: 'kl',
  question: 'What does the KL divergence do for a VAE that generates?',
  cases: WEIGHTS.map(nameOf),
  settings: ({ imagesPerClass, minutes }) => ({ imagesPerClass, minutes }),
  async measure(context, name, onProgress) {
    const { training } = inTwoParts(onProgress);
    const { cvae, numImages } = await studyCvae(context, Number(name.slice(3)), training);
    try {
      const errors = await heldOutErrors(context, cvae);
      const { numbers, row } = await judgePictures(
        context,
        (requests) => generate({ cvae }, requests, { pipeline: 'cvae' }),
        () => {},
      );
      return { numbers: { ...numbers, ...errors, numImages }, row };
    } finally {
      cvae.dispose();
    }
  },
  figures: (numbers) => {
    const groups = WEIGHTS.map((weight) => `weight ${weight}`);
    return {
      '': qualityBars(
        'Weight of the divergence: what it does for drawn pictures',
        WEIGHTS.map(nameOf),
        numbers,
        groups,
      ),
      reconstruction: {
        kind: 'bars',
        title: 'Weight of the divergence: what it costs',
        y: { name: 'mean difference', min: 0 },
        groups,
        bars: [
          {
            name: 'error of reconstruction',
            values: WEIGHTS.map((weight) => numbers[nameOf(weight)]!.reconstructionError!),
          },
        ],
      },
    };
  },
};

const PIPELINES: PipelineName[] = ['cvae', 'cvae+ddpm', 'ddpm'];
const PIPELINE_SAMPLE = { sampler: 'dpm++', numInferenceSteps: 20, guidanceScale: 2 } as const;

/** Compares the conditional VAE, the diffusion model and both together, after the same minutes of training for each. */
export const pipelinesPart: StudyPart = {
  name: 'pipelines',
  question: 'What do a VAE and a DDPM paint after the same minutes of training, and how long does a picture take?',
  cases: PIPELINES,
  settings: ({ model, imagesPerClass, minutes }) => ({
    vae: model.hash,
    ...PIPELINE_SAMPLE,
    strength: REFINE_STRENGTH,
    klWeight: USUAL_KL_WEIGHT,
    imagesPerClass,
    minutes,
  }),
  async measure(context, pipeline, onProgress) {
    const { training, painting } = inTwoParts(onProgress);
    const { paint, numImages, dispose } = await painterOf(context, pipeline as PipelineName, training);
    try {
      const { numbers, row } = await judgePictures(context, paint, painting);
      return { numbers: { ...numbers, numImages }, row };
    } finally {
      dispose();
    }
  },
  figures: (numbers) => ({
    '': qualityBars('Both pipelines after the same training', PIPELINES, numbers),
    time: {
      kind: 'bars',
      title: 'Time of a picture',
      y: { name: 'ms', min: 0 },
      groups: PIPELINES,
      bars: [
        { name: 'milliseconds of one thread', values: PIPELINES.map((pipeline) => numbers[pipeline]!.msPerPicture!) },
      ],
    },
  }),
};

interface PipelinePainter {
  paint: Paint;
  /** Training images that the pipeline's networks have seen. */
  numImages: number;
  dispose(): void;
}

async function painterOf(
  context: StudyContext,
  pipeline: PipelineName,
  onProgress: (share: number) => void,
): Promise<PipelinePainter> {
  const vae = pipeline === 'ddpm' ? null : await studyCvae(context, USUAL_KL_WEIGHT, onProgress);
  const ddpm = pipeline === 'cvae' ? null : await studyModel(context, USUAL_CHOICE, onProgress);
  const dispose = () => {
    vae?.cvae.dispose();
    ddpm?.model.dispose();
  };
  const numImages = (vae?.numImages ?? 0) + (ddpm?.numImages ?? 0);
  if (!ddpm)
    return { paint: (requests) => generate({ cvae: vae!.cvae }, requests, { pipeline: 'cvae' }), numImages, dispose };
  if (!vae) return { paint: paintWith(ddpm.model, PIPELINE_SAMPLE), numImages, dispose };
  const paint: Paint = (requests, onProgress) =>
    generate({ model: ddpm.model, cvae: vae.cvae }, requests, {
      ...PIPELINE_SAMPLE,
      pipeline: 'cvae+ddpm',
      onStep: async ({ step, numSteps }) => {
        onProgress(step / numSteps);
        await letEventsIn();
      },
    });
  return { paint, numImages, dispose };
}
