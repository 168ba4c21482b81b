import { resolveObjectURL } from 'node:buffer';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { getBackend } from '@tensorflow/tfjs-core';
import { afterEach, expect, it, vi } from 'vitest';
import type { BackendName } from '../../runtime/index.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import * as device from '../device.ts';
import { createScene } from '../testing/tinyScene.ts';
import { createPainter } from './createPainter.ts';
import type { Painter } from './painter.ts';
import { backendsInUse, ThreadPainter } from './threadPainter.ts';
import { Turns } from './turns.ts';
import { WorkerPainter } from './workerPainter.ts';

const started: string[] = [];

/** A worker as a page has it, which may not be of another site, and which ends at once. */
class FakeWorker {
  onerror: (event: { message: string }) => void = () => {};

  constructor(url: string | URL) {
    started.push(String(url));
    if (String(url).startsWith('https://')) throw new DOMException('it is of another site', 'SecurityError');
  }

  postMessage(): void {
    setTimeout(() => this.onerror({ message: 'it ends' }));
  }

  terminate(): void {}
}

/** Addresses as a bundler leaves them that puts the worker on another site, under a name with a hash. */
class BundledUrl extends URL {
  static readonly OF_WORKER = 'https://cdn.example/assets/worker-Dmo4f.js';

  constructor(url: string | URL, base?: string | URL) {
    super(url === './worker.js' ? BundledUrl.OF_WORKER : url, base);
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
  started.length = 0;
});

it('starts a worker of another site by a worker of this page that imports it', async () => {
  vi.stubGlobal('Worker', FakeWorker);
  const scene = createScene();
  const options = { compute: 'worker', workerUrl: 'https://cdn.example/figment/worker.js' } as const;
  await expect(createPainter(await tinyModelFolder(), 'tiny', scene, options)).rejects.toThrow(/it ends/);
  const [foreign, own] = started;
  expect(foreign).toBe('https://cdn.example/figment/worker.js');
  expect(own).toMatch(/^blob:/);
  expect(await resolveObjectURL(own!)!.text()).toBe('import "https://cdn.example/figment/worker.js";');
  scene.getEngine().dispose();
});

it('imports its own worker by the address that a bundler has given it, where that is of another site', async () => {
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('URL', BundledUrl);
  const scene = createScene();
  await expect(createPainter(await tinyModelFolder(), 'tiny', scene, { compute: 'worker' })).rejects.toThrow(/it ends/);
  const [foreign, own] = started;
  expect(foreign).toBe(BundledUrl.OF_WORKER);
  expect(await resolveObjectURL(own!)!.text()).toBe(`import "${BundledUrl.OF_WORKER}";`);
  expect(globalThis.Worker).toBe(FakeWorker);
  scene.getEngine().dispose();
});

it('makes painters of this thread one after another, so that none computes by a backend that is gone', async () => {
  const scene = createScene();
  const files = await tinyModelFolder();
  const make = (backend: BackendName) => createPainter(files, 'tiny', scene, { compute: 'thread', backend });
  const made = await Promise.allSettled([make('wasm'), make('cpu')]);
  expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect((made[1] as PromiseRejectedResult).reason.message).toContain('other models of this page compute by "wasm"');
  (made[0] as PromiseFulfilledResult<Painter>).value.dispose();
  scene.getEngine().dispose();
});

it('has all generators share the spare cores, but those whose number of workers is stated', async () => {
  vi.stubGlobal('Worker', FakeWorker);
  const created = vi.spyOn(WorkerPainter, 'CreateAsync').mockResolvedValue({} as WorkerPainter);
  const scene = createScene();
  for (const numWorkers of [undefined, undefined, 2])
    await createPainter({}, 'tiny', scene, { compute: 'worker', numWorkers });
  const [first, second, own] = created.mock.calls.map(([, , { turns }]) => turns);
  expect(first).toBeInstanceOf(Turns);
  expect(second).toBe(first);
  expect(own).toBeUndefined();
  created.mockRestore();
  scene.getEngine().dispose();
});

it('tells workers where wasm is as the page means it, from which relative addresses count', async () => {
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('location', { href: 'https://game.example/play/index.html' });
  const created = vi.spyOn(WorkerPainter, 'CreateAsync').mockResolvedValue({} as WorkerPainter);
  const scene = createScene();
  const file = 'tfjs-backend-wasm-simd.wasm';
  for (const wasmPaths of ['figment/', '/figment/', { [file]: 'here.wasm' }, 'https://cdn.example/', undefined])
    await createPainter({}, 'tiny', scene, { compute: 'worker', wasmPaths });
  expect(created.mock.calls.map(([, , { wasmPaths }]) => wasmPaths)).toEqual([
    'https://game.example/play/figment/',
    'https://game.example/figment/',
    { [file]: 'https://game.example/play/here.wasm' },
    'https://cdn.example/',
    undefined,
  ]);
  created.mockRestore();
  scene.getEngine().dispose();
});

it('computes on this thread by one backend at a time', async () => {
  const scene = createScene();
  const files = await tinyModelFolder();
  const create = (backend?: BackendName) => createPainter(files, 'tiny', scene, { compute: 'thread', backend });
  expect(backendsInUse()).toEqual([]);
  const first = await create('wasm');
  await expect(create('cpu')).rejects.toThrow(
    /^AssetGenerator: backend is "cpu", but other models of this page compute by "wasm" on this thread; take that one, or/,
  );
  expect(getBackend()).toBe('wasm');
  const second = await create();
  expect(second.backend.backend).toBe('wasm');
  first.dispose();
  first.dispose();
  await expect(create('cpu')).rejects.toThrow('compute by "wasm"');
  second.dispose();
  const third = await create('cpu');
  expect(third.backend.backend).toBe('cpu');
  const fourth = await create();
  expect(fourth.backend.backend).toBe('cpu');
  for (const painter of [third, fourth]) painter.dispose();
  expect(backendsInUse()).toEqual([]);
  scene.getEngine().dispose();
});

it('computes on the device of no scene while models compute on this thread without it', async () => {
  const scene = createScene();
  const files = await tinyModelFolder();
  const onDevice = () => createPainter(files, 'tiny', scene, { compute: 'gpu' });
  const shared = vi.spyOn(device, 'sharesDevice').mockReturnValue({} as ReturnType<typeof device.sharesDevice>);
  const adopted = vi.spyOn(device, 'adoptDeviceAsync').mockRejectedValue(new Error('it would be adopted'));
  const painter = await createPainter(files, 'tiny', scene, { compute: 'thread', backend: 'wasm' });
  await expect(onDevice()).rejects.toThrow(/compute is "gpu", but other models of this page compute by "wasm" on this/);
  expect(adopted).not.toHaveBeenCalled();
  painter.dispose();
  await expect(onDevice()).rejects.toThrow('it would be adopted');
  for (const spy of [shared, adopted]) spy.mockRestore();
  scene.getEngine().dispose();
});

it('computes on this thread, with a warning, where no worker starts', async () => {
  vi.stubGlobal('Worker', FakeWorker);
  const warned = vi.spyOn(Logger, 'Warn').mockImplementation(() => {});
  const scene = createScene();
  const painter = await createPainter(await tinyModelFolder(), 'tiny', scene, {});
  expect(painter).toBeInstanceOf(ThreadPainter);
  expect(started).toHaveLength(1);
  expect(warned.mock.calls.join()).toMatch(/worker: it ends; check .*Until then pictures are made on this thread/);
  painter.dispose();
  warned.mockRestore();
  scene.getEngine().dispose();
});

it('does not compute on this thread what a worker found wrong', async () => {
  vi.stubGlobal('Worker', FakeWorker);
  const created = vi.spyOn(WorkerPainter, 'CreateAsync').mockRejectedValue(new RangeError('it is too large'));
  const scene = createScene();
  await expect(createPainter(await tinyModelFolder(), 'tiny', scene, {})).rejects.toThrow('it is too large');
  expect(backendsInUse()).toEqual([]);
  created.mockRestore();
  scene.getEngine().dispose();
});

it('says what to take where there are no web workers', async () => {
  const scene = createScene();
  const refused = createPainter(await tinyModelFolder(), 'tiny', scene, { compute: 'worker' });
  await expect(refused).rejects.toThrow(/there are no web workers here, as in Node; take 'thread' or 'auto'/);
  scene.getEngine().dispose();
});
