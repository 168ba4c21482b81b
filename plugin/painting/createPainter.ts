import { Logger } from '@babylonjs/core/Misc/logger.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { type BackendName, definedOf, isSoftwareAdapter, messageOf, selectBackend } from '../../runtime/index.ts';
import { adoptDeviceAsync, computesElsewhere, sharesDevice } from '../device.ts';
import type { Painter } from './painter.ts';
import { backendsInUse, ThreadPainter, type ThreadPainterOptions } from './threadPainter.ts';
import { Turns } from './turns.ts';
import { WorkerStartError } from './workerErrors.ts';
import { WorkerPainter } from './workerPainter.ts';

/**
 * Where pictures are made: on the GPU that draws the scene, in web workers on wasm, or in slices on this thread, as in Node.
 * `auto` takes the scene's GPU when it is one, and no other engine's models compute on theirs; else workers, and where none may
 * start this thread, with a warning.
 */
export type Compute = 'auto' | 'gpu' | 'worker' | 'thread';

export interface PainterOptions {
  /** Where pictures are made; default `auto`. */
  compute?: Compute;
  /** Milliseconds of each frame that generation may take of this thread, and of the GPU that draws: from 0; default 4. */
  frameBudgetMs?: number;
  /**
   * Web workers at most, from 1; each holds the model and paints one picture at a time. Default: two fewer than the machine has
   * cores, but at least 1 and at most 3; generators with the default share as many cores.
   */
  numWorkers?: number;
  /** Address of worker.js, where a bundler or a policy keeps the package's own from being found. */
  workerUrl?: string | URL;
  /**
   * Folder of tfjs's .wasm files, with its trailing slash, or their addresses by name; in Node the folder's path on the disk.
   * Default: where the page's script is.
   */
  wasmPaths?: string | Record<string, string>;
  /**
   * Backend of tfjs on this thread, for `thread`; default: that of the models which compute on this thread already, else the
   * fastest.
   */
  backend?: BackendName;
  /** A model whose pictures are larger is refused; default 2²⁰ pixels. Making one takes many times their memory. */
  maxPixels?: number;
}

export const PAINTER_DEFAULTS = { compute: 'auto' as Compute, frameBudgetMs: 4 };

const MAX_WORKERS = 3;

/** A core for the scene and one for the page are left alone. */
function numSpareCores(): number {
  return Math.max(1, (globalThis.navigator?.hardwareConcurrency ?? 1) - 2);
}

/** The spare cores of the page, which its generators share. */
let turns: Turns | null = null;

/** Workers of one generator, of which there are never more at work than cores to spare, whatever other generators do. */
function sharedWorkers(): { numWorkers: number; turns: Turns } {
  const numCores = numSpareCores();
  turns ??= new Turns(numCores);
  return { numWorkers: Math.min(MAX_WORKERS, numCores), turns };
}

/**
 * @param files a model folder, path → bytes
 * @throws Error when what was asked for is not there, or the model's files are wrong
 */
export async function createPainter(
  files: Record<string, Uint8Array>,
  name: string,
  scene: Scene,
  options: PainterOptions,
): Promise<Painter> {
  const { compute = PAINTER_DEFAULTS.compute } = options;
  if (!['auto', 'gpu', 'worker', 'thread'].includes(compute)) {
    throw new RangeError(`AssetGenerator: compute is "${compute}"; expected auto, gpu, worker or thread`);
  }
  if (compute === 'worker') return createInWorkers(files, name, options);
  const onThread = (place: 'gpu' | 'thread') => createOnThread(place, files, name, scene, options);
  const here = await inTurn(async () => {
    const place = compute === 'auto' ? bestFor(scene) : compute;
    return place === 'worker' ? null : onThread(place);
  });
  return (
    here ??
    createInWorkers(files, name, options).catch((error: Error) => {
      if (!(error instanceof WorkerStartError)) throw error;
      Logger.Warn(
        `AssetGenerator: ${error.message}. Until then pictures are made on this thread, which takes far longer`,
      );
      return inTurn(() => onThread('thread'));
    })
  );
}

/** Settled when the painter of this thread is there that was asked for last. */
let lastMade: Promise<void> = Promise.resolve();

/** Painters of this thread are made one after another: tfjs computes by one backend, and each counts once it is there. */
function inTurn<Made>(make: () => Promise<Made>): Promise<Made> {
  const made = lastMade.then(make);
  lastMade = made.then(ignore, ignore); // whoever asked is told what is wrong
  return made;
}

const ignore = () => {};

async function createOnThread(
  place: 'gpu' | 'thread',
  files: Record<string, Uint8Array>,
  name: string,
  scene: Scene,
  options: PainterOptions,
): Promise<Painter> {
  const { frameBudgetMs, maxPixels } = { ...PAINTER_DEFAULTS, ...definedOf(options) };
  const how = { frameBudgetMs, maxPixels, engine: scene.getEngine() };
  if (place === 'gpu') return createOnDevice(files, name, scene, how);
  const backend = await selectBackend({ backend: backendFor(options.backend), wasmPaths: options.wasmPaths });
  return ThreadPainter.CreateAsync(files, name, backend, { ...how, device: null });
}

async function createInWorkers(
  files: Record<string, Uint8Array>,
  name: string,
  { numWorkers, workerUrl, wasmPaths, maxPixels }: PainterOptions,
): Promise<Painter> {
  if (typeof Worker !== 'function') {
    const remedy = "take 'thread' or 'auto', which compute on this thread";
    throw new Error(`AssetGenerator: compute is "worker", but there are no web workers here, as in Node; ${remedy}`);
  }
  return WorkerPainter.CreateAsync(files, name, {
    ...(numWorkers === undefined ? sharedWorkers() : { numWorkers }),
    wasmPaths: wasmPaths && wholeAddresses(wasmPaths),
    maxPixels,
    createWorker: () => startWorker(workerUrl),
  });
}

/** An address that counts from the page, as those of workers do, so that it means the same in a worker, where it would count from its script. */
function wholeAddress(address: string | URL): string {
  return new URL(address, globalThis.document?.baseURI ?? globalThis.location?.href).href;
}

function wholeAddresses(wasmPaths: string | Record<string, string>): string | Record<string, string> {
  if (typeof wasmPaths === 'string') return wholeAddress(wasmPaths);
  return Object.fromEntries(Object.entries(wasmPaths).map(([file, address]) => [file, wholeAddress(address)]));
}

/**
 * The backend for another painter of this thread, on which tfjs computes by one backend at a time: the one that was asked for, or
 * that of the painters that are there.
 *
 * @throws Error when those compute by another
 */
function backendFor(asked: BackendName | undefined): BackendName | undefined {
  const other = backendsInUse().find((name) => name !== asked);
  if (other === undefined || asked === undefined) return asked ?? other;
  throw otherBackendError(`backend is "${asked}"`, other, 'take that one, or');
}

/** What is told of models that would compute beside others, by another backend or on a device. */
function otherBackendError(asked: string, other: BackendName, remedy = 'take'): Error {
  return new Error(
    `AssetGenerator: ${asked}, but other models of this page compute by "${other}" on this thread; ${remedy} compute: 'worker', or dispose its generators first`,
  );
}

function bestFor(scene: Scene): Exclude<Compute, 'auto'> {
  const engine = scene.getEngine();
  const shared = sharesDevice(engine);
  const isFree = !computesElsewhere(engine) && !backendsInUse(true)[0];
  if (shared && !isSoftwareAdapter(shared.info) && isFree) return 'gpu';
  return typeof Worker === 'function' ? 'worker' : 'thread';
}

async function createOnDevice(
  files: Record<string, Uint8Array>,
  name: string,
  scene: Scene,
  options: Omit<ThreadPainterOptions, 'device'>,
): Promise<Painter> {
  const engine = scene.getEngine();
  const shared = sharesDevice(engine);
  if (!shared) {
    throw new Error(
      `AssetGenerator: compute "gpu" needs a WebGPUEngine, this is ${engine.name}; use CreateEngineAsync`,
    );
  }
  const [other] = backendsInUse(true);
  if (other) throw otherBackendError('compute is "gpu"', other);
  const backend = await adoptDeviceAsync(engine);
  const painter = await ThreadPainter.CreateAsync(files, name, backend, { ...options, device: shared.device });
  if (engine.isDisposed || sharesDevice(engine)?.device === shared.device) return painter;
  painter.dispose(); // the device was lost meanwhile, and another is there
  return createOnDevice(files, name, scene, options);
}

/** @throws WorkerStartError where a policy allows no worker */
function startWorker(url: string | URL | undefined): Worker {
  try {
    return url === undefined ? startOwnWorker() : new Worker(url, { type: 'module' });
  } catch (error) {
    if ((error as Error).name !== 'SecurityError') throw error;
    return startForeignWorker(url ?? addressOfOwnWorker());
  }
}

/** The literal expression is what bundlers look for, which put the address in its place that they have given the worker. */
function startOwnWorker(): Worker {
  return new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
}

/** Where a bundler has put the worker: it tells nothing but the constructor that has the global name. */
function addressOfOwnWorker(): string {
  const { Worker } = globalThis;
  let address = '';
  function Listener(url: string | URL): void {
    address = String(url);
  }
  Reflect.set(globalThis, 'Worker', Listener);
  try {
    startOwnWorker();
  } finally {
    globalThis.Worker = Worker;
  }
  return address;
}

/** Addresses of scripts of this page that import one of another site, by that one's address. */
const foreignScripts = new Map<string, string>();

/** A page may not start another site's script as a worker, such as one of a CDN, but a worker of its own may import it. */
function startForeignWorker(url: string | URL): Worker {
  const href = wholeAddress(url);
  const address = foreignScripts.get(href) ?? addressOfImport(href);
  foreignScripts.set(href, address);
  try {
    return new Worker(address, { type: 'module' });
  } catch (error) {
    throw new WorkerStartError(`worker: ${messageOf(error)}`, { cause: error });
  }
}

function addressOfImport(href: string): string {
  return URL.createObjectURL(new Blob([`import ${JSON.stringify(href)};`], { type: 'text/javascript' }));
}
