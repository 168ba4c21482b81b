// The body of a baking thread: a backend and a model of its own; makes and writes batch after batch.
import { parentPort, workerData } from 'node:worker_threads';
import type { BackendName } from '../../runtime/index.ts';
import { describeError, MISTAKE } from '../node/describeError.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { type BakedBatch, type BakeEngine, Baker, type PictureBatch } from './baker.ts';

/** What a thread receives: a batch to bake, or null to give up the current one. */
export type BakeRequest = PictureBatch | null;

/** What a thread sends back. */
export type BakeReply =
  | { share: number }
  | { baked: BakedBatch }
  | { failure: { message: string; isMistake: boolean } };

const port = parentPort;
if (!port) throw new Error('bakeWorker: this file runs as a worker thread of figment bake');
const { backend, engine } = workerData as { backend: BackendName; engine?: BakeEngine };
const opened = openNodeBackend(backend);
const baker = new Baker(engine);
const reply = (message: BakeReply) => port.postMessage(message);
let controller = new AbortController();

port.on('message', async (batch: BakeRequest) => {
  if (batch === null) return controller.abort(new DOMException('given up', 'AbortError'));
  controller = new AbortController();
  try {
    await opened;
    const { signal } = controller;
    reply({ baked: await baker.bake(batch, { signal, onStep: (share) => reply({ share }) }) });
  } catch (error) {
    const { exitCode, message } = describeError(error);
    reply({ failure: { message, isMistake: exitCode === MISTAKE } });
  }
});
