import { afterEach, describe, expect, it, vi } from 'vitest';
import { MissingFileError, type Recipe } from '../../runtime/index.ts';
import { collectGarbage } from '../../runtime/testing/collectGarbage.ts';
import type { PaintStep } from './painter.ts';
import { Turns } from './turns.ts';
import { sentError } from './workerErrors.ts';
import type { FromWorker, ToWorker } from './workerMessages.ts';
import { WorkerPainter } from './workerPainter.ts';

/** What the painter tells a worker, and the test's answers in its place. */
class FakeWorker {
  static all: FakeWorker[] = [];
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: ((event: { message: string }) => void) | null = null;
  readonly heard: ToWorker[] = [];
  isTerminated = false;

  constructor(private readonly loads = true) {
    FakeWorker.all.push(this);
  }

  postMessage(message: ToWorker): void {
    this.heard.push(message);
    if (message.type === 'load' && this.loads) queueMicrotask(() => this.say(LOADED));
  }

  terminate(): void {
    this.isTerminated = true;
  }

  say(message: FromWorker): void {
    this.onmessage!({ data: message });
  }
}

const info = { name: 'tiny', widthPx: 1, heightPx: 2, circularPadding: true, labels: ['elf'] };
const LOADED = {
  type: 'loaded',
  info,
  backend: { backend: 'wasm', adapter: null, reason: '' },
} as unknown as FromWorker;
const RECIPE: Recipe = { label: 'elf', seed: 1, guidanceScale: 2, numInferenceSteps: 4, sampler: 'ddim' };
const PIXELS = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

function create(numWorkers: number, loads = true): Promise<WorkerPainter> {
  const createWorker = () => new FakeWorker(loads) as unknown as Worker;
  return WorkerPainter.CreateAsync({}, 'tiny', { numWorkers, createWorker });
}

const WAIT = { interval: 1, timeout: 30_000 };

/** Lets all that is settled be heard of. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

afterEach(() => {
  FakeWorker.all = [];
});

describe('WorkerPainter', () => {
  it('gives pictures of the size that their recipe asks for', async () => {
    const painter = await create(1);
    const painted = painter.paintAsync([{ ...RECIPE, widthPx: 3, heightPx: 4 }]);
    FakeWorker.all[0]!.say({ type: 'painted', job: 0, pictures: [{ pixels: PIXELS, maps: null }] });
    const [picture] = await painted;
    expect([picture!.widthPx, picture!.heightPx]).toEqual([3, 4]);
  });

  it('gives what a worker paints, and its steps', async () => {
    const painter = await create(1);
    const steps: PaintStep[] = [];
    const painted = painter.paintAsync([RECIPE], { previewEvery: 2, onStep: (step) => steps.push(step) });
    const [worker] = FakeWorker.all;
    expect(worker!.heard[1]).toEqual({ type: 'paint', job: 0, recipes: [RECIPE], previewEvery: 2 });
    worker!.say({ type: 'step', job: 0, step: 1, numSteps: 4, previews: null });
    worker!.say({ type: 'step', job: 0, step: 2, numSteps: 4, previews: [{ pixels: PIXELS, maps: null }] });
    worker!.say({ type: 'painted', job: 0, pictures: [{ pixels: PIXELS, maps: null }] });
    const [picture] = await painted;
    expect([picture!.widthPx, picture!.heightPx]).toEqual([1, 2]);
    expect(await picture!.readPixelsAsync()).toEqual(PIXELS);
    expect(steps.map(({ step, previews }) => [step, previews?.length ?? 0])).toEqual([
      [1, 0],
      [2, 1],
    ]);
  });

  it('traces, encodes and decodes in a worker', async () => {
    const painter = await create(1);
    const [worker] = FakeWorker.all;
    const latents = { values: Float32Array.of(1, 2), shape: [1, 1, 2] } as const;
    const done = [painter.traceAsync(RECIPE), painter.encodeAsync(PIXELS), painter.decodeAsync(latents)] as const;
    expect(worker!.heard.slice(1)).toEqual([
      { type: 'trace', job: 0, recipe: RECIPE },
      { type: 'encode', job: 1, pixels: PIXELS },
      { type: 'decode', job: 2, latents },
    ]);
    worker!.say({ type: 'decoded', job: 2, pixels: PIXELS });
    worker!.say({ type: 'traced', job: 0, norms: [null, 0.5] });
    worker!.say({ type: 'encoded', job: 1, latents });
    expect(await Promise.all(done)).toEqual([[null, 0.5], latents, PIXELS]);
  });

  it('puts a VAE into every worker, those that start later too', async () => {
    const painter = await create(2);
    const files = { 'cvae/config.json': PIXELS };
    const added = painter.addPartAsync('cvae', files);
    expect(FakeWorker.all[0]!.heard[1]).toEqual({ type: 'part', part: 'cvae', job: 0, files });
    FakeWorker.all[0]!.say({ type: 'partLoaded', job: 0, hash: 'abc' });
    expect(await added).toBe('abc');
    const recipe: Recipe = { ...RECIPE, pipeline: 'cvae' };
    const painted = [painter.paintAsync([recipe]), painter.paintAsync([{ ...recipe, seed: 2 }])];
    expect(FakeWorker.all[1]!.heard.map(({ type }) => type)).toEqual(['load', 'part', 'paint']);
    FakeWorker.all[0]!.say({ type: 'painted', job: 1, pictures: [{ pixels: PIXELS, maps: null }] });
    FakeWorker.all[1]!.say({ type: 'failed', job: 0, error: new Error('damaged') });
    FakeWorker.all[1]!.say({ type: 'failed', job: 1, error: new Error('damaged') });
    expect(await painted[0]).toHaveLength(1);
    await expect(painted[1]).rejects.toThrow('damaged');
  });

  it('lets go of all files when it is disposed', async () => {
    const held = await (async () => {
      const files = [0, 1, 2].map((i) => ({ 'config.json': Uint8Array.of(i) }));
      const createWorker = () => new FakeWorker() as unknown as Worker;
      const painter = await WorkerPainter.CreateAsync(files[0]!, 'tiny', { numWorkers: 1, createWorker });
      const added = [painter.addPartAsync('cvae', files[1]!), painter.addClassifierAsync('hats', files[2]!)];
      FakeWorker.all.at(-1)!.say({ type: 'partLoaded', job: 0, hash: 'abc' });
      FakeWorker.all.at(-1)!.say({ type: 'classifierLoaded', job: 1 });
      await Promise.all(added);
      painter.dispose();
      return { painter, files: files.map((file) => new WeakRef(file)) };
    })();
    for (const { heard } of FakeWorker.all) heard.length = 0; // a worker that has ended holds none of it
    await settled();
    collectGarbage();
    expect(held.files.map((file) => file.deref())).toEqual([undefined, undefined, undefined]);
    await expect(held.painter.paintAsync([RECIPE])).rejects.toThrow(/disposed/);
  });

  it('starts a further worker only when all are busy', async () => {
    const painter = await create(2);
    const first = painter.paintAsync([RECIPE]);
    expect(FakeWorker.all.length).toBe(1);
    const second = painter.paintAsync([{ ...RECIPE, seed: 2 }]);
    expect(FakeWorker.all.length).toBe(2);
    await Promise.resolve(); // the second has loaded
    for (const worker of FakeWorker.all)
      worker.say({ type: 'painted', job: 0, pictures: [{ pixels: PIXELS, maps: null }] });
    await Promise.all([first, second]);
    const third = painter.paintAsync([RECIPE]);
    expect(FakeWorker.all.length).toBe(2);
    FakeWorker.all[0]!.say({ type: 'painted', job: 1, pictures: [{ pixels: PIXELS, maps: null }] });
    await third;
  });

  it('waits for its turn among painters that share their workers, and takes none when it is disposed', async () => {
    const turns = new Turns(1);
    const createWorker = () => new FakeWorker() as unknown as Worker;
    const share = () => WorkerPainter.CreateAsync({}, 'tiny', { numWorkers: 1, createWorker, turns });
    const painters = [await share(), await share(), await share()];
    const painted = painters.map((painter) => painter.paintAsync([RECIPE]));
    const numPaints = () => FakeWorker.all.map(({ heard }) => heard.filter(({ type }) => type === 'paint').length);
    const answer = (at: number) =>
      FakeWorker.all[at]!.say({ type: 'painted', job: 0, pictures: [{ pixels: PIXELS, maps: null }] });
    await settled();
    expect(numPaints()).toEqual([1, 0, 0]);
    painters[1]!.dispose();
    answer(0);
    await expect(painted[1]).rejects.toThrow(/disposed/);
    await settled();
    expect(numPaints()).toEqual([1, 0, 1]);
    answer(2);
    await Promise.all([painted[0], painted[2]]);
  });

  it('passes an abort on and rejects with its reason', async () => {
    const painter = await create(1);
    const controller = new AbortController();
    const painted = painter.paintAsync([RECIPE], { signal: controller.signal });
    controller.abort(new Error('enough'));
    const [worker] = FakeWorker.all;
    expect(worker!.heard.at(-1)).toEqual({ type: 'abort', job: 0 });
    worker!.say({ type: 'failed', job: 0, error: new DOMException('aborted', 'AbortError') });
    await expect(painted).rejects.toThrow('enough');
    await expect(painter.paintAsync([RECIPE], { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('rejects with what went wrong in the worker', async () => {
    const painter = await create(1);
    const painted = painter.paintAsync([RECIPE]);
    FakeWorker.all[0]!.say({ type: 'failed', job: 0, error: new RangeError('no') });
    await expect(painted).rejects.toThrow(RangeError);
  });

  it('rejects with the error of a file as it was thrown in the worker', async () => {
    const painter = await create(1);
    const added = painter.addPartAsync('teacher', {});
    const missing = new MissingFileError('loadModelFolder', 'tiny/unet_teacher/config.json', 'there is no such file');
    FakeWorker.all[0]!.say(structuredClone({ type: 'failed', job: 0, ...sentError(missing) }));
    await expect(added).rejects.toThrow(MissingFileError);
    await expect(added).rejects.toMatchObject({ fileName: missing.fileName, message: missing.message });
  });

  it('has another worker paint what one that crashed had begun, once', async () => {
    const painter = await create(1);
    const painted = painter.paintAsync([RECIPE]);
    FakeWorker.all[0]!.onerror!({ message: 'out of memory' });
    await settled();
    expect(FakeWorker.all[0]!.isTerminated).toBe(true);
    FakeWorker.all[1]!.say({ type: 'painted', job: 0, pictures: [{ pixels: PIXELS, maps: null }] });
    expect((await painted).length).toBe(1);
    const again = painter.paintAsync([RECIPE]);
    FakeWorker.all[1]!.onerror!({ message: 'out of memory' });
    await settled();
    FakeWorker.all[2]!.onerror!({ message: 'out of memory' });
    await expect(again).rejects.toThrow(/worker: out of memory/);
    expect(FakeWorker.all.length).toBe(3);
  });

  it('ends a further worker that does not load, and paints on with those that do', async () => {
    const painter = await create(2);
    const first = painter.paintAsync([RECIPE]);
    const second = painter.paintAsync([{ ...RECIPE, seed: 2 }]);
    FakeWorker.all[1]!.say({ type: 'failed', job: null, error: new Error('no wasm') });
    await settled();
    expect(FakeWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([false, true]);
    for (const job of [0, 1])
      FakeWorker.all[0]!.say({ type: 'painted', job, pictures: [{ pixels: PIXELS, maps: null }] });
    expect([(await first).length, (await second).length]).toEqual([1, 1]);
  });

  it('takes a worker that falls silent for dead, and one that answers for alive', async () => {
    const createWorker = () => new FakeWorker() as unknown as Worker;
    const painter = await WorkerPainter.CreateAsync({}, 'tiny', { numWorkers: 1, createWorker, heartbeatMs: 2 });
    const painted = painter.paintAsync([RECIPE]);
    const numPings = () => FakeWorker.all[0]!.heard.filter(({ type }) => type === 'ping').length;
    for (let answered = 0; answered < 12; answered++) {
      const before = numPings();
      await vi.waitUntil(() => numPings() > before, WAIT);
      FakeWorker.all[0]!.say({ type: 'alive' });
    }
    expect(FakeWorker.all[0]!.isTerminated).toBe(false);
    await vi.waitUntil(() => FakeWorker.all[0]!.isTerminated, WAIT);
    await vi.waitUntil(() => FakeWorker.all.length === 2, WAIT);
    FakeWorker.all[1]!.say({ type: 'painted', job: 0, pictures: [{ pixels: PIXELS, maps: null }] });
    expect((await painted).length).toBe(1);
    painter.dispose();
  });

  it('adds a classifier to the workers that live', async () => {
    const painter = await create(2);
    const painted = [painter.paintAsync([RECIPE]), painter.paintAsync([{ ...RECIPE, seed: 2 }])];
    const added = painter.addClassifierAsync('hat', {});
    FakeWorker.all[1]!.onerror!({ message: 'out of memory' });
    FakeWorker.all[0]!.say({ type: 'classifierLoaded', job: 1 });
    await added;
    for (const job of [0, 2])
      FakeWorker.all[0]!.say({ type: 'painted', job, pictures: [{ pixels: PIXELS, maps: null }] });
    expect(await Promise.all(painted)).toHaveLength(2);
  });

  it('does not come to be when the model does not load', async () => {
    const creating = create(1, false);
    FakeWorker.all[0]!.say({ type: 'failed', job: null, error: new Error('damaged') });
    await expect(creating).rejects.toThrow('damaged');
    expect(FakeWorker.all[0]!.isTerminated).toBe(true);
  });

  it('ends its workers and rejects what they paint when it is disposed', async () => {
    const painter = await create(1);
    const painted = painter.paintAsync([RECIPE]);
    painter.dispose();
    await expect(painted).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(FakeWorker.all[0]!.isTerminated).toBe(true);
    await expect(painter.paintAsync([RECIPE])).rejects.toThrow(/was disposed/);
  });
});
