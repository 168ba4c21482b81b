import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  encodeDataset,
  type GradientWorker,
  type LatentDataset,
  type LatentEncoder,
  localEncoder,
  workerEncoder,
} from '../../runtime/index.ts';
import { LATENTS_FILE, type LatentSource, latentKey, readLatents, writeLatents } from './latentCache.ts';
import { startProgress } from './terminal.ts';

/** The latents that the run has stored; otherwise encodes the images, by the workers if there are any, and stores the latents. */
export async function openLatents(
  title: string,
  origin: LatentSource,
  out: string,
  workers: GradientWorker[],
): Promise<LatentDataset> {
  const key = latentKey(origin);
  const stored = await readLatents(out, key);
  if (stored) {
    console.log(`${title}: ${stored.classLabels.length} images encoded before, in ${join(out, LATENTS_FILE)}`);
    return stored;
  }
  const { vae, circular } = origin;
  const spec = { ...vae, circular };
  const encoders = workers.length > 0 ? workers.map((worker) => workerEncoder(worker, spec)) : [localEncoder(spec)];
  try {
    const latents = await encodeAll(origin, encoders);
    await writeLatents(out, key, latents);
    return latents;
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
}

/** Encodes the chosen images with a line of progress, and frees the encoders. */
export async function encodeAll(
  origin: Omit<LatentSource, 'backend'>,
  encoders: LatentEncoder[],
): Promise<LatentDataset> {
  const { dataset, indices, vae, flip, isShifted } = origin;
  const progress = startProgress('encode');
  try {
    return await encodeDataset(
      dataset,
      indices,
      vae.config,
      encoders,
      { flip, isShifted },
      async ({ numDone, numImages }) => {
        progress.update(numDone / numImages, `${numDone} images`);
        await setImmediate(); // lets the progress line and Ctrl-C in
      },
    );
  } finally {
    progress.stop();
    for (const encoder of encoders) encoder.dispose();
  }
}
