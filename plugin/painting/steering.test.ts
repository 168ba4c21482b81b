import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  classifierFolderFiles,
  createModel,
  createNoisyClassifier,
  generate,
  loadClassifierFolder,
  ModelFileError,
  memorySource,
} from '../../runtime/index.ts';
import { tinyClassifierFiles, tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import type { AssetGenerator } from '../assetGenerator.ts';
import { GeneratedSheet } from '../sprite/generatedSheet.ts';
import { createScene, loadTiny, uploadedTo } from '../testing/tinyScene.ts';

let scene: Scene;
let tiny: AssetGenerator;
let files: Record<string, Uint8Array>;
/** Tensors of other suites, which share the worker. */
let numElsewhere: number;

beforeEach(async () => {
  numElsewhere = memory().numTensors;
  scene = createScene();
  tiny = await loadTiny(scene);
  files = await classifierFolderFiles(tinyClassifierFiles());
});

afterEach(() => {
  scene.getEngine().dispose();
});

const ELF = { label: 'elf', seed: 7, guidanceScale: 2 };
const STEERED = { ...ELF, classifier: 'hat', classifierLabel: 'hat', classifierScale: 20 };

/** What a server answers that has the classifier at an address. */
function fileAt(address: unknown): Response {
  const bytes = files[String(address).slice('https://game.example/hat/'.length)];
  return new Response((bytes ?? null) as BodyInit | null, { status: bytes ? 200 : 404 });
}

/** The same by the runtime alone. */
async function reference(): Promise<Uint8Array> {
  const model = createModel(tinyModelFiles());
  const classifier = createNoisyClassifier(await loadClassifierFolder(memorySource(files)));
  const { label, seed, ...options } = STEERED;
  const [pixels] = await generate(model, [{ label, seed }], { ...options, classifier });
  model.dispose();
  classifier.dispose();
  return pixels!;
}

describe('a generator with a classifier', () => {
  it('steers as the runtime does, and tells what the classifier is', async () => {
    const info = await tiny.loadClassifierAsync(files, { name: 'hat' });
    expect(info).toMatchObject({ name: 'hat', labels: ['hat', 'no_hat'], licence: 'CC0-1.0', attribution: '' });
    const steered = await tiny.generatePixelsAsync(STEERED);
    expect(steered).toEqual(await reference());
    const plain = await tiny.generatePixelsAsync(ELF);
    expect(steered).not.toEqual(plain);
    expect(await tiny.generatePixelsAsync({ ...STEERED, classifierScale: 0 })).toEqual(plain);
    expect(await tiny.generatePixelsAsync({ ...STEERED, classifierLabel: 'no_hat' })).not.toEqual(steered);
  });

  it('steers the cells of sheets, also of saved ones, by a classifier that they name by its address', async () => {
    const served = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => fileAt(input));
    onTestFinished(() => served.mockRestore());
    const steering = { classifier: 'https://game.example/hat/', classifierLabel: 'hat', classifierScale: 20 };
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf'], seed: 7, guidanceScale: 2, ...steering });
    const sheet = sprites.texture as GeneratedSheet;
    const expected = await reference();
    expect(uploadedTo(sheet)).toEqual(expected);

    const other = createScene();
    onTestFinished(() => other.getEngine().dispose());
    const crowd = await (await loadTiny(other)).generateSpritesAsync({ labels: ['elf'], seed: 7, guidanceScale: 2 });
    const late = crowd.repaintCellAsync(0, steering); // loads the classifier first, perhaps before the other is painted
    const refused = expect(late).rejects.toThrow(/a newer request for cell 0 of tiny took its place/);
    await crowd.repaintCellAsync(0, { seed: 8 });
    await refused;
    await crowd.repaintCellAsync(0, { seed: 7, ...steering });
    expect(uploadedTo(crowd.texture)).toEqual(expected);

    const third = createScene();
    onTestFinished(() => third.getEngine().dispose());
    await loadTiny(third);
    const parsed = GeneratedSheet.Parse(sheet.serialize(), third, '');
    await new Promise((resolve) => parsed.onLoadObservable.addOnce(resolve));
    expect(uploadedTo(parsed)).toEqual(expected);
  });

  it('lets the newest request for a texture win, also over one that waits for its classifier', async () => {
    const texture = await tiny.generateTextureAsync(ELF);
    const waiting: ((response: Response) => void)[] = [];
    const served = vi.spyOn(globalThis, 'fetch').mockImplementation(() => new Promise((send) => waiting.push(send)));
    onTestFinished(() => served.mockRestore());
    const steering = { classifier: 'https://game.example/hat/', classifierLabel: 'hat' };
    const older = texture.regenerateAsync(steering);
    const leaving = new AbortController();
    const left = texture.regenerateAsync(steering, { signal: leaving.signal });
    leaving.abort();
    await expect(left).rejects.toBe(leaving.signal.reason);
    await expect(texture.regenerateAsync({ guidanceScale: 99 })).rejects.toThrow(/guidanceScale is 99/);
    await texture.regenerateAsync({ seed: 8 });
    served.mockImplementation(async (input) => fileAt(input));
    for (const send of waiting) send(fileAt(served.mock.calls.shift()![0]));
    await expect(older).rejects.toThrow(/a newer request for texture elf-7 took its place/);
    expect(texture.recipe).toMatchObject({ seed: 8 });
  });

  it('paints apart what is steered apart', async () => {
    await tiny.loadClassifierAsync(files, { name: 'hat' });
    const scales = [0, 10, 20, 40];
    const all = await Promise.all(
      scales.map((classifierScale) => tiny.generatePixelsAsync({ ...STEERED, classifierScale })),
    );
    expect(new Set(all.map((pixels) => pixels.join())).size).toBe(4);
  });

  it('saves how a texture was steered', async () => {
    await tiny.loadClassifierAsync(files, { name: 'hat' });
    const texture = await tiny.generateTextureAsync(STEERED);
    expect(texture.serialize()!.recipe).toEqual({
      label: 'elf',
      seed: 7,
      classifier: 'hat',
      classifierLabel: 'hat',
      classifierScale: 20,
    });
    const other = await texture.regenerateAsync({ classifierLabel: 'no_hat' });
    expect(other.recipe).toMatchObject({ classifier: 'hat', classifierLabel: 'no_hat' });
  });

  it('is freed with the generator', async () => {
    const other = await loadTiny(createScene());
    const { numTensors } = memory();
    await tiny.loadClassifierAsync(files, { name: 'hat' });
    expect(memory().numTensors).toBeGreaterThan(numTensors);
    tiny.dispose();
    other.dispose();
    expect(memory().numTensors).toBe(numElsewhere);
  });

  it('takes one of two classifiers that come at once under one name', async () => {
    const strange = tinyClassifierFiles();
    strange.index.labels = ['crown', 'no_crown'];
    const both = [files, await classifierFolderFiles(strange)];
    const loaded = await Promise.allSettled(both.map((one) => tiny.loadClassifierAsync(one, { name: 'hat' })));
    expect(loaded.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('loads a classifier once, under one name', async () => {
    const [a, b] = await Promise.all([1, 2].map(() => tiny.loadClassifierAsync(files, { name: 'hat' })));
    expect(a).toBe(b);
    expect((await tiny.loadClassifierAsync(files)).name).toBe('tiny-hat'); // its own
    expect(await tiny.loadClassifierAsync({ ...files }, { name: 'hat' })).toBe(a);
    const strange = tinyClassifierFiles();
    strange.index.labels = ['crown', 'no_crown'];
    const others = await classifierFolderFiles(strange);
    for (const name of ['hat', undefined]) {
      await expect(tiny.loadClassifierAsync(others, { name })).rejects.toThrow(/another classifier has the name "/);
    }
    expect((await tiny.loadClassifierAsync(files, { name: 'hat' })).labels).toEqual(['hat', 'no_hat']);
  });

  it('loads a classifier for those who wait when another gives up, and again when all have', async () => {
    const first = new AbortController();
    const givenUp = expect(tiny.loadClassifierAsync(files, { name: 'hat', signal: first.signal })).rejects;
    const waiting = tiny.loadClassifierAsync(files, { name: 'hat' });
    first.abort(new Error('enough'));
    await givenUp.toThrow('enough');
    expect(await waiting).toMatchObject({ name: 'hat' });
    const only = new AbortController();
    const alone = expect(tiny.loadClassifierAsync(files, { name: 'other', signal: only.signal })).rejects;
    only.abort(new Error('enough'));
    await alone.toThrow('enough');
    expect(await tiny.loadClassifierAsync(files, { name: 'other' })).toMatchObject({ name: 'other' });
  });

  it.each([
    [{ ...STEERED, classifierLabel: 'hut' }, /label "hut" is unknown; did you mean "hat"/],
    [{ ...STEERED, classifierLabel: undefined }, /classifierLabel is missing; expected one of hat, no_hat/],
    [{ ...STEERED, classifierScale: Number.NaN }, /classifierScale is NaN/],
    [{ ...ELF, classifierLabel: 'hat' }, /there is a classifierLabel but no classifier/],
  ])('refuses %j', async (recipe, message) => {
    await tiny.loadClassifierAsync(files, { name: 'hat' });
    expect(() => tiny.beginTexture(recipe)).toThrow(message);
    await expect(tiny.generateTextureAsync(recipe)).rejects.toThrow(RangeError);
  });

  it('asks for a classifier that is not loaded, and refuses one of other latents or none', async () => {
    expect(() => tiny.beginTexture(STEERED)).toThrow(/classifier "hat" is not loaded; call loadClassifierAsync first/);
    const damaged = { ...files, 'config.json': new Uint8Array([1]) };
    await expect(tiny.loadClassifierAsync(damaged, { name: 'hat' })).rejects.toThrow(ModelFileError);
    const strange = tinyClassifierFiles();
    strange.index.figment.scheduler = { ...strange.index.figment.scheduler, beta_schedule: 'linear' };
    const others = await classifierFolderFiles(strange);
    const { numTensors } = memory();
    await expect(tiny.loadClassifierAsync(others, { name: 'hat' })).rejects.toThrow(/another noise schedule/);
    expect(memory().numTensors).toBe(numTensors);
    await tiny.loadClassifierAsync(files, { name: 'hat' }); // a failure is not the last word
  });
});
