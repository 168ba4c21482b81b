import {
  type DiffusionModel,
  generate,
  imagesOfPixels,
  type PictureOptions,
  type SampleOptions,
} from '../../runtime/index.ts';
import { compareWithReal, measure } from '../cli/evaluation/measure.ts';
import { letEventsIn } from '../node/interrupt.ts';
import type { CaseResult, StudyContext } from './part.ts';

const BATCH = 26;

/** The seed of the first picture of each label; the others count up. */
export const FIRST_SEED = 1;

/** Makes pictures for labels and seeds, as RGBA bytes. */
export type Paint = (requests: readonly PictureOptions[], onProgress: (share: number) => void) => Promise<Uint8Array[]>;

/** Paints with a diffusion model. */
export function paintWith(model: DiffusionModel, options: SampleOptions): Paint {
  return (requests, onProgress) =>
    generate(model, requests, {
      ...options,
      onStep: async ({ step, numSteps }) => {
        onProgress(step / numSteps);
        await letEventsIn();
      },
    });
}

/**
 * Paints equally many pictures of every label and has them judged: accuracy, spread relative to real images, squared Fréchet
 * distance to them, and milliseconds of this thread that a picture took.
 *
 * @param perClass pictures of each label; the context's number when absent
 */
export async function judgePictures(
  { dataset, judge, real, imagesPerClass }: StudyContext,
  paint: Paint,
  onProgress: (share: number) => void,
  perClass = imagesPerClass,
): Promise<CaseResult> {
  const requests = dataset.labels.flatMap((label) =>
    Array.from({ length: perClass }, (_, i) => ({ label, seed: FIRST_SEED + i })),
  );
  const pictures: Uint8Array[] = [];
  const started = process.cpuUsage();
  while (pictures.length < requests.length) {
    const batch = requests.slice(pictures.length, pictures.length + BATCH);
    const before = pictures.length;
    pictures.push(...(await paint(batch, (share) => onProgress((before + share * batch.length) / requests.length))));
  }
  const msPerPicture = cpuMs(started) / pictures.length;
  const classLabels = Int32Array.from(pictures.keys(), (i) => Math.floor(i / perClass));
  const measured = await measure(judge, imagesOfPixels(pictures, classLabels, dataset), real.perClass);
  const { accuracy, spreadRelativeToReal, frechetDistanceToHeldOut } = compareWithReal(
    measured,
    real.measured,
    dataset.labels,
  );
  return {
    numbers: { accuracy, spread: spreadRelativeToReal, frechet: frechetDistanceToHeldOut, msPerPicture },
    row: pictures.filter((_, i) => i % perClass === 0),
  };
}

/** Milliseconds of CPU time that this process has used since then. */
export function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}
