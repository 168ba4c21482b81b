import { Worker } from 'node:worker_threads';
import type { GradientWorker } from '../../runtime/index.ts';

const isSource = import.meta.url.endsWith('.ts');

/** Starts threads that compute gradients on wasm. */
export function startGradientWorkers(count: number): GradientWorker[] {
  return Array.from({ length: count }, () => {
    const file = new URL(isSource ? './gradientWorker.source.mjs' : './gradientWorker.js', import.meta.url);
    const worker = new Worker(file);
    return {
      postMessage: (message) => worker.postMessage(message),
      onMessage: (listener) => {
        worker.removeAllListeners('message');
        worker.on('message', listener);
      },
      onError: (listener) => {
        worker.removeAllListeners('error').removeAllListeners('exit');
        worker.on('error', listener);
        worker.on('exit', (code) =>
          listener(new Error(`train: a thread ended with code ${code}; give fewer --workers`)),
        );
      },
      terminate: async () => {
        worker.removeAllListeners('exit');
        await worker.terminate();
      },
    };
  });
}
