import { Worker } from 'node:worker_threads';
import type { BackendName } from '../../runtime/index.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { UsageError } from '../node/usageError.ts';
import { type BakedBatch, type BakeEngine, Baker, type BakerOptions, type PictureBatch } from './baker.ts';
import type { BakeReply, BakeRequest } from './bakeWorker.ts';

/** The threads that bake at the same time, a batch each; or this thread alone. */
export interface BakeTeam {
  members: BakeMember[];
  backend: string;
  reason: string;
  dispose(): Promise<void>;
}

export interface BakeMember {
  bake(batch: PictureBatch, options: BakerOptions): Promise<BakedBatch>;
}

const isSource = import.meta.url.endsWith('.ts');

/** One job computes in this thread, on the GPU where there is one; more are threads, each on a core of the CPU. */
export async function openTeam(numJobs: number, backend?: BackendName, engine?: BakeEngine): Promise<BakeTeam> {
  if (numJobs > 1 && backend === 'webgpu') {
    throw new UsageError('bake: jobs are threads on the CPU, and webgpu is one device; leave one of the two out');
  }
  if (engine === 'onnx' && backend === 'webgpu') {
    throw new UsageError('bake: onnx computes on the CPU, and webgpu does not; leave one of the two out');
  }
  const team = numJobs > 1 ? threads(numJobs, backend ?? 'wasm', engine) : await thisThread(backend, engine);
  if (engine !== 'onnx') return team;
  return { ...team, backend: 'onnx', reason: 'The networks of diffusion models run in ONNX Runtime.' };
}

async function thisThread(backend?: BackendName, engine?: BakeEngine): Promise<BakeTeam> {
  const opened = await openNodeBackend(backend ?? (engine === 'onnx' ? 'wasm' : undefined));
  const baker = new Baker(engine);
  return {
    members: [baker],
    backend: opened.backend,
    reason: opened.reason,
    dispose: async () => {
      baker.dispose();
      opened.release();
    },
  };
}

function threads(numJobs: number, backend: BackendName, engine?: BakeEngine): BakeTeam {
  const file = new URL(isSource ? './bakeWorker.source.mjs' : './bakeWorker.js', import.meta.url);
  const workers = Array.from({ length: numJobs }, () => new Worker(file, { workerData: { backend, engine } }));
  return {
    members: workers.map((worker) => ({ bake: (batch, options) => bakeIn(worker, batch, options) })),
    backend,
    reason: `${numJobs} threads bake at the same time.`,
    dispose: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Waits for the batch to end even when it is aborted: a thread that is killed while it writes leaves half a file. */
function bakeIn(worker: Worker, batch: PictureBatch, { signal, onStep }: BakerOptions): Promise<BakedBatch> {
  const post = (request: BakeRequest) => worker.postMessage(request);
  return new Promise((resolve, reject) => {
    const onAbort = () => post(null);
    const end = () => {
      signal?.removeEventListener('abort', onAbort);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
    };
    const onError = (error: Error) => {
      end();
      reject(error);
    };
    const onExit = (code: number) => onError(new Error(`bake: a thread ended with code ${code}; give fewer --jobs`));
    const onMessage = (reply: BakeReply) => {
      if ('share' in reply) return onStep?.(reply.share);
      end();
      if ('baked' in reply) return resolve(reply.baked);
      const { message, isMistake } = reply.failure;
      reject(isMistake ? new UsageError(message) : new Error(message));
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    signal?.addEventListener('abort', onAbort);
    post(batch);
    if (signal?.aborted) onAbort();
  });
}
