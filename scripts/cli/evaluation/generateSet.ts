import type { ImageRequest } from '../../../runtime/index.ts';
import type { MakePictures } from './pipelines.ts';

const BATCH = 26;

/**
 * Makes the same number of pictures of every label, with the seeds that `figment bake` would use: counting up from the
 * first one for each label anew.
 *
 * @param onProgress called with the share done
 * @returns          RGBA bytes, label after label
 */
export async function generateSet(
  make: MakePictures,
  labels: readonly string[],
  { imagesPerClass, firstSeed }: { imagesPerClass: number; firstSeed: number },
  onProgress: (share: number) => void,
): Promise<Uint8Array[]> {
  const requests: ImageRequest[] = labels.flatMap((label) =>
    Array.from({ length: imagesPerClass }, (_, i) => ({ label, seed: (firstSeed + i) >>> 0 })),
  );
  const pictures: Uint8Array[] = [];
  while (pictures.length < requests.length) {
    const batch = requests.slice(pictures.length, pictures.length + BATCH);
    const onShare = (share: number) => onProgress((pictures.length + batch.length * share) / requests.length);
    pictures.push(...(await make(batch, onShare)));
  }
  return pictures;
}
