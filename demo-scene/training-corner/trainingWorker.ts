// The worker of the training corner. It trains on a backend of its own, while the page goes on drawing the scene.
import { DatasetError, messageOf, openDataset, selectBackend } from '../../runtime/index.ts';
import { builtInDataset } from './builtInDataset.ts';
import { folderSource, pngDecoder } from './folderSource.ts';
import type { FromTraining, ToTraining } from './protocol.ts';
import { RunStore } from './runStore.ts';
import { TrainingSession } from './session.ts';
import { MAX_PICTURE_SIDE_PX } from './smallTraining.ts';

/** The worker's own global scope, typed as far as it is used. */
const scope = globalThis as unknown as {
  postMessage(message: FromTraining): void;
  onmessage: (event: { data: ToTraining }) => void;
};

const WASM_URL = new URL('./tfjs-backend-wasm-simd.wasm', import.meta.url);
const LOCK = 'figment-training';
const PATIENCE_MS = 1500;
const LET_IN_INTERVAL_MS = 100;

const send = (message: FromTraining) => scope.postMessage(message);
const session = new TrainingSession(new RunStore(), send, letMessagesIn, openBackend);
const started = start();

async function start(): Promise<void> {
  await alone();
  await openBackend();
  await session.open();
}

/** Selects the backend, again where its device was lost, and tells the page which it is. */
async function openBackend(): Promise<void> {
  const { backend, reason } = await selectBackend({ wasmPaths: { 'tfjs-backend-wasm-simd.wasm': WASM_URL.href } });
  send({ type: 'backend', backend, sentence: SENTENCES[backend], reason });
}

/** Waits until no other page trains, because two would overwrite each other's checkpoints. */
async function alone(): Promise<void> {
  const waiting = setTimeout(() => {
    fail(new Error('Another page of this site has its training corner open; this one waits until that is closed.'));
  }, PATIENCE_MS);
  await new Promise<void>((resolve, reject) => {
    const holdForever = () => {
      resolve();
      return new Promise(() => {});
    };
    navigator.locks.request(LOCK, holdForever).catch(reject);
  });
  clearTimeout(waiting);
}

const SENTENCES = {
  webgpu: 'Trains on the GPU, in a worker of its own.',
  wasm: 'No GPU to train on: trains on wasm in a worker, slower.',
  cpu: 'No GPU and no wasm: trains in plain JavaScript in a worker, very slowly.',
} as const;

async function handle(message: ToTraining): Promise<void> {
  await started;
  switch (message.type) {
    case 'useBuiltIn':
      return session.useDataset(builtInDataset(), true);
    case 'openFolder':
      return openFolder(message);
    case 'train':
      return session.train(message.settings);
    case 'pause':
      return session.pause();
    case 'save':
      return session.save();
    case 'startOver':
      return session.startOver();
    case 'makeModel':
      return session.makeModel();
  }
}

/** Longest side of a sheet, which holds many pictures. */
const MAX_SHEET_SIDE_PX = 8192;

async function openFolder({ name, files }: ToTraining & { type: 'openFolder' }): Promise<void> {
  const hasSheets = files.some(({ path }) => path === 'dataset.json');
  const decode = pngDecoder(hasSheets ? MAX_SHEET_SIDE_PX : MAX_PICTURE_SIDE_PX);
  try {
    session.useDataset(await openDataset(folderSource(name, files), decode), false);
  } catch (error) {
    const problems = error instanceof DatasetError ? [...error.problems] : [messageOf(error)];
    send({ type: 'problems', name, problems });
  }
}

let letInAt = 0;

/** Lets messages in now and then. It does not after each step, as a timer takes 4 ms, and a step on a GPU may take no longer. */
async function letMessagesIn(): Promise<void> {
  if (performance.now() - letInAt < LET_IN_INTERVAL_MS) return;
  await new Promise((resolve) => setTimeout(resolve));
  letInAt = performance.now();
}

function fail(error: unknown): void {
  send({ type: 'failed', message: messageOf(error) });
}

scope.onmessage = ({ data }) => {
  handle(data).catch(fail);
};
