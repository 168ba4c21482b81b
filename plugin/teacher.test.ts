import { Logger } from '@babylonjs/core/Misc/logger.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createModel, createTeacher, generate } from '../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { AssetGenerator } from './assetGenerator.ts';
import type { SurfaceMaterial } from './material/surfaceMaterial.ts';
import type { LazyPart } from './painting/lazyPart.ts';
import { scheduleOf } from './schedule.ts';
import { createScene, ON_THIS_THREAD, TINY_MATERIALS } from './testing/tinyScene.ts';

const ELF = { label: 'elf', seed: 7 };

describe('a distilled model', () => {
  let scene: Scene;
  let distilled: AssetGenerator;
  /** The files that were asked for. */
  let read: string[];
  /** Tensors of other suites, which share the worker. */
  let numElsewhere: number;

  beforeEach(async () => {
    numElsewhere = memory().numTensors;
    scene = createScene();
    read = [];
    const get = (files: Record<string, Uint8Array>, path: string) => {
      read.push(path);
      return files[path];
    };
    const files = new Proxy(await tinyModelFolder({ student: true }), { get: (all, path) => get(all, String(path)) });
    distilled = await AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD);
  });

  afterEach(() => scene.getEngine().dispose());

  const teacherFiles = () => read.filter((path) => path.startsWith('unet_teacher/'));

  it('makes the pictures of the runtime, and fetches the teacher when a recipe needs it, once', async () => {
    const files = tinyModelFiles({ student: true });
    const model = createModel(files);
    const teacher = createTeacher(model, files);
    const [inFour] = await generate(model, [ELF], { guidanceScale: 4 });
    const many = { numInferenceSteps: 5, guidanceScale: 2 };
    const [inFive] = await generate({ model, teacher }, [ELF], many);
    teacher.dispose();
    model.dispose();
    expect(await distilled.generatePixelsAsync({ ...ELF, guidanceScale: 4 })).toEqual(inFour);
    await distilled.warmUpAsync();
    expect(teacherFiles()).toEqual([]);
    expect(await distilled.generatePixelsAsync({ ...ELF, ...many })).toEqual(inFive);
    const { guidanceNorm } = await distilled.traceGuidanceAsync({ ...ELF, ...many });
    expect(guidanceNorm.every((norm) => norm! > 0)).toBe(true);
    expect(teacherFiles()).toHaveLength(2);
    distilled.dispose();
    expect(memory().numTensors).toBe(numElsewhere);
  });

  it('is back at the student when a change that needed the teacher is taken back', async () => {
    const texture = await distilled.generateTextureAsync(ELF);
    const first = texture.recipe;
    await texture.regenerateAsync({ guidanceScale: 7 });
    expect(texture.recipe).toMatchObject({ guidanceScale: 7, sampler: 'dpm++' });
    await texture.regenerateAsync({ guidanceScale: 2 });
    expect(texture.recipe).toEqual(first);
  });

  it('loads the teacher ahead for recipes that need it, and tells how far it is', async () => {
    const told: (number | undefined)[][] = [];
    await distilled.warmUpAsync({ numInferenceSteps: 4, onProgress: (...progress) => told.push(progress) });
    expect([told, teacherFiles()]).toEqual([[], []]);
    const many = { sampler: 'dpm++', numInferenceSteps: 20 } as const;
    await distilled.warmUpAsync({ ...many, onProgress: (...progress) => told.push(progress) });
    expect(teacherFiles()).toHaveLength(2);
    expect(told.at(-1)![0]).toBe(told.at(-1)![1]);
    await distilled.generatePixelsAsync({ ...ELF, ...many });
    expect(teacherFiles()).toHaveLength(2);
  });

  it.each([
    [{ sampler: 'nope' }, /sampler is "nope"/],
    [{ numInferenceSteps: -4 }, /numInferenceSteps is -4/],
    [{ label: 'nobody' }, /label "nobody" is unknown/],
    [{ seed: Number.NaN }, /seed is NaN/],
  ])('refuses to warm up for %j before anything is loaded', async (wrong, message) => {
    const refused = distilled.warmUpAsync({ numInferenceSteps: 5, ...(wrong as object) });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(RangeError);
    expect(teacherFiles()).toEqual([]);
  });

  it('does not let a request that is aborted wait for the teacher', async () => {
    const { teacher } = (distilled as unknown as { source: { parts: { teacher: LazyPart } } }).source.parts;
    vi.spyOn(teacher, 'addAsync').mockReturnValue(new Promise(() => {}));
    const asked = distilled.generatePixelsAsync({ ...ELF, numInferenceSteps: 5, signal: AbortSignal.timeout(5) });
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
    const traced = distilled.traceGuidanceAsync({ ...ELF, signal: AbortSignal.timeout(5) });
    await expect(traced).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
    const warmed = distilled.warmUpAsync({ numInferenceSteps: 5, signal: AbortSignal.timeout(5) });
    await expect(warmed).rejects.toThrow(expect.objectContaining({ name: 'TimeoutError' }));
  });

  it('changes the sampler of a material to that of the teacher, with its own defaults', async () => {
    const files = await tinyModelFolder({ ...TINY_MATERIALS, student: true });
    const materials = await AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD);
    const wall = (await materials.generateMaterialAsync({ label: 'brick', seed: 7 })) as SurfaceMaterial;
    await wall.changeAsync({ sampler: 'dpm++', attributes: { wear: 0.5 } });
    expect(wall.recipe).toMatchObject({ sampler: 'dpm++', numInferenceSteps: 3, sameAs: { wear: 'any' } });
    await wall.regenerateAsync({ sampler: 'ddim', eta: 0.5 });
    await wall.changeAsync({ sampler: 'euler' });
    expect(wall.recipe).not.toHaveProperty('eta');
  });

  it("traces guidance in its teacher's steps where the student would guide itself in one pass", async () => {
    const asked = { ...ELF, guidanceScale: 3 };
    const [inFour, inThree] = await Promise.all([
      distilled.traceGuidanceAsync({ ...asked, sampler: 'ddim', numInferenceSteps: 4 }),
      distilled.traceGuidanceAsync({ ...asked, sampler: 'dpm++', numInferenceSteps: 3 }),
    ]);
    expect(inFour).toEqual(inThree);
    expect(inFour.guidanceNorm.every((norm) => norm! > 0)).toBe(true);
    expect(await distilled.traceGuidanceAsync({ ...ELF, guidanceScale: 1 })).toEqual({
      timesteps: inFour.timesteps,
      guidanceNorm: [null, null, null],
    });
  });

  it('visits the timesteps of whoever makes the picture', () => {
    expect(scheduleOf(distilled.info).timesteps).toEqual([999, 749, 499, 249]);
    expect(scheduleOf(distilled.info, { guidanceScale: 7 }).timesteps).toHaveLength(3);
  });

  it('says that its teacher is missing, and goes on', async () => {
    const { 'unet_teacher/config.json': _, ...files } = await tinyModelFolder({ student: true });
    const alone = await AssetGenerator.LoadAsync(files, scene, ON_THIS_THREAD);
    const asked = { ...ELF, numInferenceSteps: 9 };
    await expect(alone.generatePixelsAsync(asked)).rejects.toThrow(/no teacher beside it; figment distil/);
    const log = vi.spyOn(Logger, 'Error').mockImplementation(() => {});
    alone.beginTexture(asked); // nobody waits for it
    await vi.waitFor(() => expect(log).toHaveBeenCalledOnce(), 10_000);
    expect(log.mock.calls[0]![0]).toMatch(/GeneratedTexture "elf-7": .*no teacher beside it/);
    log.mockRestore();
    expect(await alone.generatePixelsAsync({ ...ELF, numInferenceSteps: 1 })).toHaveLength(1024);
  });
});
