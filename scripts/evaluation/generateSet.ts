import { type DiffusionModel, generate, type ImageRequest, type SampleOptions } from '../../runtime/index.ts';

const BATCH = 26;

/**
 * Makes the same number of pictures of every label, with the seeds that `figment bake` would use: counting up from the
 * first one for each label anew.
 *
 * @param onProgress called after every denoising step with the share done
 * @returns          RGBA bytes, label after label
 */
export async function generateSet(
  model: DiffusionModel,
  labels: readonly string[],
  { imagesPerClass, firstSeed }: { imagesPerClass: number; firstSeed: number },
  options: SampleOptions,
  onProgress: (share: number) => void,
): Promise<Uint8Array[]> {
  const requests: ImageRequest[] = labels.flatMap((label) =>
    Array.from({ length: imagesPerClass }, (_, i) => ({ label, seed: (firstSeed + i) >>> 0 })),
  );
  const pictures: Uint8Array[] = [];
  while (pictures.length < requests.length) {
    const batch = requests.slice(pictures.length, pictures.length + BATCH);
    const onStep = ({ step, numSteps }: { step: number; numSteps: number }) =>
      onProgress((pictures.length + (batch.length * step) / numSteps) / requests.length);
    pictures.push(...(await generate(model, batch, { ...options, onStep })));
  }
  return pictures;
}
