import { getBackend, memory, setBackend } from '@tensorflow/tfjs-core';
import { IDBObjectStore } from 'fake-indexeddb';
import { createStore, get, set } from 'idb-keyval';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { useIndexedDb } from '../../plugin/testing/indexedDb.ts';
import * as runtime from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyFrames } from '../../runtime/testing/tinyFrames.ts';
import { openNodeBackend } from '../../scripts/node/nodeBackend.ts';
import type { FromTraining, SampleSheet, TrainingSettings, TrainingState } from './protocol.ts';
import { RunStore } from './runStore.ts';
import { TrainingSession } from './session.ts';
import * as smallTraining from './smallTraining.ts';

useIndexedDb();

const dataset = tinyDataset({ perClass: 4, widthPx: 16, heightPx: 16 });
const STEPS = (vae: number, ddpm: number): TrainingSettings => ({
  vae: { unit: 'steps', amount: vae },
  ddpm: { unit: 'steps', amount: ddpm },
});

let store: RunStore;
/** What the first test's training has come to. */
let uninterrupted: { state: TrainingState; files: Record<string, Uint8Array> };

/** Narrow networks, small batches, and sheets in few steps; what the page takes is tested in smallTraining.test.ts. */
const SMALL = { batchSize: 4, microBatchSize: 4 };
const NARROW = { block_out_channels: [8, 16] };
const { vaeOptionsOf, diffusionOptionsOf, smallVaeConfig, smallUNetConfig } = smallTraining;
const { sampleSheet } = runtime;

beforeAll(async () => {
  await openNodeBackend('wasm');
});

beforeEach(() => {
  vi.spyOn(smallTraining, 'vaeOptionsOf').mockImplementation((...of) => ({ ...vaeOptionsOf(...of), ...SMALL }));
  vi.spyOn(smallTraining, 'diffusionOptionsOf').mockImplementation((of) => ({ ...diffusionOptionsOf(of), ...SMALL }));
  vi.spyOn(smallTraining, 'smallVaeConfig').mockImplementation((of) => ({ ...smallVaeConfig(of), ...NARROW }));
  vi.spyOn(smallTraining, 'smallUNetConfig').mockImplementation((of) => ({ ...smallUNetConfig(of), ...NARROW }));
  vi.spyOn(runtime, 'sampleSheet').mockImplementation((model, options, onLabel) =>
    sampleSheet(model, { ...options, numInferenceSteps: 2 }, onLabel),
  );
  store = new RunStore();
});

/** A session as its page sees it. @param pauseAfter steps of the phase, then it is paused once */
function begin(pauseAfter?: { phase: string; step: number }) {
  const seen = {
    states: [] as TrainingState[],
    sheets: [] as SampleSheet[],
    models: [] as Record<string, Uint8Array>[],
    failures: [] as string[],
  };
  let turns = 0;
  const openBackend = vi.fn(async () => {
    await setBackend('wasm');
  });
  const session = new TrainingSession(
    store,
    (message: FromTraining) => {
      if (message.type === 'state') seen.states.push(message.state);
      if (message.type === 'sheet') seen.sheets.push(message.sheet);
      if (message.type === 'model') seen.models.push(message.files);
      if (message.type === 'failed') seen.failures.push(message.message);
    },
    async () => {
      const phase = seen.states.at(-1)?.phase;
      turns = phase === pauseAfter?.phase && seen.states.at(-1)?.status === 'training' ? turns + 1 : 0;
      if (turns === pauseAfter?.step) void session.pause();
    },
    openBackend,
  );
  return { session, seen, openBackend, last: () => seen.states.at(-1)! };
}

async function modelOf({ session, seen }: ReturnType<typeof begin>): Promise<Record<string, Uint8Array>> {
  await session.makeModel();
  return seen.models.at(-1)!;
}

it('trains both phases, shows what they learn, and makes a model that generates', async () => {
  const before = memory().numTensors;
  const run = begin();
  await run.session.open();
  expect(run.last()).toMatchObject({ status: 'empty', dataset: null, hasModel: false });
  run.session.useDataset(dataset, false);
  expect(run.last()).toMatchObject({ status: 'ready', dataset: { labels: dataset.labels, numImages: 12 } });
  await run.session.train(STEPS(3, 3));
  expect(run.last()).toMatchObject({ status: 'finished', phase: 'ddpm', hasModel: true, notice: '' });
  expect(run.last().progress.vae.curve.steps).toEqual([1, 2, 3]);
  expect(run.last().progress.ddpm).toMatchObject({ step: 3, share: 1 });
  expect(run.seen.sheets.map(({ picture }) => [picture.width, picture.height])).toEqual([
    [128, 48],
    [128, 96],
    [128, 48],
  ]);
  const files = await modelOf(run);
  expect(memory().numTensors).toBe(before);
  const model = runtime.createModel(await runtime.loadModelFolder(runtime.memorySource(files)));
  const [pixels] = await runtime.generate(model, [{ label: 'disc', seed: 4 }], { numInferenceSteps: 2 });
  expect(pixels).toHaveLength(16 * 16 * 4);
  expect(model.index.figment).toMatchObject({ name: 'tiny', licence: 'CC0-1.0', pixelArt: true });
  model.dispose();
  expect(run.openBackend, 'for the training and for the model').toHaveBeenCalledTimes(2);
  uninterrupted = { state: run.last(), files };
});

it('opens the backend again whenever it goes on', async () => {
  const { session, openBackend, last } = begin({ phase: 'vae', step: 1 });
  session.useDataset(dataset, false);
  openBackend.mockRejectedValueOnce(new Error('the device is lost'));
  await session.train(STEPS(2, 1));
  expect(last()).toMatchObject({ status: 'paused', notice: 'The training stopped: the device is lost' });
  await setBackend('cpu');
  await session.train(STEPS(2, 1));
  expect(getBackend()).toBe('wasm');
  expect(last().progress.vae.step).toBe(1);
});

it.each(['vae', 'ddpm'])('goes on after a reload in the phase %s exactly as if nothing had been', async (phase) => {
  const first = begin({ phase, step: 2 });
  first.session.useDataset(dataset, false);
  await first.session.train(STEPS(3, 3));
  expect(first.last()).toMatchObject({ status: 'paused', phase });
  expect(first.last().progress[phase as 'vae'].step).toBe(2);
  const second = begin();
  await second.session.open();
  expect(second.last()).toMatchObject({
    status: 'paused',
    phase,
    settings: STEPS(3, 3),
    dataset: first.last().dataset,
  });
  await second.session.train(STEPS(3, 3));
  expect(second.last().progress.vae.curve).toEqual(uninterrupted.state.progress.vae.curve);
  expect(second.last().progress.ddpm.curve).toEqual(uninterrupted.state.progress.ddpm.curve);
  expect(await modelOf(second)).toEqual(uninterrupted.files);
});

it('warns of a single picture, and trains on it all the same', async () => {
  const { images } = dataset;
  const one = { ...dataset, labels: ['disc'], images: images.subarray(0, 1024), classLabels: new Int32Array(1) };
  const run = begin();
  run.session.useDataset(one, false);
  expect(run.last().dataset!.warnings).toEqual([expect.stringMatching(/^With one picture/)]);
  await run.session.train(STEPS(1, 1));
  expect(run.last()).toMatchObject({ status: 'finished', hasModel: true, notice: '' });
  expect(run.last().progress.ddpm.curve.losses.every(Number.isFinite)).toBe(true);
});

it('trains on when it is given more, and forgets when it is to start over', async () => {
  const run = begin();
  run.session.useDataset(dataset, false);
  await run.session.train(STEPS(1, 1));
  await run.session.train(STEPS(1, 1));
  expect(run.last().notice).toMatch('Give it more');
  await run.session.train(STEPS(1, 3));
  expect(run.last()).toMatchObject({ status: 'finished', progress: { vae: { step: 1 }, ddpm: { step: 3 } } });
  expect(() => run.session.useDataset(dataset, true)).toThrow('start over');
  await run.session.startOver();
  expect(run.last()).toMatchObject({ status: 'ready', hasModel: false, progress: { ddpm: { step: 0 } } });
  expect(await store.load()).toBeNull();
  await run.session.makeModel();
  expect(run.seen.failures.at(-1)).toMatch('no model yet');
});

it('trains without a store, and says so', async () => {
  const run = begin();
  vi.spyOn(store, 'begin').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
  vi.spyOn(store, 'save').mockRejectedValue(new DOMException('full', 'QuotaExceededError'));
  run.session.useDataset(dataset, false);
  await run.session.train(STEPS(1, 1));
  expect(run.last()).toMatchObject({ status: 'finished', notice: expect.stringContaining('ends with this page') });
});

it('starts again, with a reason, when what is stored is damaged', async () => {
  const run = begin();
  run.session.useDataset(dataset, false);
  await run.session.train(STEPS(1, 1));
  const stored = (await store.load())!;
  const damages = [
    { checkpoint: stored.checkpoint!.subarray(0, 1000) },
    { vae: null },
    { vae: stored.checkpoint },
    { phase: 'vae' as const },
    { settings: { vae: { unit: 'minutes' as const, amount: -1 }, ddpm: stored.settings.ddpm } },
    { dataset: { ...dataset, classLabels: new Int32Array(12).fill(7) } },
    { sheet: { title: '', captions: [], picture: { width: 4, height: 4, pixels: new Uint8Array(3) } } },
  ];
  for (const damage of damages) {
    await store.begin({ ...stored, ...damage });
    const next = begin();
    await next.session.open();
    expect(next.last()).toMatchObject({ status: 'empty', dataset: null });
    expect(next.last().notice).toMatch(/cannot be used: .*\. Please start again\./);
    expect(await store.load()).toBeNull();
  }
});

it('refuses pictures of other sizes, and keeps what it has', () => {
  const run = begin();
  run.session.useDataset(dataset, true);
  expect(() => run.session.useDataset(tinyDataset({ widthPx: 18, heightPx: 18 }), false)).toThrow('multiple of');
  expect(() => run.session.useDataset(tinyFrames(), false)).toThrow('frames; train on them with the command figment');
  expect(run.last().dataset).toMatchObject({ isBuiltIn: true, widthPx: 16 });
});

/** A training of one step each in the database, by a tab that is closed now. */
async function storeTraining(): Promise<void> {
  const run = begin();
  run.session.useDataset(dataset, false);
  await run.session.train(STEPS(1, 1));
}

it('keeps what is stored when the browser does not give it, and trains without a store', async () => {
  await storeTraining();
  vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementationOnce(() => {
    throw new DOMException('not now', 'UnknownError');
  });
  store = new RunStore();
  const run = begin();
  await run.session.open();
  expect(run.last()).toMatchObject({
    status: 'empty',
    notice: expect.stringMatching(/cannot be read: not now\. It is kept/),
  });
  run.session.useDataset(dataset, false);
  await run.session.train(STEPS(1, 0.5));
  expect(run.last().notice).toMatch(/does not store the training \(what is stored could not be read, and stays/);
  await run.session.startOver();
  expect(run.last().notice).toMatch(/what the browser has stored stays: what is stored could not be read/);
  expect((await new RunStore().load())!.phase).toBe('ddpm');
});

it('keeps what is stored by a later version of the page', async () => {
  await storeTraining();
  await set('run', { version: 2 }, createStore('figment-training', 'run'));
  const run = begin();
  await run.session.open();
  expect(run.last().notice).toMatch(/another version of this page stored it\. It is kept/);
  expect(await get('run', createStore('figment-training', 'run'))).toEqual({ version: 2 });
});

it('keeps what another tab has stored in the meantime', async () => {
  await storeTraining();
  const here = begin();
  await here.session.open();
  store = new RunStore();
  const there = begin();
  await there.session.open();
  await there.session.train(STEPS(1, 3));
  await here.session.train(STEPS(1, 2));
  expect(here.last().notice).toMatch(/does not store the training \(another tab has gone on with it/);
  const stored = begin();
  await stored.session.open();
  expect(stored.last().progress.ddpm.step).toBe(3);
});
