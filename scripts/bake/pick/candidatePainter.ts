import type { BackendName } from '../../../runtime/index.ts';
import { openNodeBackend } from '../../node/nodeBackend.ts';
import type { PlannedPicture } from '../bakePlan.ts';
import { Baker } from '../baker.ts';
import { makeBatches } from '../batches.ts';
import { pngToLookAt } from '../pngToLookAt.ts';

/** Paints pictures on request; those that wait at the same time are painted as a batch. */
export interface CandidatePainter {
  /** A PNG as it would be baked, but not enlarged. @throws the signal's reason once the painter is disposed */
  paint(picture: PlannedPicture): Promise<Uint8Array>;
  dispose(): Promise<void>;
}

const BATCH = 8;

interface Waiting {
  picture: PlannedPicture;
  resolve: (png: Uint8Array) => void;
  reject: (error: unknown) => void;
}

export async function openPainter(backend?: BackendName): Promise<CandidatePainter> {
  const opened = await openNodeBackend(backend);
  const baker = new Baker();
  const controller = new AbortController();
  const waiting = new Map<PlannedPicture, Waiting>();
  let atWork: Promise<void> | null = null;

  async function paintAll(): Promise<void> {
    for (
      let [batch] = makeBatches([...waiting.keys()], BATCH);
      batch;
      [batch] = makeBatches([...waiting.keys()], BATCH)
    ) {
      const asked = batch.map((picture) => waiting.get(picture)!);
      for (const picture of batch) waiting.delete(picture);
      try {
        const images = await baker.make(batch, { signal: controller.signal });
        for (const [i, { picture, resolve }] of asked.entries()) {
          resolve(pngToLookAt(images[i]!, picture.look));
        }
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    atWork = null;
  }

  return {
    paint: (picture) => {
      const png = new Promise<Uint8Array>((resolve, reject) => waiting.set(picture, { picture, resolve, reject }));
      atWork ??= Promise.resolve().then(paintAll);
      return png;
    },
    dispose: async () => {
      controller.abort();
      await atWork;
      baker.dispose();
      opened.release();
    },
  };
}
