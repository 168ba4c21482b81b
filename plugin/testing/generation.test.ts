// The plugin in a real browser, beside the same recipes baked in Node.
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { runToEnd } from '../../runtime/core/slices.ts';
import {
  classifierFolderFiles,
  createConditionalVae,
  createModel,
  createNoisyClassifier,
  decodeLatents,
  encodePixelsInSlices,
  generate,
  imagesToPixels,
  loadModelFolder,
  type ModelSource,
  memorySource,
  type PictureOptions,
  type SampleOptions,
  sample,
  selectBackend,
} from '../../runtime/index.ts';
import { largestDifference } from '../../runtime/testing/matchers.ts';
import { tinyClassifierFiles, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { diskSource } from '../../scripts/node/diskSource.ts';
import { packageRoot } from '../../scripts/node/packageRoot.ts';
import { STRICT_CSP } from '../../scripts/node/serveSite.ts';
import { describeInBrowser } from '../../scripts/testing/describeInBrowser.ts';
import type { TestPage } from '../../scripts/testing/openBrowser.ts';
import { flipped } from './tinyScene.ts';

type GenerationPage = typeof import('./generationPage.ts');

const module = 'plugin/testing/generationPage.ts';
const models = path.join(packageRoot(), 'assets/models');
const WAIT = { timeout: 60_000 };
const WIDTH_PX = 64;
const TINY_PX = 16;
/** A software GPU takes a second for a step. */
const RECIPE = { label: 'elf', seed: 7, interpolate: { seed: 9, amount: 0.3 }, guidanceScale: 2, numInferenceSteps: 2 };
/** On two generators, of which each finishes two pictures at least; what one cycle leaves behind is found exactly. */
const [NUM_CYCLES, NUM_FINISHED] = [16, 4];
/** The largest difference of a byte: sums in another order round differently. */
const TOLERANCE = 2;

async function bake(source: ModelSource, requests: PictureOptions[], options: SampleOptions): Promise<Uint8Array[]> {
  await selectBackend({ backend: 'wasm' });
  const model = createModel(await loadModelFolder(source));
  const pixels = await generate(model, requests, options);
  model.dispose();
  return pixels;
}

/** What the auto-encoder makes of a picture, and how far guidance goes, by the runtime in Node. */
async function reference(source: ModelSource, pixels: Uint8Array, recipe: typeof RECIPE) {
  await selectBackend({ backend: 'wasm' });
  const model = createModel(await loadModelFolder(source));
  const latents = runToEnd(encodePixelsInSlices(model, [pixels]));
  const [decoded] = await imagesToPixels(model, decodeLatents(model, latents));
  const norms: number[] = [];
  for await (const { guidanceNorm } of sample(model, [recipe], { ...recipe, measureGuidance: true })) {
    norms.push((await guidanceNorm!.data())[0]!);
  }
  const values = [...((await latents.data()) as Float32Array)];
  model.dispose();
  return { values, decoded: decoded!, norms };
}

/** Latents are of unit variance, norms below 1. */
const ROUNDING = 1e-3;

/** An edit in the page, beside the same in Node. */
async function expectEdits(page: TestPage<GenerationPage>): Promise<void> {
  const mask = Array.from({ length: TINY_PX ** 2 }, (_, i) => (i < TINY_PX ** 2 / 2 ? 255 : 0));
  for (const edit of [{ strength: 0.7 }, { mask, resamples: 2 }]) {
    const { picture, image } = await page.call('edit', RECIPE, edit);
    const bytes = { image: Uint8Array.from(image), ...(edit.mask && { mask: Uint8Array.from(mask) }) };
    const options = { ...sampling, ...(edit.mask ? { resamples: edit.resamples } : { strength: edit.strength! }) };
    const [expected] = await bake(memorySource(tinyFolder), [{ label, seed: 3, ...bytes }], options);
    expect(largestDifference(picture, expected!)).toBeLessThanOrEqual(TOLERANCE);
    if (edit.mask) expect(picture.slice(4 * 128)).toEqual(image.slice(4 * 128));
  }
}

/** Pictures of the pipelines that begin with the VAE, beside the same in Node. */
async function expectPipelines(page: TestPage<GenerationPage>): Promise<void> {
  const source = memorySource(bothFolder);
  await selectBackend({ backend: 'wasm' });
  const model = createModel(await loadModelFolder(source));
  const cvae = createConditionalVae(await loadModelFolder(source, { parts: ['cvae'] }));
  const request = { label, seed, interpolate };
  const [atOnce] = await generate({ cvae }, [request], { pipeline: 'cvae' });
  const [refined] = await generate({ model, cvae }, [request], { ...sampling, pipeline: 'cvae+ddpm', strength: 0.7 });
  model.dispose();
  cvae.dispose();
  await page.call('generate', { ...request, pipeline: 'cvae' });
  expect(largestDifference(await page.call('readTexture'), flipped(atOnce!, TINY_PX))).toBeLessThanOrEqual(TOLERANCE);
  const { first, last } = await page.call('refine', { ...RECIPE, strength: 0.7 });
  expect(largestDifference(first, flipped(atOnce!, TINY_PX))).toBeLessThanOrEqual(TOLERANCE);
  expect(largestDifference(last, flipped(refined!, TINY_PX))).toBeLessThanOrEqual(2 * TOLERANCE);
}

async function expectReference(page: TestPage<GenerationPage>, recipe: typeof RECIPE): Promise<void> {
  const { values, decoded, norms } = await reference(memorySource(tinyFolder), tinyBaked, recipe);
  const made = await page.call('autoencode', recipe);
  expect(made.shape).toEqual([8, 8, 4]);
  expect(largestDifference(made.pixels, decoded)).toBeLessThanOrEqual(2 * TOLERANCE); // of a picture that differs by one
  expect(largestDifference(made.values, values)).toBeLessThan(20 * ROUNDING); // the same
  expect(largestDifference((await page.call('trace', recipe)) as number[], norms)).toBeLessThan(ROUNDING);
}

vi.setConfig({ testTimeout: 240_000 });

const { label, seed, interpolate, ...sampling } = RECIPE;
const baked = (await bake(diskSource(path.join(models, 'portraits')), [{ label, seed, interpolate }], sampling))[0]!;
const tinyFolder = await tinyModelFolder();
const bothFolder = await tinyModelFolder({ cvae: true });
const tinyBaked = (await bake(memorySource(tinyFolder), [{ label, seed, interpolate }], sampling))[0]!;

const hats = await classifierFolderFiles(tinyClassifierFiles(), { dtype: 'F32' });

/** The shipped models, the tiny one, the tiny one with a conditional VAE, and a classifier. */
const site = {
  folders: { '/models/': models },
  files: { ...filesAt('/tiny/', tinyFolder), ...filesAt('/both/', bothFolder), ...filesAt('/hat/', hats) },
};

function filesAt(address: string, folder: Record<string, Uint8Array>): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(folder).map(([name, bytes]) => [address + name, bytes]));
}

const STEERED = { label, seed, ...sampling, classifier: 'hat/', classifierLabel: 'hat', classifierScale: 20 };

/** The tiny model's picture, steered by a classifier that the recipe names by its address. */
async function expectSteered(page: TestPage<GenerationPage>): Promise<void> {
  await page.call('generate', STEERED);
  const texels = await page.call('readTexture');
  const classifier = createNoisyClassifier(tinyClassifierFiles());
  const { label: _label, seed: _seed, ...steering } = { ...STEERED, classifier };
  const [expected] = await bake(memorySource(tinyFolder), [{ label, seed }], steering);
  classifier.dispose();
  const [plain] = await bake(memorySource(tinyFolder), [{ label, seed }], sampling);
  expect(largestDifference(texels, flipped(expected!, TINY_PX))).toBeLessThanOrEqual(2 * TOLERANCE);
  expect(largestDifference(texels, flipped(plain!, TINY_PX))).toBeGreaterThan(4 * TOLERANCE);
}

/** Whether the browser keeps a picture of so many bytes for the next visit. */
function hasStored(page: TestPage<GenerationPage>, sizeBytes: number): Promise<boolean> {
  return page.playwright.evaluate(
    (size) =>
      new Promise<boolean>((resolve, reject) => {
        const opening = indexedDB.open('figment');
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const reading = opening.result.transaction('pixels').objectStore('pixels').getAll();
          reading.onsuccess = () => resolve(reading.result.some((record) => record.length === size));
          opening.result.close();
        };
      }),
    sizeBytes,
  );
}

describeInBrowser('generation with WebGL, where a policy allows no workers', (openPage) => {
  it('takes the thread that draws, and warns of it', async () => {
    const contentSecurityPolicy = STRICT_CSP.replace(/worker-src [^;]*/, "worker-src 'none'");
    expect(contentSecurityPolicy).toContain("worker-src 'none'");
    const page = await openPage<GenerationPage>({ module, ...site, contentSecurityPolicy });
    await page.call('start', 'webgl');
    expect(await page.call('load', 'tiny/', 'auto')).toMatch(/^wasm: /);
    await page.call('generate', { label: 'elf', seed: 1 });
    expect(await page.call('hasPainted')).toBe(true);
    expect(page.takeErrors().join()).toContain('worker-src');
  });
});

describeInBrowser('generation with WebGL, in a worker', (openPage, prepare) => {
  let page: TestPage<GenerationPage>;

  prepare(async () => {
    page = await openPage({ module, ...site, crossOriginIsolated: true, contentSecurityPolicy: STRICT_CSP });
    await page.call('start', 'webgl');
  });

  it('gives the picture of the bake, under a strict policy and cross-origin isolation', async () => {
    expect(await page.playwright.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await page.call('load', 'models/portraits/', 'auto')).toBe('wasm: A worker paints on wasm.');
    await page.call('generate', RECIPE);
    const texels = await page.call('readTexture');
    expect(largestDifference(texels, flipped(baked, WIDTH_PX))).toBeLessThanOrEqual(TOLERANCE);
    const alphas = texels.filter((_, i) => i % 4 === 3);
    expect([Math.min(...alphas), Math.max(...alphas)]).toEqual([0, 255]);
  });

  it('keeps a picture for the next visit', async () => {
    const recipe = { label: 'elf', seed: 3 };
    const visit = async () => {
      await page.call('load', 'tiny/', 'worker');
      await page.call('generate', recipe);
      return { texels: await page.call('readTexture'), hasPainted: await page.call('hasPainted') };
    };
    const first = await visit();
    expect(first.hasPainted).toBe(true);
    await expect.poll(() => hasStored(page, 4 * TINY_PX ** 2)).toBe(true); // the others are larger
    await page.reload();
    await page.call('start', 'webgl');
    expect(await visit()).toEqual({ texels: first.texels, hasPainted: false });
    expect(await page.playwright.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toContain(
      'figment',
    );
  });

  it('encodes, decodes and traces as the runtime does', async () => {
    await page.call('load', 'tiny/', 'worker');
    await expectReference(page, RECIPE);
  });

  it('makes a picture by a VAE at once, and sharpens it', async () => {
    await page.call('load', 'both/', 'worker');
    await expectPipelines(page);
  });

  it('varies a picture and paints a part of it again', async () => {
    await page.call('load', 'tiny/', 'worker');
    await expectEdits(page);
  });

  it('steers by a classifier as the runtime does', async () => {
    await page.call('load', 'tiny/', 'worker');
    await expectSteered(page);
  });

  it('says what is wrong when there is no worker', async () => {
    expect(await page.call('loadWithoutWorker', 'tiny/')).toMatch(
      /^worker: it did not start; check the option workerUrl/,
    );
    page.takeErrors(); // the browser reports the missing file
  });

  it('leaves nothing behind after many cycles of making, aborting and disposing', async () => {
    await page.call('leave');
    const before = await page.call('alive');
    expect(await page.call('churn', 'tiny/', 'worker', NUM_CYCLES)).toBeGreaterThanOrEqual(NUM_FINISHED);
    await expect.poll(() => page.call('alive'), WAIT).toEqual(before);
  });

  it('draws its textures again when the context was lost', async () => {
    await page.call('load', 'tiny/', 'worker');
    await page.call('generate', { label: 'elf', seed: 1 });
    const before = await page.call('readTexture');
    await page.call('loseContext');
    await expect.poll(() => page.call('readTexture'), WAIT).toEqual(before);
    page.takeErrors(); // Babylon reports the loss
  });
});

describeInBrowser('generation with WebGPU, on the device that draws', (openPage, prepare) => {
  let page: TestPage<GenerationPage>;

  prepare(async () => {
    page = await openPage({ module, ...site });
    expect(await page.call('start', 'webgpu')).toBe('WebGPU');
  });

  it('gives the picture of the bake, and no pixel visits the CPU', async () => {
    expect(await page.call('load', 'tiny/', 'gpu')).toMatch(/^webgpu: The scene is drawn on this device/);
    await page.call('warmUp'); // compiles everything: no pipeline is left to be made
    expect(await page.call('generate', RECIPE)).toEqual({ numReadBacks: 0, numPipelines: 0 });
    const texels = await page.call('readTexture');
    expect(largestDifference(texels, flipped(tinyBaked, TINY_PX))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('is cloned where it is, and drawn in a canvas', async () => {
    await page.call('load', 'tiny/', 'gpu');
    await page.call('generate', RECIPE);
    const { clone, canvas } = await page.call('copies'); // a canvas keeps no colours where it is transparent
    expect(clone).toEqual(await page.call('readTexture'));
    const opaque = canvas.flatMap((value, i) =>
      canvas[4 * Math.floor(i / 4) + 3]! >= 200 ? [[value, tinyBaked[i]!]] : [],
    );
    expect(opaque.length).toBeGreaterThan(0);
    for (const [value, baked] of opaque) expect(Math.abs(value! - baked!)).toBeLessThanOrEqual(TOLERANCE);
  });

  it('draws a sheet of sprites, each the same as in the bake', async () => {
    await page.call('load', 'tiny/', 'gpu');
    const { pixels, cells, widthPx } = await page.call('sprites', ['elf', 'goblin'], 3, 5, 1);
    expect(cells).toEqual(['elf-5', 'goblin-6', 'elf-7']);
    const requests = cells.map((cell) => ({ label: cell.split('-')[0]!, seed: Number(cell.split('-')[1]) }));
    const expected = await bake(memorySource(tinyFolder), requests, { numInferenceSteps: 1 });
    for (const [cell, picture] of expected.entries()) {
      const [left, top] = [(cell % 2) * TINY_PX, Math.floor(cell / 2) * TINY_PX];
      const rows = Array.from({ length: TINY_PX }, (_, row) => {
        const start = 4 * ((top + row) * widthPx + left);
        return pixels.slice(start, start + 4 * TINY_PX);
      });
      expect(largestDifference(rows.flat(), picture), cells[cell]).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it('encodes, decodes and traces as the runtime does', async () => {
    await page.call('load', 'tiny/', 'gpu');
    await expectReference(page, RECIPE);
  });

  it('makes a picture by a VAE at once, and sharpens it', async () => {
    await page.call('load', 'both/', 'gpu');
    await expectPipelines(page);
  });

  it('varies a picture and paints a part of it again', async () => {
    await page.call('load', 'tiny/', 'gpu');
    await expectEdits(page);
  });

  it('steers by a classifier as the runtime does, by gradients on the GPU', async () => {
    await page.call('load', 'tiny/', 'gpu');
    await expectSteered(page);
  });

  it('takes workers on an adapter that computes on the CPU, unless told otherwise', async () => {
    expect(await page.call('load', 'tiny/', 'auto')).toBe('wasm: A worker paints on wasm.');
  });

  it('leaves nothing behind after many cycles of making, aborting and disposing', async () => {
    await page.call('leave');
    expect(await page.call('churn', 'tiny/', 'gpu', NUM_CYCLES)).toBeGreaterThanOrEqual(NUM_FINISHED);
    const nothing = { tensors: 0, bytes: 0, textures: 0 };
    await expect.poll(() => page.call('alive'), WAIT).toEqual(nothing); // once the GPU is done
  });

  it('goes on after the device is lost: what was asked for is made, what was there is drawn again, whoever made it', async () => {
    const recipe = { label: 'elf', seed: 1, numInferenceSteps: 1 };
    await page.call('load', 'tiny/', 'gpu');
    await page.call('generate', recipe);
    const same = await page.call('loseDevice', 'tiny/', recipe, { ...recipe, label: 'orc', numInferenceSteps: 4 });
    expect(same).toEqual(Array(4).fill('the same'));
    await page.call('generate', { ...recipe, label: 'goblin' });
    page.takeErrors(); // Babylon reports the loss
  });
});
