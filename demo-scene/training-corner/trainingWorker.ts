// The worker of the training corner. It trains on a backend of its own, while the page goes on drawing the scene.
import { messageOf, selectBackend } from '../../runtime/index.ts';
import { afterStart } from './afterStart.ts';
import { DataChoice } from './dataChoice.ts';
import { whenOnlyPage } from './onlyPage.ts';
import type { FromTraining, ToTraining } from './protocol.ts';
import { RunStore } from './runStore.ts';
import { TrainingSession } from './session.ts';

/** The worker's own global scope, typed as far as it is used. */
const scope = globalThis as unknown as {
  postMessage(message: FromTraining): void;
  onmessage: (event: { data: ToTraining }) => void;
};

const LET_IN_INTERVAL_MS = 100;

const send = (message: FromTraining) => scope.postMessage(message);
const session = new TrainingSession(new RunStore(), send, letMessagesIn, openBackend);
const data = new DataChoice(session, send);

async function start(): Promise<void> {
  await whenOnlyPage(navigator.locks, () => {
    fail(new Error('Another page of this site has its training corner open; this one waits until that is closed.'));
  });
  try {
    await openBackend();
    await session.open();
  } catch (error) {
    send({ type: 'backend', backend: 'none', sentence: 'Nothing can be trained here.', reason: messageOf(error) });
    throw new Error(`The training corner could not start: ${messageOf(error)}. Reload the page to try again.`);
  }
}

/** Selects the backend, again where its device was lost, and tells the page which it is. */
async function openBackend(): Promise<void> {
  const { backend, reason } = await selectBackend();
  send({ type: 'backend', backend, sentence: SENTENCES[backend], reason });
}

const SENTENCES = {
  webgpu: 'Trains on the GPU, in a worker of its own.',
  wasm: 'No GPU to train on: trains on wasm in a worker, slower.',
  cpu: 'No GPU and no wasm: trains in plain JavaScript in a worker, very slowly.',
} as const;

async function handle(message: ToTraining): Promise<void> {
  switch (message.type) {
    case 'useBuiltIn':
      return data.useBuiltIn();
    case 'openFolder':
      return data.openFolder(message);
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

const receive = afterStart(start, handle, fail);

scope.onmessage = (event) => void receive(event.data);
