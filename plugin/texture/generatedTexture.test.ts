import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { asOnGpu } from '../testing/asOnGpu.ts';
import '@babylonjs/core/Loading/Plugins/babylonFileLoader.js';
import '@babylonjs/core/Materials/colorCurves.js'; // materials of scene files name it
import { AppendSceneAsync } from '@babylonjs/core/Loading/sceneLoader.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { SceneSerializer } from '@babylonjs/core/Misc/sceneSerializer.js';
import { Scene } from '@babylonjs/core/scene.js';
import { describe, expect, it, vi } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { PixelPicture } from '../painting/pixelPicture.ts';
import type { PictureSource } from '../pictureSource.ts';
import { createScene, loadTiny, next, ON_THIS_THREAD, uploadedTo } from '../testing/tinyScene.ts';
import { RECIPE, scene, tiny, useTiny } from '../testing/tinySuite.ts';
import { takeUncaught } from '../testing/uncaught.ts';
import { GeneratedTexture, RegisterGeneratedTexture } from './generatedTexture.ts';

useTiny();

const settled = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Takes the texture's picture away, as a device does that is lost and had it alone, and gives the engine another device. */
function loseDevice(texture: GeneratedTexture): void {
  texture.update(new Uint8Array(4 * 16 * 16));
  asOnGpu(texture);
  const engine = scene.getEngine();
  engine.onContextRestoredObservable.notifyObservers(engine);
}

describe('GeneratedTexture', () => {
  it('tells its progress and its end', async () => {
    const { texture, finished } = tiny.beginTexture(RECIPE);
    const steps: number[] = [];
    const wasGenerating: boolean[] = [];
    texture.onProgressObservable.add(({ step, numSteps }) => steps.push(step / numSteps));
    texture.onGeneratedObservable.add(({ isGenerating }) => wasGenerating.push(isGenerating));
    expect(texture.isReady()).toBe(false);
    expect(texture.isGenerating).toBe(true);
    await finished;
    expect(steps).toEqual([1 / 3, 2 / 3, 1]);
    expect(wasGenerating).toEqual([false]);
    expect(texture.isGenerating).toBe(false);
    expect(texture.recipe).toEqual({ ...RECIPE, numInferenceSteps: 3, sampler: 'ddim' });
  });

  it('shows previews while it is made', async () => {
    const { texture, finished } = tiny.beginTexture({ ...RECIPE, numInferenceSteps: 6, previewEvery: 2 });
    const seen: string[] = [];
    texture.onProgressObservable.add(({ step }) => {
      seen.push(`${step} ${texture.isReady() ? uploadedTo(texture).slice(0, 200).join() : 'empty'}`);
    });
    await finished;
    const pictures = seen.map((entry) => entry.slice(2));
    expect(pictures[0]).toBe('empty');
    expect(pictures[1]).not.toBe('empty');
    expect(pictures[2]).toBe(pictures[1]);
    expect(pictures[3]).not.toBe(pictures[1]);
    expect(uploadedTo(texture).slice(0, 200).join()).not.toBe(pictures[5]);
  });

  it('shows the previews that it asked for, also where others share its picture', async () => {
    const begun = [0, 3, 2].map((previewEvery) => tiny.beginTexture({ ...RECIPE, numInferenceSteps: 7, previewEvery }));
    const seen = begun.map(({ texture }) => {
      const steps: number[] = [];
      let last = '';
      texture.onProgressObservable.add(({ step }) => {
        const shown = texture.isReady() ? uploadedTo(texture).join() : '';
        if (shown !== last) steps.push(step);
        last = shown;
      });
      return steps;
    });
    await Promise.all(begun.map(({ finished }) => finished));
    expect(seen).toEqual([[], [3, 6], [2, 4, 6]]);
  });

  it('makes the changes of a superseded request with those of the newer one, but not of one that was given up', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const superseded = texture.regenerateAsync({ guidanceScale: 3 }).catch((error: Error) => error.name);
    await texture.regenerateAsync({ eta: 0.5 });
    expect(await superseded).toBe('AbortError');
    expect(texture.recipe).toMatchObject({ ...RECIPE, guidanceScale: 3, eta: 0.5 });
    for (const isTold of [true, false]) {
      const leaving = new AbortController();
      const givenUp = texture.regenerateAsync({ guidanceScale: 4 }, { signal: leaving.signal }).catch(() => {});
      leaving.abort();
      if (isTold) await givenUp;
      await texture.regenerateAsync({ eta: 0.2 });
      expect(texture.recipe).toMatchObject({ ...RECIPE, guidanceScale: 3, eta: 0.2 });
    }
  });

  it('regenerates with changes, the newest request winning', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const older = texture.regenerateAsync({ seed: 1 });
    const newer = texture.regenerateAsync({ seed: 2 });
    await expect(older).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await newer;
    expect(texture.recipe).toMatchObject({ label: 'goblin', seed: 2, guidanceScale: 3 });
    const fresh = await tiny.generateTextureAsync({ ...RECIPE, seed: 2 });
    expect(uploadedTo(texture)).toEqual(uploadedTo(fresh));
  });

  it('goes on with what it makes when a request comes whose signal is aborted', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const asked = texture.regenerateAsync({ seed: 8 });
    const late = texture.regenerateAsync({ seed: 9 }, { signal: AbortSignal.abort() });
    await expect(late).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await asked;
    expect(texture.recipe).toMatchObject({ seed: 8 });
  });

  it('draws its picture again where an aborted request has left a preview', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const [before, recipe] = [uploadedTo(texture), texture.recipe];
    const controller = new AbortController();
    const preview = next(texture.onProgressObservable).then(() => uploadedTo(texture));
    texture.onProgressObservable.addOnce(() => controller.abort());
    const asked = texture.regenerateAsync({ seed: 8 }, { previewEvery: 1, signal: controller.signal });
    const redrawn = next(texture.onGeneratedObservable);
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await redrawn;
    expect(await preview).not.toEqual(before);
    expect(uploadedTo(texture)).toEqual(before);
    expect(texture.recipe).toEqual(recipe);
  });

  it('is drawn again after a lost device, also where a request was running that is then aborted', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const before = uploadedTo(texture);
    const controller = new AbortController();
    const slow = { seed: 8, numInferenceSteps: 1000 }; // it is not done by the time that it is aborted
    const asked = texture.regenerateAsync(slow, { signal: controller.signal });
    loseDevice(texture);
    const redrawn = next(texture.onGeneratedObservable);
    await settled();
    controller.abort();
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await redrawn;
    expect(uploadedTo(texture)).toEqual(before);
  });

  it('is not painted again where Babylon has kept its bytes', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const painted = vi.spyOn(texture, 'regenerateAsync');
    const engine = scene.getEngine();
    engine.onContextRestoredObservable.notifyObservers(engine);
    await settled();
    expect(painted).not.toHaveBeenCalled();
    expect(texture.isFinished).toBe(true);
  });

  it('is redrawn once, and silently, where that fails too', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const log = vi.spyOn(Logger, 'Error');
    const { source } = texture as unknown as { source: PictureSource };
    const paint = vi.spyOn(source, 'pictureAsync').mockImplementation(async (_recipe, { onStep } = {}) => {
      onStep?.(1, 3, new PixelPicture({ pixels: new Uint8Array(1024), maps: null }, 16, 16));
      throw new Error('no memory');
    });
    await expect(texture.regenerateAsync({ seed: 8 })).rejects.toThrow('no memory');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([paint.mock.calls.length, texture.isGenerating]).toEqual([2, false]);
    expect(log).not.toHaveBeenCalled();
    log.mockRestore();
  });

  it('is cloned with its own picture while it shows a preview', async () => {
    const { texture, finished } = tiny.beginTexture({ ...RECIPE, previewEvery: 1 });
    await next(texture.onProgressObservable);
    const copy = texture.clone();
    expect(copy.isReady()).toBe(true);
    await Promise.all([finished, next(copy.onGeneratedObservable)]);
    expect(uploadedTo(copy)).toEqual(uploadedTo(texture));
    expect(copy.recipe).toEqual(texture.recipe);
  });

  it('lives on when a newer request takes the place of its first', async () => {
    const { texture, finished } = tiny.beginTexture({ ...RECIPE, numInferenceSteps: 500 });
    const newer = texture.regenerateAsync({ seed: 2, numInferenceSteps: 3 });
    await expect(finished).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await newer;
    expect(texture.recipe).toMatchObject({ label: 'goblin', seed: 2 });
    expect(texture.isReady()).toBe(true);
  });

  it('lives on, too, when the newer picture is there already', async () => {
    const newer = { seed: 2, numInferenceSteps: 3 };
    await tiny.generatePixelsAsync({ ...RECIPE, ...newer });
    const { texture, finished } = tiny.beginTexture({ ...RECIPE, numInferenceSteps: 500 });
    const regenerated = texture.regenerateAsync(newer);
    await expect(finished).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await regenerated;
    expect(texture.recipe).toMatchObject(newer);
    expect(texture.isReady()).toBe(true);
  });

  it('is varied towards another seed, and back', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const plain = uploadedTo(texture);
    const vary = async (amount: number) => {
      await texture.regenerateAsync({ interpolate: { seed: 2, amount } });
      return uploadedTo(texture);
    };
    const half = await vary(0.5);
    expect(half).not.toEqual(plain);
    expect(await vary(1)).toEqual(uploadedTo(await tiny.generateTextureAsync({ ...RECIPE, seed: 2 })));
    const saved = GeneratedTexture.Parse(
      { ...texture.serialize()!, recipe: { ...RECIPE, interpolate: { seed: 2, amount: 0.5 } } },
      scene,
      '',
    );
    await next(saved.onGeneratedObservable);
    expect(uploadedTo(saved)).toEqual(half);
    expect(await vary(0)).toEqual(plain);
    expect(texture.recipe).not.toHaveProperty('interpolate');
  });

  it('keeps its picture and recipe when a change is refused', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const before = uploadedTo(texture);
    await expect(texture.regenerateAsync({ guidanceScale: 99 })).rejects.toThrow(/guidanceScale is 99/);
    expect(texture.recipe!.guidanceScale).toBe(3);
    expect(uploadedTo(texture)).toEqual(before);
  });

  it('is finished, whatever those throw who are told of it', async () => {
    const uncaught = takeUncaught();
    const { texture, finished } = tiny.beginTexture(RECIPE);
    const broken = new Error('broken observer');
    texture.onGeneratedObservable.add(() => {
      throw broken;
    });
    await finished;
    await texture.regenerateAsync({ seed: 9 });
    expect(texture.isReady()).toBe(true);
    expect(texture.recipe!.seed).toBe(9);
    await vi.waitFor(() => expect(uncaught).toEqual([broken, broken]), { timeout: 30_000 });
  });

  it('may be disposed while nobody waits for it', async () => {
    tiny.beginTexture({ ...RECIPE, numInferenceSteps: 500 }).texture.dispose();
    await expect.poll(() => tiny.queueLength).toBe(0);
    await new Promise((resolve) => setTimeout(resolve)); // Node tells of rejections that nobody handles
  });

  it('rejects what it was making when it is disposed', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const asked = texture.regenerateAsync({ seed: 9, numInferenceSteps: 500 });
    texture.dispose();
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await expect(texture.regenerateAsync()).rejects.toThrow(/was disposed/);
    expect(scene.textures).not.toContain(texture);
  });

  it('is cloned with its picture and settings', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    texture.uScale = 3;
    texture.homogeneousRotationInUVTransform = true;
    const copy = texture.clone();
    expect(uploadedTo(copy)).toEqual(uploadedTo(texture));
    expect(copy).toMatchObject({ uScale: 3, homogeneousRotationInUVTransform: true });
  });
});

describe('a generated texture in a scene file', () => {
  it('is its recipe, in less than 300 bytes', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    expect(texture.serialize()).toEqual({
      customType: 'BABYLON.GeneratedTexture',
      name: 'goblin-12345',
      url: '',
      model: 'memory',
      size: [16, 16],
      samplingMode: Texture.TRILINEAR_SAMPLINGMODE,
      hasAlpha: true,
      mipmaps: true,
      recipe: { label: 'goblin', seed: 12345, guidanceScale: 3 },
    });
    texture.level = 0.5;
    texture.wrapU = Texture.MIRROR_ADDRESSMODE;
    expect(texture.serialize()).toMatchObject({ level: 0.5, wrapU: Texture.MIRROR_ADDRESSMODE });
    await texture.regenerateAsync({ interpolate: { seed: 4_294_967_295, amount: 0.35 } });
    expect(texture.serialize()!.recipe.interpolate).toEqual({ seed: 4_294_967_295, amount: 0.35 });
    expect(JSON.stringify(texture.serialize()).length).toBeLessThan(300);
  });

  it('is saved with the picture it began from', async () => {
    const image = await tiny.generatePixelsAsync(RECIPE);
    const mask = new Uint8Array(256).fill(255, 0, 100);
    const texture = await tiny.generateTextureAsync({ ...RECIPE, seed: 2, image, mask });
    const saved = JSON.parse(JSON.stringify(texture.serialize()));
    expect(saved.recipe).toMatchObject({ seed: 2, strength: 1, image: expect.stringMatching(/^[A-Za-z0-9+/=]+$/) });
    const again = GeneratedTexture.Parse(saved, scene, '');
    expect(again.serialize()).toMatchObject({ recipe: saved.recipe });
    await next(again.onGeneratedObservable);
    expect(uploadedTo(again)).toEqual(uploadedTo(texture));
    expect(again.serialize()!.recipe).toEqual(saved.recipe);
    const copy = again.clone(); // its model is still to be loaded
    expect(JSON.parse(JSON.stringify(copy.serialize()!.recipe))).toMatchObject(saved.recipe);
  });

  it('comes back with the same picture when the scene is loaded', async () => {
    const textures = await Promise.all(
      Array.from({ length: 50 }, (_, seed) => tiny.generateTextureAsync({ label: 'orc', seed, numInferenceSteps: 1 })),
    );
    for (const texture of textures) {
      const material = new StandardMaterial(texture.name, scene);
      material.diffuseTexture = texture;
      CreatePlane(texture.name, {}, scene).material = material;
    }
    textures[3]!.uOffset = 0.25;
    const file = JSON.stringify(SceneSerializer.Serialize(scene));
    expect(file).not.toMatch(/base64/);

    RegisterGeneratedTexture();
    const other = new Scene(scene.getEngine());
    await loadTiny(other);
    await AppendSceneAsync(`data:${file}`, other);
    const loaded = other.textures as GeneratedTexture[];
    expect(loaded.map(({ name }) => name)).toEqual(textures.map(({ name }) => name));
    await Promise.all(loaded.map((texture) => next(texture.onGeneratedObservable)));
    expect(loaded.map(uploadedTo)).toEqual(textures.map(uploadedTo));
    expect(loaded[3]!.uOffset).toBe(0.25);
    expect(other.getMaterialByName('orc-7')!.getActiveTextures()).toEqual([loaded[7]]);
  });

  it('has clones that are drawn again after a lost device, too', async () => {
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const loaded = GeneratedTexture.Parse(saved, scene, '');
    await next(loaded.onGeneratedObservable);
    const copy = loaded.clone();
    loaded.dispose();
    await settled();
    expect(copy.info).toBe(tiny.info);
    const before = uploadedTo(copy);
    loseDevice(copy);
    await next(copy.onGeneratedObservable);
    expect(uploadedTo(copy)).toEqual(before);
  });

  it('makes all changes that were asked for while its model was loaded', async () => {
    const attributes = { hair: ['red', 'grey'], mood: ['glad', 'sad'] };
    const files = await tinyModelFolder({ attributes });
    const page = createScene();
    let serve = () => {};
    const served = new Promise<void>((resolve) => {
      serve = resolve;
    });
    const fetched = vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      await served;
      return new Response(files[String(input).replace('http://game.example/faces/', '')] as BodyInit);
    });
    RegisterGeneratedTexture(ON_THIS_THREAD);
    const saved = { ...(await tiny.generateTextureAsync(RECIPE)).serialize()!, model: 'http://game.example/faces/' };
    const texture = GeneratedTexture.Parse(saved, page, '');
    const older = texture.varyAsync({ hair: 'grey' }).catch((error: Error) => error.name);
    const newer = texture.varyAsync({ mood: 'sad' });
    serve();
    await newer;
    expect(await older).toBe('AbortError');
    expect(texture.recipe).toMatchObject({ seed: RECIPE.seed, attributes: { hair: 'grey', mood: 'sad' } });
    fetched.mockRestore();
    page.getEngine().dispose();
  });

  it('reports a model that cannot be loaded', async () => {
    const failed = next(Texture.OnTextureLoadErrorObservable);
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const texture = GeneratedTexture.Parse({ ...saved, model: 'http://localhost:1/none' }, createScene(), '');
    expect(await failed).toBe(texture);
  });

  it.each([[[0, 16]], [[16]], ['big'], [[1e9, 1]]])('is refused with size %j', async (size) => {
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    expect(() => GeneratedTexture.Parse({ ...saved, size: size as never }, scene, '')).toThrow(
      /expected \[width, height\]/,
    );
  });
});

it('paints the recipe of a scene file when a newer request is given up', async () => {
  const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
  const texture = GeneratedTexture.Parse({ ...saved, recipe: { ...saved.recipe, numInferenceSteps: 40 } }, scene, '');
  await next(texture.onProgressObservable);
  const leaving = new AbortController();
  const asked = texture.regenerateAsync({ seed: 8 }, { signal: leaving.signal });
  leaving.abort(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
  await next(texture.onGeneratedObservable);
  expect(texture).toMatchObject({ recipe: { seed: RECIPE.seed, numInferenceSteps: 40 }, loadingError: false });
});
