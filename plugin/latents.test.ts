import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runToEnd } from '../runtime/core/slices.ts';
import { createModel, decodeLatents, encodePixelsInSlices, imagesToPixels } from '../runtime/index.ts';
import { tinyModelFiles } from '../runtime/testing/tinyModel.ts';
import type { AssetGenerator } from './assetGenerator.ts';
import type { Latents } from './latents.ts';
import { createScene, loadTiny } from './testing/tinyScene.ts';

const RECIPE = { label: 'elf', seed: 7 };
/** One slice a turn of the event loop. */
const SLOW = { frameBudgetMs: 0.001 };
const ABORTED = expect.objectContaining({ name: 'AbortError' });

let scene: Scene;
let tiny: AssetGenerator;
let pixels: Uint8Array;
let numTensors: number;

beforeEach(async () => {
  scene = createScene();
  tiny = await loadTiny(scene);
  pixels = await tiny.generatePixelsAsync(RECIPE);
  await tiny.encodeAsync(pixels); // its encoder is fetched now
  ({ numTensors } = memory());
});

afterEach(() => {
  scene.getEngine().dispose();
});

/** Latents of the tiny model's shape. */
function latentsOf(change: Partial<Latents> = {}): Latents {
  return { values: new Float32Array(256), shape: [8, 8, 4], ...change };
}

describe('encodeAsync and decodeAsync', () => {
  it('are the auto-encoder of the runtime, and leave nothing behind', async () => {
    const latents = await tiny.encodeAsync(pixels);
    expect(latents.shape).toEqual([8, 8, 4]);
    const decoded = await tiny.decodeAsync(latents);
    expect(memory().numTensors).toBe(numTensors);
    const model = createModel(tinyModelFiles());
    const expected = runToEnd(encodePixelsInSlices(model, [pixels]));
    expect(latents.values).toEqual(await expected.data());
    expect(decoded).toEqual((await imagesToPixels(model, decodeLatents(model, expected)))[0]);
    model.dispose();
  });

  it("take a canvas's bytes, and what they were when asked", async () => {
    const expected = await tiny.encodeAsync(pixels);
    const bytes = new Uint8ClampedArray(pixels);
    const asked = tiny.encodeAsync(bytes);
    bytes.fill(0);
    const latents = await asked;
    expect(latents).toEqual(expected);
    const decoded = await tiny.decodeAsync(latents);
    const again = tiny.decodeAsync(latents);
    latents.values.fill(0);
    expect(await again).toEqual(decoded);
  });

  it('wait in the queue, by priority', async () => {
    const order: string[] = [];
    const lengths: number[] = [];
    tiny.onQueueChangedObservable.add((length) => lengths.push(length));
    await Promise.all([
      tiny.encodeAsync(pixels).then(() => order.push('encoded')),
      tiny.encodeAsync(pixels).then(() => order.push('encoded')),
      tiny.decodeAsync(latentsOf()).then(() => order.push('decoded')),
      tiny.traceGuidanceAsync({ ...RECIPE, priority: -1 }).then(() => order.push('traced')),
      tiny.generatePixelsAsync({ ...RECIPE, seed: 8, priority: 2 }).then(() => order.push('painted')),
    ]);
    expect(order).toEqual(['encoded', 'painted', 'encoded', 'decoded', 'traced']); // one ran when the picture came
    expect(Math.max(...lengths)).toBe(5);
    expect(tiny.queueLength).toBe(0);
  });

  it('stop between slices for a signal, and leave nothing behind', async () => {
    const slow = await loadTiny(scene, SLOW);
    await slow.encodeAsync(pixels);
    ({ numTensors } = memory());
    const started = [
      (signal: AbortSignal) => slow.encodeAsync(pixels, { signal }),
      (signal: AbortSignal) => slow.decodeAsync(latentsOf(), { signal }),
      (signal: AbortSignal) => slow.traceGuidanceAsync({ ...RECIPE, signal }),
    ];
    for (const start of started) {
      const controller = new AbortController();
      const asked = start(controller.signal);
      setTimeout(() => controller.abort(), 4);
      await expect(asked).rejects.toThrow(ABORTED);
      await expect(start(controller.signal)).rejects.toThrow(ABORTED);
    }
    await slow.encodeAsync(pixels); // behind what was aborted
    expect(memory().numTensors).toBe(numTensors);
  });

  it('reject when the generator is disposed, and afterwards', async () => {
    tiny.dispose();
    tiny = await loadTiny(scene, SLOW);
    const asked = [tiny.encodeAsync(pixels), tiny.decodeAsync(latentsOf()), tiny.traceGuidanceAsync(RECIPE)];
    const settled = Promise.allSettled(asked);
    await new Promise((resolve) => setTimeout(resolve, 4));
    tiny.dispose();
    for (const result of await settled) expect(result).toMatchObject({ status: 'rejected', reason: ABORTED });
    await expect(tiny.encodeAsync(pixels)).rejects.toThrow(/is disposed; load another/);
    await expect(tiny.decodeAsync(latentsOf())).rejects.toThrow(/is disposed/);
    await expect(tiny.traceGuidanceAsync(RECIPE)).rejects.toThrow(/is disposed/);
  });

  it('refuse what is no picture of the model, or no latents', async () => {
    const encode = (bytes: unknown) => tiny.encodeAsync(bytes as Uint8Array);
    await expect(encode(new Uint8Array(8))).rejects.toThrow(
      'encode: the picture is 8 bytes; expected 1024, RGBA of 16×16 pixels; scale it to that size',
    );
    await expect(encode(Array.from(pixels))).rejects.toThrow(/the picture is no Uint8Array; expected 1024/);
    const decode = (change: object) => tiny.decodeAsync(latentsOf(change));
    await expect(decode({ shape: [4, 8, 8] })).rejects.toThrow("the latents are 4×8×8; this model's are 8×8×4");
    await expect(decode({ shape: undefined })).rejects.toThrow(/the latents are undefined/);
    await expect(decode({ values: new Float32Array(255) })).rejects.toThrow(/there are 255 values; expected a Float32/);
    await expect(decode({ values: new Float32Array(256).fill(Number.NaN, 3, 4) })).rejects.toThrow(/value 3 is NaN/);
    expect(tiny.queueLength).toBe(0);
  });
});

describe('traceGuidanceAsync', () => {
  it('tells the timesteps with the norms', async () => {
    const trace = await tiny.traceGuidanceAsync({ ...RECIPE, guidanceScale: 3, guidanceInterval: [300, 999] });
    expect(trace.timesteps).toEqual([666, 333, 0]);
    expect(trace.guidanceNorm).toEqual([expect.any(Number), expect.any(Number), null]);
    expect(memory().numTensors).toBe(numTensors);
  });

  it('refuses what cannot be painted', async () => {
    await expect(tiny.traceGuidanceAsync({ label: 'elv' })).rejects.toThrow(/did you mean "elf"/);
    await expect(tiny.traceGuidanceAsync({ label: 'elf', guidanceScale: -1 })).rejects.toThrow(/guidanceScale is -1/);
  });
});
