// Generates in a real page, with the engine and on the path that the test asks for.

import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { Scene } from '@babylonjs/core/scene.js';
import { memory, engine as tfjs } from '@tensorflow/tfjs-core';
import { sharesDevice } from '../device.ts';
import {
  AssetGenerator,
  type Compute,
  CreateEngineAsync,
  type GeneratedTexture,
  type RecipeOptions,
} from '../index.ts';

let engine: AbstractEngine;
let scene: Scene;
let generator: AssetGenerator;
let texture: GeneratedTexture;
let numQueued = 0;

/** Frames of a software renderer are few; each may hold much work. */
const SETTINGS = { numWorkers: 1, frameBudgetMs: 200 };

const canvas = () => document.querySelector('canvas')!;

/** Starts an engine with an empty scene that is drawn frame by frame. */
export async function start(kind: 'webgpu' | 'webgl'): Promise<string> {
  engine = kind === 'webgl' ? new Engine(canvas(), false) : await CreateEngineAsync(canvas(), { antialias: false });
  scene = new Scene(engine);
  new FreeCamera('camera', new Vector3(0, 0, -3), scene);
  engine.runRenderLoop(() => scene.render());
  return engine.name;
}

/** Loads a model in the place of the one before; the backend, and the reason for it. */
export async function load(model: string, compute: Compute): Promise<string> {
  generator?.dispose();
  generator = await AssetGenerator.LoadAsync(model, scene, { compute, ...SETTINGS });
  numQueued = 0;
  generator.onQueueChangedObservable.add(() => numQueued++);
  return `${generator.backend.backend}: ${generator.backend.reason}`;
}

/** How often data came back from the GPU, and how many pipelines were made, while `work` ran. */
interface GpuCalls {
  numReadBacks: number;
  numPipelines: number;
}

async function countGpuCalls(work: () => Promise<unknown>): Promise<GpuCalls> {
  const { mapAsync } = GPUBuffer.prototype;
  const { createComputePipeline } = GPUDevice.prototype;
  const calls = { numReadBacks: 0, numPipelines: 0 };
  GPUBuffer.prototype.mapAsync = function (...values) {
    calls.numReadBacks++;
    return mapAsync.apply(this, values);
  };
  GPUDevice.prototype.createComputePipeline = function (...values) {
    calls.numPipelines++;
    return createComputePipeline.apply(this, values);
  };
  await work();
  GPUBuffer.prototype.mapAsync = mapAsync;
  GPUDevice.prototype.createComputePipeline = createComputePipeline;
  return calls;
}

/** Makes a texture. */
export async function generate(recipe: RecipeOptions): Promise<GpuCalls | null> {
  const work = async () => {
    texture = await generator.generateTextureAsync(recipe);
  };
  if (sharesDevice(engine)) return countGpuCalls(work);
  await work();
  return null;
}

/** The texels of a clone of the texture, and its picture in a canvas, its rows from the top. */
export async function copies(): Promise<{ clone: number[]; canvas: number[] }> {
  const clone = texture.clone();
  const drawn = document.createElement('canvas');
  await texture.drawTo(drawn);
  const { data } = drawn.getContext('2d')!.getImageData(0, 0, drawn.width, drawn.height);
  const texels = await clone.readPixels();
  clone.dispose();
  return { clone: [...(texels as Uint8Array)], canvas: [...data] };
}

/** How far guidance goes at each step of a recipe. */
export async function trace(recipe: RecipeOptions): Promise<readonly (number | null)[]> {
  return (await generator.traceGuidanceAsync(recipe)).guidanceNorm;
}

/** A recipe's picture through the auto-encoder: its latents, and what they stand for. */
export async function autoencode(
  recipe: RecipeOptions,
): Promise<{ values: number[]; shape: number[]; pixels: number[] }> {
  const latents = await generator.encodeAsync(await generator.generatePixelsAsync(recipe));
  const pixels = await generator.decodeAsync(latents);
  return { values: [...latents.values], shape: [...latents.shape], pixels: [...pixels] };
}

/** A recipe's picture, and one of seed 3 that begins from it. */
export async function edit(
  recipe: RecipeOptions,
  { mask, ...how }: { strength?: number; mask?: number[]; resamples?: number },
): Promise<{ image: number[]; picture: number[] }> {
  const image = await generator.generatePixelsAsync(recipe);
  const { interpolate: _interpolate, ...plain } = recipe;
  const edited = { ...plain, seed: 3, image, ...how, ...(mask && { mask: Uint8Array.from(mask) }) };
  const picture = await generator.generatePixelsAsync(edited);
  return { image: [...image], picture: [...picture] };
}

/** A texture of the pipeline cvae+ddpm: as it is first shown, and at the end. Rows as the GPU has them. */
export async function refine(recipe: RecipeOptions): Promise<{ first: number[]; last: number[] }> {
  const begun = generator.beginTexture({ ...recipe, pipeline: 'cvae+ddpm' });
  texture = begun.texture;
  const first = new Promise<number[]>((resolve) => {
    texture.onProgressObservable.add(({ step }) => {
      if (step === 0) resolve(readTexture());
    });
  });
  await begun.finished;
  return { first: await first, last: await readTexture() };
}

/** Whether anything had to be painted since the model was loaded. */
export function hasPainted(): boolean {
  return numQueued > 0;
}

export async function warmUp(): Promise<void> {
  await generator.warmUpAsync();
}

/** The texture's bytes as the GPU has them, its first row first. */
export async function readTexture(): Promise<number[]> {
  return read(texture);
}

/** The sheet of sprites with these labels, its top row first, and what is in its cells. */
export async function sprites(labels: string[], count: number, seed: number, numInferenceSteps: number) {
  const made = await generator.generateSpritesAsync({ labels, count, seed, numInferenceSteps });
  const pixels = Array.from((await made.texture.readPixels()) as Uint8Array);
  const cells = made.cells.map((cell) => `${cell!.label}-${cell!.seed}`);
  const widthPx = made.texture.getSize().width;
  made.dispose();
  return { pixels, cells, widthPx };
}

/** What is alive: tensors of tfjs, bytes of its buffers, textures of the scene. */
export function alive(): { tensors: number; bytes: number; textures: number } {
  const textures = scene.textures.length;
  if (Object.keys(tfjs().registry).length === 0) return { tensors: 0, bytes: 0, textures }; // all is in the worker
  const { numTensors, numBytesInGPU = 0 } = memory() as { numTensors: number; numBytesInGPU?: number };
  return { tensors: numTensors, bytes: numBytesInGPU, textures };
}

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));

/** A transparent picture, encoded and decoded. */
async function reencode(short: AssetGenerator, signal: AbortSignal): Promise<Uint8Array> {
  const [widthPx, heightPx] = short.sizePx;
  const latents = await short.encodeAsync(new Uint8Array(4 * widthPx * heightPx), { signal });
  return short.decodeAsync(latents, { signal });
}

/** Generates, aborts and disposes so many times, on one generator after another. */
export async function churn(model: string, compute: Compute, numCycles: number): Promise<number> {
  let numFinished = 0;
  const perGenerator = 8;
  for (let cycle = 0; cycle < numCycles; cycle += perGenerator) {
    const short = await AssetGenerator.LoadAsync(model, scene, { compute, ...SETTINGS, storeBytes: 0 });
    const asked = Array.from({ length: perGenerator }, async (_, i) => {
      const controller = new AbortController();
      if (i % 3 === 0) setTimeout(() => controller.abort(), 5 * i);
      const { signal } = controller;
      const recipe = { label: 'elf', seed: i, numInferenceSteps: 1, signal };
      if (i % 8 === 5) return reencode(short, signal);
      if (i % 8 === 6) return short.traceGuidanceAsync(recipe);
      const made = await short.generateTextureAsync(recipe);
      numFinished++;
      made.dispose();
    });
    const settled = Promise.allSettled(asked);
    await Promise.all([asked[1], asked[2]]);
    short.dispose();
    await settled;
  }
  return numFinished;
}

/** Disposes the generator and all that it made. */
export function leave(): void {
  generator.dispose();
  for (const made of [...scene.textures]) made.dispose();
}

/**
 * Takes the device away while a picture is made and a model is loaded. How pictures are afterwards, beside how they were: of the
 * generator that goes on, of one that was disposed (a texture, a sheet of sprites), and of the one that was loaded meanwhile.
 */
export async function loseDevice(model: string, shown: RecipeOptions, next: RecipeOptions): Promise<string[]> {
  const another = () => AssetGenerator.LoadAsync(model, scene, { compute: 'gpu', ...SETTINGS, storeBytes: 0 });
  const short = await another();
  const made = [
    await short.generateTextureAsync(shown),
    (await short.generateSpritesAsync({ recipes: [shown] })).texture,
  ];
  const plain = await short.generatePixelsAsync(shown);
  short.dispose();
  const all = [texture, ...(made as GeneratedTexture[])];
  const before = await Promise.all(all.map(read));
  const redrawn = all.map(
    ({ onLoadObservable }) => new Promise<void>((done) => onLoadObservable.addOnce(() => done())),
  );
  const pending = generator.generateTextureAsync(next);
  await pause(30);
  sharesDevice(engine)!.device.destroy();
  const loaded = await another();
  [texture] = await Promise.all([pending, ...redrawn]);
  const after = await Promise.all(all.map(read));
  const plainAfter = await loaded.generatePixelsAsync(shown);
  for (const one of [loaded, ...made]) one.dispose();
  return [...after.map((pixels, i) => comparison(before[i]!, pixels)), comparison([...plain], [...plainAfter])];
}

async function read(shown: BaseTexture): Promise<number[]> {
  return Array.from((await shown.readPixels()) as Uint8Array);
}

function comparison(before: number[], after: number[]): string {
  const numWrong = after.filter((value, i) => Math.abs(value - before[i]!) > 1).length;
  return numWrong === 0 ? 'the same' : `${numWrong} bytes differ`;
}

/** Takes WebGL's context away and gives it back. */
export async function loseContext(): Promise<void> {
  const lost = new Promise((resolve) => canvas().addEventListener('webglcontextlost', resolve, { once: true }));
  const restored = new Promise<void>((resolve) => engine.onContextRestoredObservable.addOnce(() => resolve()));
  const extension = canvas().getContext('webgl2')!.getExtension('WEBGL_lose_context')!;
  extension.loseContext();
  await lost;
  await pause(0); // while the event is on its way, the context cannot be restored
  extension.restoreContext();
  await restored;
}

/** Why a model does not load without its worker. */
export async function loadWithoutWorker(model: string): Promise<string> {
  const loading = AssetGenerator.LoadAsync(model, scene, { compute: 'worker', workerUrl: 'nowhere.js' });
  return loading.then(
    () => 'it loads',
    (error: Error) => error.message,
  );
}
