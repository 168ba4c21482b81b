// How the networks that are judged make pictures, by each of their pipelines.
import {
  type ConditionalVae,
  type DiffusionModel,
  type GeneratedPicture,
  generatePictures,
  type PictureOptions,
  REFINE_STRENGTH,
  type SampleOptions,
} from '../../../runtime/index.ts';
import { letEventsIn } from '../../node/interrupt.ts';

/** The networks that are judged. */
export interface Judged {
  model: DiffusionModel;
  /** The teacher of a distilled model, which some recipes need. */
  teacher: DiffusionModel | null;
  /** The model's conditional VAE, where it has one. */
  cvae: ConditionalVae | null;
}

/** Makes the pictures of a batch, and reports the share that is done. */
export type MakePictures = (
  requests: readonly PictureOptions[],
  onShare: (share: number) => void,
) => Promise<GeneratedPicture[]>;

/** How each pipeline makes pictures; the two that need a conditional VAE are absent where the model has none. */
export function makersOf(
  { model, teacher, cvae }: Judged,
  options: SampleOptions,
): { ddpm: MakePictures; cvae?: MakePictures; 'cvae+ddpm'?: MakePictures } {
  const inSteps = (onShare: (share: number) => void) => ({
    ...options,
    onStep: async ({ step, numSteps }: { step: number; numSteps: number }) => {
      onShare(step / numSteps);
      await letEventsIn();
    },
  });
  const ddpm: MakePictures = (requests, onShare) => generatePictures({ model, teacher }, requests, inSteps(onShare));
  if (!cvae) return { ddpm };
  return {
    ddpm,
    cvae: (requests) => generatePictures({ cvae }, requests, { pipeline: 'cvae' }),
    'cvae+ddpm': (requests, onShare) =>
      generatePictures({ model, teacher, cvae }, requests, {
        ...inSteps(onShare),
        pipeline: 'cvae+ddpm',
        strength: REFINE_STRENGTH,
      }),
  };
}

/** Pictures that are made at once. */
export const BATCH = 26;

/** @param onProgress called with the share done */
export async function generateSet(
  make: MakePictures,
  requests: readonly PictureOptions[],
  onProgress: (share: number) => void,
  numAtOnce = BATCH,
): Promise<GeneratedPicture[]> {
  const pictures: GeneratedPicture[] = [];
  while (pictures.length < requests.length) {
    const batch = requests.slice(pictures.length, pictures.length + numAtOnce);
    const onShare = (share: number) => onProgress((pictures.length + batch.length * share) / requests.length);
    pictures.push(...(await make(batch, onShare)));
    onProgress(pictures.length / requests.length);
    await letEventsIn();
  }
  return pictures;
}
