import { generateAtOnce, type PipelineName, REFINE_STRENGTH, refine } from '../../../runtime/index.ts';
import { letEventsIn } from '../../node/interrupt.ts';
import { judgePictures, type Paint, paintWith, SHARE_OF_TRAINING } from '../judgePictures.ts';
import type { StudyPart } from '../part.ts';
import type { StudyContext } from '../studyContext.ts';
import { studyCvae, USUAL_KL_WEIGHT } from '../studyCvae.ts';
import { studyModel, USUAL_CHOICE } from '../studyUNet.ts';

const CASES: PipelineName[] = ['cvae', 'cvae+ddpm', 'ddpm'];
const SAMPLE = { sampler: 'dpm++', numInferenceSteps: 20, guidanceScale: 2 } as const;

/** Both pipelines, after the same minutes each, and both together. */
export const pipelinesPart: StudyPart = {
  name: 'pipelines',
  question: 'What do a VAE and a DDPM paint after the same minutes of training, and how long does a picture take?',
  cases: CASES,
  settings: ({ model, imagesPerClass, minutes }) => ({
    vae: model.hash,
    ...SAMPLE,
    strength: REFINE_STRENGTH,
    klWeight: USUAL_KL_WEIGHT,
    imagesPerClass,
    minutes,
  }),
  async measure(context, pipeline, onProgress) {
    const training = (share: number) => onProgress(SHARE_OF_TRAINING * share);
    const painting = (share: number) => onProgress(SHARE_OF_TRAINING + (1 - SHARE_OF_TRAINING) * share);
    const { paint, numImages, dispose } = await painterOf(context, pipeline as PipelineName, training);
    try {
      const { numbers, row } = await judgePictures(context, paint, painting);
      return { numbers: { ...numbers, numImages }, row };
    } finally {
      dispose();
    }
  },
  figures: (numbers) => ({
    '': {
      kind: 'bars',
      title: 'Both pipelines after the same training',
      y: { name: 'share, ratio', min: 0 },
      groups: CASES,
      bars: ['accuracy', 'spread'].map((key) => ({
        name: key,
        values: CASES.map((pipeline) => numbers[pipeline]![key]!),
      })),
    },
    time: {
      kind: 'bars',
      title: 'Time of a picture',
      y: { name: 'ms', min: 0 },
      groups: CASES,
      bars: [{ name: 'milliseconds of one thread', values: CASES.map((pipeline) => numbers[pipeline]!.msPerPicture!) }],
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
  if (!ddpm) return { paint: (requests) => generateAtOnce(vae!.cvae, requests), numImages, dispose };
  if (!vae) return { paint: paintWith(ddpm.model, SAMPLE), numImages, dispose };
  const paint: Paint = (requests, onProgress) =>
    refine(ddpm.model, vae.cvae, requests, {
      ...SAMPLE,
      onStep: async ({ step, numSteps }) => {
        onProgress(step / numSteps);
        await letEventsIn();
      },
    });
  return { paint, numImages, dispose };
}
