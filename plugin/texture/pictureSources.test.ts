// Where the models of generated pictures come from: packages, and addresses that several generators share.

import { AssetsManager } from '@babylonjs/core/Misc/assetsManager.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { AssetGenerator } from '../assetGenerator.ts';
import { GeneratedSheet } from '../sprite/generatedSheet.ts';
import { asOnGpu } from '../testing/asOnGpu.ts';
import { serveTiny } from '../testing/serveTiny.ts';
import { createScene, next, ON_THIS_THREAD, uploadedTo } from '../testing/tinyScene.ts';
import { RECIPE, scene, tiny, useTiny } from '../testing/tinySuite.ts';
import { GeneratedTexture, RegisterGeneratedTexture } from './generatedTexture.ts';
import { addGeneratedTextureTask } from './generatedTextureTask.ts';

useTiny();

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a model of a package', () => {
  it('is loaded from where a bundler has put its files, small ones within their addresses', async () => {
    const files = await tinyModelFolder();
    const addresses = Object.entries(files).map(([path, bytes]) => {
      if (path === 'model_index.json')
        return [path, `data:application/json;base64,${Buffer.from(bytes).toString('base64')}`];
      if (path.endsWith('.json'))
        return [path, `data:application/json,${encodeURIComponent(Buffer.from(bytes).toString())}`];
      return [path, `https://game.example/assets/${path.replace('/', '-4fe2.')}`];
    });
    const asked: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      asked.push(String(input));
      const [path] = addresses.find(([, address]) => address === String(input))!;
      return new Response(files[path!] as BodyInit);
    });
    const heroes = { name: 'heroes', files: Object.fromEntries(addresses) };
    const [generator, same] = await Promise.all(
      [1, 2].map(() => AssetGenerator.LoadAsync(heroes, scene, ON_THIS_THREAD)),
    );
    expect(asked.every((address) => address.endsWith('.safetensors'))).toBe(true);
    expect(new Set(asked).size).toBe(asked.length);
    expect(await generator!.generatePixelsAsync(RECIPE)).toEqual(await tiny.generatePixelsAsync(RECIPE));
    const saved = (await same!.generateTextureAsync(RECIPE)).serialize()!;
    expect(saved.model).toBe('heroes');
    await next(GeneratedTexture.Parse(saved, scene, '').onLoadObservable);

    RegisterGeneratedTexture({ ...ON_THIS_THREAD, models: [heroes] });
    const [newPage, loading] = [createScene(), createScene()];
    await next(GeneratedTexture.Parse(saved, newPage, 'https://game.example/').onLoadObservable);
    const task = addGeneratedTextureTask(new AssetsManager(loading), 'hero', heroes, RECIPE);
    await new Promise<void>((resolve, reject) => task.run(loading, resolve, (message) => reject(new Error(message))));
    expect(task.texture?.isReady()).toBe(true);
  });

  it('is another than that of a folder with its name', async () => {
    const [packed, inFolder] = [await tinyModelFolder(), await tinyModelFolder({ seed: 9 })];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      const [, place, path] = /^(https:\/\/packed\/|squires\/)(.*)$/.exec(String(input))!;
      const bytes = (place === 'squires/' ? inFolder : packed)[path!];
      return new Response((bytes ?? null) as BodyInit | null, { status: bytes ? 200 : 404 });
    });
    const addresses = Object.keys(packed).map((path) => [path, `https://packed/${path}`]);
    const squires = { name: 'squires', files: Object.fromEntries(addresses) };
    const [one, other, again] = await Promise.all(
      [squires, 'squires/', squires].map((place) => AssetGenerator.LoadAsync(place, scene, ON_THIS_THREAD)),
    );
    expect(one!.info.hash).not.toBe(other!.info.hash);
    expect(again!.info.hash).toBe(one!.info.hash);
    for (const generator of [one!, other!]) {
      const saved = (await generator.generateTextureAsync(RECIPE)).serialize()!;
      expect(saved.model).toBe(`squires#${generator.info.hash.slice(0, 8)}`);
    }
  });

  it('is loaded again after a lost device, also by a texture whose generator is disposed', async () => {
    const files = await tinyModelFolder();
    const addresses = Object.keys(files).map((path) => [path, `https://game.example/${path}`]);
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      return new Response(files[String(input).replace('https://game.example/', '')] as BodyInit);
    });
    const knights = { name: 'knights', files: Object.fromEntries(addresses) };
    const generator = await AssetGenerator.LoadAsync(knights, scene, ON_THIS_THREAD);
    const texture = await generator.generateTextureAsync(RECIPE);
    const before = uploadedTo(texture);
    generator.dispose();
    asOnGpu(texture);
    texture.update(new Uint8Array(before.length));
    const engine = scene.getEngine();
    engine.onContextRestoredObservable.notifyObservers(engine);
    await next(texture.onGeneratedObservable);
    expect(uploadedTo(texture)).toEqual(before);
  });

  it('is loaded again by a texture whose generator is disposed while the lost device comes back', async () => {
    await serveTiny('https://game.example/model');
    const generator = await AssetGenerator.LoadAsync('https://game.example/model/', scene, ON_THIS_THREAD);
    const texture = await generator.generateTextureAsync(RECIPE);
    const before = uploadedTo(texture);
    asOnGpu(texture);
    texture.update(new Uint8Array(before.length));
    const engine = scene.getEngine();
    engine.onContextRestoredObservable.notifyObservers(engine); // the model is not there again until the next task
    generator.dispose();
    await next(texture.onGeneratedObservable);
    expect(uploadedTo(texture)).toEqual(before);
  });

  it('is named as the remedy where there is none', async () => {
    await serveTiny();
    const loading = AssetGenerator.LoadAsync('models/portraits/', scene);
    await expect(loading).rejects.toThrow(
      /npx figment models copy portraits public\/models.*babylon-figment-portraits/,
    );
  });
});

describe('a model on the disk', () => {
  it('is read for a scene file from the disk, and for no other', async () => {
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const loadedFrom = async (rootUrl: string) => {
      const texture = GeneratedTexture.Parse({ ...saved, model: 'file:///there/is/no/model' }, createScene(), rootUrl);
      await expect.poll(() => texture.loadingError).toBe(true);
      return texture.errorObject?.message;
    };
    expect(await loadedFrom('file:///scenes/')).toMatch(/there is no such file/);
    for (const rootUrl of ['https://game.example/', '']) {
      expect(await loadedFrom(rootUrl)).toMatch(/is on the disk, which no scene file from elsewhere reads; load/);
    }
  });

  it.each(['texture', 'sheet'])('goes for a classifier of a saved %s, too', async (kind) => {
    const recipe = { ...RECIPE, classifier: 'file:///there/is/no/classifier', classifierLabel: 'ornate' };
    const sprites = await tiny.generateSpritesAsync({ labels: [RECIPE.label] });
    const saved = {
      texture: (await tiny.generateTextureAsync(RECIPE)).serialize()!,
      sheet: sprites.sheet.serialize()!,
    };
    const problemOf = async (rootUrl: string) => {
      const other = createScene();
      const made =
        kind === 'texture'
          ? GeneratedTexture.Parse({ ...saved.texture, recipe }, other, rootUrl)
          : GeneratedSheet.Parse({ ...saved.sheet, cells: [recipe] }, other, rootUrl);
      await expect.poll(() => made.loadingError).toBe(true);
      return made.errorObject?.message;
    };
    expect(await problemOf('https://game.example/')).toMatch(/its classifier "file:.*" is on the disk, which no scene/);
    expect(await problemOf('file:///scenes/')).not.toMatch(/its classifier/);
  });

  it('is read where the program itself names it', async () => {
    const task = addGeneratedTextureTask(new AssetsManager(scene), 'hero', 'file:///there/is/no/model', RECIPE);
    const problem = await new Promise<string | undefined>((resolve) =>
      task.run(
        scene,
        () => resolve('none'),
        () => resolve(task.errorObject?.message),
      ),
    );
    expect(problem).toMatch(/there is no such file/);
  });
});

describe('two generators of one address', () => {
  const ADDRESS = 'https://game.example/tiny';

  it('share the model until both are disposed', async () => {
    const asked = await serveTiny(ADDRESS);
    const load = () => AssetGenerator.LoadAsync(`${ADDRESS}/`, scene, ON_THIS_THREAD);
    const [first, second] = await Promise.all([load(), load()]);
    const numAsked = asked.length;
    const third = await load();
    expect(asked.length).toBe(numAsked);
    expect(asked.filter((address) => address.endsWith('model_index.json'))).toHaveLength(1);
    const running = first!.generateTextureAsync({ ...RECIPE, numInferenceSteps: 500 });
    const other = second!.generateTextureAsync(RECIPE);
    first!.dispose();
    await expect(running).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await expect(first!.generateTextureAsync(RECIPE)).rejects.toThrow(/is disposed; load another/);
    await other;
    first!.dispose();
    second!.dispose();
    expect(third.isDisposed).toBe(false);
    await third.generateTextureAsync(RECIPE);
    third.dispose();
    await load();
    expect(asked.length).toBe(2 * numAsked);
  });

  it('share it where one gives the whole address, and the other what a page makes of it', async () => {
    vi.stubGlobal('document', { baseURI: 'https://game.example/town/index.html' });
    const asked = await serveTiny(ADDRESS, '../tiny');
    const load = (address: string) => AssetGenerator.LoadAsync(address, scene, ON_THIS_THREAD);
    const generators = [await load('../tiny/')];
    const numAsked = asked.length;
    generators.push(await load(ADDRESS), await load('https://game.example/town/../tiny//'));
    expect(asked.length).toBe(numAsked);
    await generators[2]!.generateTextureAsync(RECIPE);
    vi.unstubAllGlobals();
  });

  it('have textures of the one that is disposed go on with the other that was loaded', async () => {
    await serveTiny(ADDRESS);
    const first = await AssetGenerator.LoadAsync(ADDRESS, scene, ON_THIS_THREAD);
    const texture = await first.generateTextureAsync(RECIPE);
    const sprites = await first.generateSpritesAsync({ recipes: [RECIPE] });
    first.dispose();
    await expect(texture.regenerateAsync({ seed: 8 })).rejects.toThrow(/is disposed; load another/);
    await expect(sprites.repaintCellAsync(0, { seed: 8 })).rejects.toThrow(/is disposed; load another/);
    const second = await AssetGenerator.LoadAsync(ADDRESS, scene, ON_THIS_THREAD);
    await texture.regenerateAsync({ seed: 8 });
    await sprites.repaintCellAsync(0, { seed: 8 });
    const pixels = await second.generatePixelsAsync({ ...RECIPE, seed: 8 });
    expect(await texture.readPictureAsync()).toEqual(pixels);
    expect(await (sprites.texture as GeneratedSheet).readCellAsync(0)).toEqual(pixels);
  });

  it('are saved apart where scene files of two folders have named them alike', async () => {
    await serveTiny('https://a.example/tiny', 'https://b.example/tiny');
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const parse = (rootUrl: string) => GeneratedTexture.Parse({ ...saved, model: 'tiny/' }, scene, rootUrl);
    const first = parse('https://a.example/');
    await next(first.onLoadObservable);
    expect(first.serialize()!.model).toBe('tiny/');
    const second = parse('https://b.example/');
    await next(second.onLoadObservable);
    expect([first, second].map((texture) => texture.serialize()!.model)).toEqual([
      'https://a.example/tiny',
      'https://b.example/tiny',
    ]);
  });

  it('do not when their options differ', async () => {
    const asked = await serveTiny(ADDRESS);
    await AssetGenerator.LoadAsync(ADDRESS, scene, ON_THIS_THREAD);
    const numAsked = asked.length;
    await AssetGenerator.LoadAsync(ADDRESS, scene, { ...ON_THIS_THREAD, frameBudgetMs: 10 });
    expect(asked.length).toBe(2 * numAsked);
  });

  it('load for the second when the first gives up, as when React mounts a component twice', async () => {
    await serveTiny(ADDRESS);
    const leaving = new AbortController();
    const first = AssetGenerator.LoadAsync(ADDRESS, scene, { ...ON_THIS_THREAD, signal: leaving.signal });
    leaving.abort();
    const second = AssetGenerator.LoadAsync(ADDRESS, scene, ON_THIS_THREAD);
    await expect(first).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await (await second).generateTextureAsync(RECIPE);
  });

  it('give the model to textures of scene files, which keep it until they are disposed', async () => {
    const asked = await serveTiny(ADDRESS);
    const generator = await AssetGenerator.LoadAsync(ADDRESS, scene, ON_THIS_THREAD);
    const saved = (await generator.generateTextureAsync(RECIPE)).serialize()!;
    const numAsked = asked.length;
    const texture = GeneratedTexture.Parse(saved, scene, '');
    await next(texture.onLoadObservable);
    generator.dispose();
    await texture.regenerateAsync({ seed: 5 });
    const copy = texture.clone();
    await copy.regenerateAsync({ seed: 6 });
    texture.dispose();
    await copy.regenerateAsync({ seed: 7 });
    copy.dispose();
    expect(asked.length).toBe(numAsked);
    const again = await AssetGenerator.LoadAsync(ADDRESS, scene, ON_THIS_THREAD);
    expect(asked.length).toBe(2 * numAsked);
    again.dispose();
  });
});
