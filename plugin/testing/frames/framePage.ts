// Draws a scene frame by frame, and measures the frames while nothing else goes on or while pictures are made.
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { sharesDevice } from '../../device.ts';
import { AssetGenerator, CreateEngineAsync, type GeneratedTexture } from '../../index.ts';
import { PAINTER_DEFAULTS } from '../../painting/createPainter.ts';
import { createFrameScene, hangPortrait, NUM_PORTRAITS } from './frameScene.ts';
import { BUSY_FRAME_MS, PHASE } from './mainThread.ts';

/**
 * What goes on beside drawing: nothing; pictures, one after another on every plane; a worker that computes without end
 * and tells nobody, which takes a core and nothing else; or the page itself, which computes for BUSY_FRAME_MS in every
 * frame, so that what is measured can be checked.
 */
export type Activity = 'idle' | 'generating' | 'busyWorker' | 'busyFrames';

/** Where the page draws and where it makes pictures: with WebGL and in a worker, or both on one WebGPU device. */
export type FramePath = 'worker' | 'gpu';

const isHere = (path: FramePath | 'auto') => (path === 'auto' ? 'gpu' in navigator : path === 'gpu');

export interface FramePhase {
  /** At least what was asked for; longer where two frames take longer. */
  durationMs: number;
  /** Between the timestamps of successive frames; one at least. */
  frameMs: number[];
  /** The handles of those calls of requestAnimationFrame that drew. */
  drawHandles: number[];
  numPictures: number;
}

/** What a change of activity sets off is not measured: so long is waited before and after each phase. */
const SETTLE_MS = 500;

let engine: AbstractEngine;
let scene: Scene;
let generator: AssetGenerator;
let textures: GeneratedTexture[] = [];
let seed = 0;
let numPictures = 0;
/** Whether a picture could not be made: then none may come, and the page's errors tell why. */
let hasFailed = false;
let frameTimes: number[] = [];
let drawHandles: number[] = [];
let nextDraw: number;

/**
 * Draws, with a portrait on every plane; tells what draws, what makes the pictures, and how long it may take in a frame.
 *
 * @param path auto: as a game that leaves the choice to the plugin
 */
export async function start(path: FramePath | 'auto', model: string, [widthPx, heightPx]: readonly [number, number]) {
  const canvas = document.querySelector('canvas')!;
  [canvas.width, canvas.height] = [widthPx, heightPx];
  engine = isHere(path) ? await CreateEngineAsync(canvas) : new Engine(canvas);
  scene = createFrameScene(engine);
  generator = await AssetGenerator.LoadAsync(model, scene, { compute: path, storeBytes: 0 });
  await generator.warmUpAsync();
  textures = await Promise.all(Array.from({ length: NUM_PORTRAITS }, hangFirst));
  await scene.whenReadyAsync();
  await gpuIsDone();
  nextDraw = requestAnimationFrame(draw);
  const { reason, adapter } = generator.backend;
  const device = adapter ?? engine.extractDriverInfo();
  return { engine: engine.name, reason, device, frameBudgetMs: PAINTER_DEFAULTS.frameBudgetMs };
}

/** Two steps: it is there to be drawn, and a software GPU is slow. */
async function hangFirst(_: unknown, index: number): Promise<GeneratedTexture> {
  const label = generator.labels[index % generator.labels.length]!;
  const texture = await generator.generateTextureAsync({ label, seed: seed++, numInferenceSteps: 2 });
  hangPortrait(scene, texture, index);
  return texture;
}

function draw(time: number): void {
  frameTimes.push(time);
  drawHandles.push(nextDraw);
  nextDraw = requestAnimationFrame(draw);
  engine.beginFrame();
  scene.render();
  engine.endFrame();
}

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));
const nextFrame = () => new Promise(requestAnimationFrame);

/**
 * Draws for so long, and until two frames were drawn at least, and a picture was made where some are asked for; the trace has
 * these bounds as `PHASE`.
 */
export async function measure(
  activity: Activity,
  durationMs: number,
  settleMs: number = SETTLE_MS,
): Promise<FramePhase> {
  const stop = ACTIVITIES[activity]();
  await pause(settleMs);
  const start = performance.now();
  const numBefore = numPictures;
  [frameTimes, drawHandles] = [[], []];
  await pause(durationMs);
  const isMissing = () => activity === 'generating' && numPictures === numBefore && !hasFailed;
  while (frameTimes.length < 2 || isMissing()) await nextFrame();
  const end = performance.now();
  performance.measure(PHASE, { start, end });
  const frameMs = differences(frameTimes);
  const measured = { durationMs: end - start, frameMs, drawHandles, numPictures: numPictures - numBefore };
  stop();
  await gpuIsDone();
  await pause(settleMs);
  return measured;
}

/** Asks for so many pictures at once; the milliseconds until the GPU has them all. */
export async function timePictures(count: number): Promise<number> {
  const { labels } = generator;
  const ask = (_: unknown, i: number) =>
    generator.generateTextureAsync({ label: labels[i % labels.length]!, seed: seed++ });
  const started = performance.now();
  const made = await Promise.all(Array.from({ length: count }, ask));
  await gpuIsDone();
  const durationMs = performance.now() - started;
  for (const texture of made) texture.dispose();
  return durationMs;
}

/** A software GPU may have seconds of work before it. */
async function gpuIsDone(): Promise<void> {
  await sharesDevice(engine)?.device.queue.onSubmittedWorkDone();
}

const ACTIVITIES: Record<Activity, () => () => void> = {
  idle: () => () => {},
  generating: startGenerating,
  busyWorker: startBusyWorker,
  busyFrames: startBusyFrames,
};

/** Every plane asks for its next portrait as soon as it has one. */
function startGenerating(): () => void {
  const controller = new AbortController();
  for (const texture of textures) repeat(texture, controller.signal);
  return () => controller.abort();
}

async function repeat(texture: GeneratedTexture, signal: AbortSignal): Promise<void> {
  const numInferenceSteps = generator.info.sampleDefaults.numInferenceSteps;
  while (!signal.aborted) {
    try {
      await texture.regenerateAsync({ seed: seed++, numInferenceSteps }, { signal });
      numPictures++;
    } catch (error) {
      if ((error as Error).name === 'AbortError') continue;
      hasFailed = true;
      throw error;
    }
  }
}

function startBusyWorker(): () => void {
  const address = URL.createObjectURL(new Blob(['for (let x = 1; ; ) x = Math.sqrt(x + 1);']));
  const worker = new Worker(address);
  return () => {
    worker.terminate();
    URL.revokeObjectURL(address);
  };
}

function startBusyFrames(): () => void {
  let next = requestAnimationFrame(function compute() {
    const end = performance.now() + BUSY_FRAME_MS;
    while (performance.now() < end);
    next = requestAnimationFrame(compute);
  });
  return () => cancelAnimationFrame(next);
}

function differences(times: readonly number[]): number[] {
  return times.slice(1).map((time, i) => time - times[i]!);
}
