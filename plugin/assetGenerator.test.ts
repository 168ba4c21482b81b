import { Logger } from '@babylonjs/core/Misc/logger.js';
import { SpritePackedManager } from '@babylonjs/core/Sprites/spritePackedManager.js';
import { memory } from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { createModel, generate } from '../runtime/index.ts';
import { tinyModelFiles, tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { AssetGenerator } from './assetGenerator.ts';
import { createScene, flipped, loadTiny, loadTinyTextures, uploadedTo } from './testing/tinyScene.ts';
import { scene, tiny, useTiny } from './testing/tinySuite.ts';
import { GeneratedTexture } from './texture/generatedTexture.ts';

useTiny();

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** What Babylon's SpritePackedManager has read; it keeps this to itself. */
interface PackedCells {
  _packedAndReady: boolean;
  _spriteMap: string[];
  _cellData: Record<string, { frame: object }>;
}

const RECIPE = { label: 'elf', seed: 7, guidanceScale: 2 };

async function bake(label: string, seed: number, guidanceScale: number): Promise<Uint8Array> {
  const model = createModel(tinyModelFiles());
  const [pixels] = await generate(model, [{ label, seed }], { guidanceScale });
  model.dispose();
  return pixels!;
}

describe('AssetGenerator', () => {
  it('leaves no texture where a controller stands in place of its signal', async () => {
    const signal = new AbortController() as never;
    const problem = 'generate: signal is no AbortSignal; give controller.signal';
    const before = scene.textures.length;
    await expect(tiny.generateTextureAsync({ ...RECIPE, signal })).rejects.toThrow(problem);
    expect(() => tiny.beginTexture({ ...RECIPE, signal })).toThrow(problem);
    await expect(tiny.generatePixelsAsync({ ...RECIPE, signal })).rejects.toThrow(problem);
    expect(scene.textures.length).toBe(before);
  });

  it('tells what its model is', () => {
    expect(tiny.labels).toEqual(['elf', 'goblin', 'orc']);
    expect(tiny.sizePx).toEqual([16, 16]);
    expect(tiny.licence).toBe('unknown');
    expect(tiny.backend.backend).toBe('wasm');
    expect(tiny.info).not.toHaveProperty('sha256');
  });

  it('puts the same picture into a texture as the runtime makes, its bottom row first', async () => {
    const expected = await bake('elf', 7, 2);
    const texture = await tiny.generateTextureAsync(RECIPE);
    expect(texture.isReady()).toBe(true);
    expect(texture.name).toBe('elf-7');
    expect(texture.hasAlpha).toBe(true);
    expect(uploadedTo(texture)).toEqual(flipped(expected, 16));
    expect(await tiny.generatePixelsAsync(RECIPE)).toEqual(expected);
  });

  it('turns a picture for meshes of glTF, whose v = 0 is at the top, and for its clones and scene files', async () => {
    const texture = await tiny.generateTextureAsync({ label: 'elf', seed: 7, invertY: false });
    expect(texture).toMatchObject({ vScale: -1, vOffset: 1 });
    expect(texture.clone()).toMatchObject({ vScale: -1, vOffset: 1 });
    expect(GeneratedTexture.Parse(texture.serialize()!, scene, '')).toMatchObject({ vScale: -1, vOffset: 1 });
    const textures = await loadTinyTextures(scene);
    const wall = await textures.generateMaterialAsync({ label: 'brick', tiling: [4, 2], invertY: false });
    expect(wall.albedoTexture).toMatchObject({ uScale: 4, vScale: -2, vOffset: 1 });
  });

  it.each([
    [Number.NaN, 'NaN'],
    [0, '0'],
    [[4, -1] as const, '4,-1'],
    [[4, Number.POSITIVE_INFINITY] as const, '4,Infinity'],
  ])('refuses a material that repeats %s times, before it paints', async (tiling, named) => {
    const textures = await loadTinyTextures(scene);
    await expect(textures.generateMaterialAsync({ label: 'brick', tiling })).rejects.toThrow(
      `generateMaterialAsync: tiling is ${named}; expected a number above 0`,
    );
    expect(textures.queueLength).toBe(0);
    textures.dispose();
  });

  it('draws a seed when none is given', async () => {
    const [a, b] = await Promise.all([1, 2].map(() => tiny.generateTextureAsync({ label: 'elf' })));
    expect(a!.recipe!.seed).not.toBe(b!.recipe!.seed);
  });

  it('varies a picture and makes a part of it again, as the runtime does', async () => {
    const image = await tiny.generatePixelsAsync(RECIPE);
    const mask = Uint8Array.from({ length: 256 }, (_, i) => (i < 128 ? 255 : 0));
    for (const [edit, options] of [
      [{ image }, { strength: 0.7, keepAlpha: false }],
      [{ image, mask }, { resamples: 2 }],
    ] as const) {
      const model = createModel(tinyModelFiles());
      const [expected] = await generate(model, [{ label: 'orc', seed: 3, ...edit }], options);
      model.dispose();
      const texture = await tiny.generateTextureAsync({ label: 'orc', seed: 3, ...edit, ...options });
      expect(uploadedTo(texture)).toEqual(flipped(expected!, 16));
    }
  });

  it('fills a sheet with variations of one picture', async () => {
    const image = await tiny.generatePixelsAsync(RECIPE);
    const crowd = await tiny.generateSpritesAsync({ labels: ['elf'], count: 3, seed: 1, image, numInferenceSteps: 2 });
    expect(crowd.cells.map((cell) => cell!.strength)).toEqual([0.75, 0.75, 0.75]);
    const [one, other] = await Promise.all(crowd.cells.map((cell) => tiny.generatePixelsAsync(cell!)));
    expect(one).not.toEqual(other);
  });

  it('makes equal requests once', async () => {
    const lengths: number[] = [];
    tiny.onQueueChangedObservable.add((length) => lengths.push(length));
    const [a, b] = await Promise.all([tiny.generateTextureAsync(RECIPE), tiny.generateTextureAsync(RECIPE)]);
    expect(Math.max(...lengths)).toBe(1);
    expect(uploadedTo(a!)).toEqual(uploadedTo(b!));
    lengths.length = 0;
    await tiny.generateTextureAsync(RECIPE); // from memory
    expect(lengths).toEqual([]);
  });

  it.each([
    [{ label: 'elv' }, /label "elv" is unknown; did you mean "elf"/],
    [{ label: 'elf', seed: -1 }, /seed is -1; expected a whole number from 0 to 4294967295/],
    [{ label: 'elf', seed: 1.5 }, /seed is 1.5/],
    [{ label: 'elf', guidanceScale: Number.NaN }, /guidanceScale is NaN; expected 0 to 20/],
    [{ label: 'elf', guidanceScale: 21 }, /guidanceScale is 21/],
    [{ label: 'elf', numInferenceSteps: 0 }, /numInferenceSteps is 0; expected a whole number from 1 to 1000/],
    [{ label: 'elf', numInferenceSteps: 1001 }, /numInferenceSteps is 1001/],
    [{ label: 'elf', eta: 2, sampler: 'ddim' as const }, /eta is 2/],
    [{ label: 'elf', sampler: 'magic' as 'ddim' }, /sampler is "magic"; expected one of ddpm, ddim/],
  ])('refuses %j and changes nothing', async (options, message) => {
    const numTextures = scene.textures.length;
    await expect(tiny.generateTextureAsync(options)).rejects.toThrow(message);
    expect(scene.textures.length).toBe(numTextures);
    expect(tiny.queueLength).toBe(0);
  });

  it('refuses work after its end', async () => {
    tiny.dispose();
    await expect(tiny.generateTextureAsync(RECIPE)).rejects.toThrow(/is disposed; load another/);
    await expect(tiny.generateSpritesAsync()).rejects.toThrow(/is disposed/);
    await expect(tiny.warmUpAsync()).rejects.toThrow(/is disposed/);
  });

  it('stops for a signal and leaves no texture', async () => {
    const controller = new AbortController();
    const numTextures = scene.textures.length;
    const asked = tiny.generateTextureAsync({ ...RECIPE, signal: controller.signal, numInferenceSteps: 500 });
    setTimeout(() => controller.abort(), 20);
    await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(scene.textures.length).toBe(numTextures);
    await expect(tiny.generateTextureAsync({ ...RECIPE, signal: controller.signal })).rejects.toThrow(
      expect.objectContaining({ name: 'AbortError' }),
    );
    expect((await tiny.generateTextureAsync(RECIPE)).getSize()).toEqual({ width: 16, height: 16 });
  });

  it.each([['left the room'], [null], [undefined]])(
    'says nothing of a request that is given up for %j',
    async (reason) => {
      const controller = new AbortController();
      const log = vi.spyOn(Logger, 'Error');
      const { finished } = tiny.beginTexture({ ...RECIPE, signal: controller.signal, numInferenceSteps: 500 });
      controller.abort(reason);
      expect(await finished.catch((error) => error)).toBe(controller.signal.reason);
      expect(log).not.toHaveBeenCalled();
      log.mockRestore();
    },
  );

  it.each(['generator', 'scene', 'engine'] as const)('rejects what runs when the %s is disposed', async (what) => {
    const asked = [1, 2, 3].map((seed) => tiny.generateTextureAsync({ label: 'orc', seed, numInferenceSteps: 500 }));
    const settled = Promise.allSettled(asked);
    await pause(20);
    ({ generator: tiny, scene, engine: scene.getEngine() })[what].dispose();
    for (const result of await settled) {
      expect(result).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } });
    }
    expect(tiny.isDisposed).toBe(true);
  });

  it.each(['generateSpritesAsync', 'generateMaterialAsync'] as const)(
    'rejects %s as aborted when it is disposed before painting has begun',
    async (what) => {
      const asked = tiny[what]({ label: 'elf' });
      tiny.dispose();
      await expect(asked).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
      expect(scene.textures.length).toBe(0);
    },
  );

  it('rejects loading when the scene is disposed meanwhile', async () => {
    const loading = loadTiny(scene);
    scene.dispose();
    await expect(loading).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });

  it('loads from files that a person chose', async () => {
    const files = Object.entries(await tinyModelFolder()).map(([path, bytes]) => {
      const file = new File([bytes as BlobPart], path.split('/').at(-1)!);
      Object.defineProperty(file, 'webkitRelativePath', { value: `my-model/${path}` });
      return file;
    });
    const options = { compute: 'thread', backend: 'wasm' } as const;
    const loaded = await AssetGenerator.LoadAsync(files, scene, options);
    expect(await loaded.generatePixelsAsync(RECIPE)).toEqual(await tiny.generatePixelsAsync(RECIPE));
    await expect(AssetGenerator.LoadAsync(files.slice(0, 2), scene, options)).rejects.toThrow();
    await expect(AssetGenerator.LoadAsync([new File([], 'a.txt')], scene, options)).rejects.toThrow(
      /model_index.json: is not among the 1 files; choose a model's folder$/,
    );
  });

  it('reads of the files in a folder those of the model alone, and none that is larger than it may be', async () => {
    const others = ['old/model.safetensors', 'node_modules/a/package.json'];
    const content = {
      ...(await tinyModelFolder()),
      ...Object.fromEntries(others.map((path) => [path, new Uint8Array(9)])),
    };
    const read: string[] = [];
    const files = Object.entries(content).map(([path, bytes]) => {
      const file = new File([bytes as BlobPart], path);
      const arrayBuffer = () => {
        read.push(path);
        return new Blob([bytes as BlobPart]).arrayBuffer();
      };
      return Object.assign(file, { arrayBuffer });
    });
    const options = { compute: 'thread', backend: 'wasm' } as const;
    await AssetGenerator.LoadAsync(files, scene, options);
    expect(read).toContain('unet/config.json');
    expect(read.filter((path) => others.includes(path))).toEqual([]);
    read.length = 0;
    const loading = AssetGenerator.LoadAsync(files, scene, { ...options, maxFileBytes: 10 });
    await expect(loading).rejects.toThrow('files/model_index.json: is larger than 10 bytes');
    expect(read).toEqual([]);
  });

  it.each([undefined, null, 7, new URL('https://game.example/models/')])(
    'says what it expects in place of %s',
    async (location) => {
      const loading = AssetGenerator.LoadAsync(location as never, createScene());
      await expect(loading).rejects.toThrow(
        `the model is given as ${location}; expected the address of its folder as a text`,
      );
    },
  );

  it.each([{}, new Response(''), { portraits: { name: 'portraits', files: {} } }])(
    'says what it expects in place of other objects',
    async (location) => {
      const loading = AssetGenerator.LoadAsync(location as never, createScene());
      await expect(loading).rejects.toThrow('the model is given as an object of another kind; expected the address of');
    },
  );

  it.each([undefined, {}])('says where the scene stands in a call that has %s for it', async (none) => {
    const loading = AssetGenerator.LoadAsync(await tinyModelFolder(), none as never);
    await expect(loading).rejects.toThrow('there is no scene; expected LoadAsync(model, scene, options)');
  });

  it('refuses a damaged file, naming it', async () => {
    const files = await tinyModelFolder();
    const path = 'unet/diffusion_pytorch_model.safetensors';
    files[path] = files[path]!.slice();
    files[path]![files[path]!.length - 1]! ^= 1;
    await expect(AssetGenerator.LoadAsync(files, scene, { compute: 'thread', backend: 'wasm' })).rejects.toThrow(
      /unet\/diffusion_pytorch_model.safetensors.*sha-256/,
    );
  });

  it('refuses a model beyond the limits that it is given', async () => {
    await expect(loadTiny(scene, { maxPixels: 16 })).rejects.toThrow(/pictures are 16×16; expected at most 16 pixels/);
    const body = new Uint8Array(2000);
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response(body));
    const loading = AssetGenerator.LoadAsync('http://localhost:1/large', scene, { maxFileBytes: 1000 });
    await expect(loading).rejects.toThrow(/large\/model_index.json.*is larger than 1000 bytes/);
    vi.restoreAllMocks();
  });

  it.each([
    [{ frameBudgetMs: Number.NaN }, /frameBudgetMs is NaN; expected a number from 0 on/],
    [{ timeoutMs: Number.NaN }, /timeoutMs is NaN; expected a number from 0 on/],
    [{ numRetries: Number.NaN }, /numRetries is NaN/],
    [{ maxFileBytes: -1 }, /maxFileBytes is -1/],
    [{ cacheBytes: -1 }, /cacheBytes is -1; expected a number from 0 on/],
    [{ numWorkers: 0 }, /numWorkers is 0; expected a whole number from 1 on/],
    [{ numWorkers: 1.5 }, /numWorkers is 1.5/],
    [{ numWorkers: '2' as never }, /numWorkers is "2"; expected/],
  ])('refuses %j before it loads', async (options, message) => {
    const loading = AssetGenerator.LoadAsync({ 'model_index.json': new Uint8Array() }, scene, options);
    await expect(loading).rejects.toThrow(message);
  });

  it('takes the default of an option that is undefined', async () => {
    const options = { compute: undefined, backend: 'wasm', frameBudgetMs: undefined, cacheBytes: undefined } as const;
    const generator = await AssetGenerator.LoadAsync(await tinyModelFolder(), scene, options);
    expect(await generator.generatePixelsAsync(RECIPE)).toEqual(await tiny.generatePixelsAsync(RECIPE));
  });

  it('leaves nothing behind after 200 cycles of making, aborting and disposing', async () => {
    tiny.dispose();
    await pause(5);
    const before = memory().numTensors;
    for (let cycle = 0; cycle < 10; cycle++) {
      const generator = await loadTiny(scene);
      const asked = Array.from({ length: 20 }, (_, i) => {
        const controller = new AbortController();
        if (i % 4 === 0) setTimeout(() => controller.abort(), i / 4);
        return generator.generateTextureAsync({ label: 'elf', seed: i, signal: controller.signal });
      });
      const settled = Promise.allSettled(asked);
      if (cycle % 2 === 0) await asked[1];
      else await pause(cycle);
      generator.dispose();
      for (const result of await settled) {
        if (result.status === 'fulfilled') result.value.dispose();
      }
    }
    await pause(20);
    expect(memory().numTensors).toBe(before);
    expect(scene.textures.length).toBe(0);
  });
});

describe('generateSpritesAsync', () => {
  it('gives a sprite manager with a cell for each picture', async () => {
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf', 'goblin'], count: 5, seed: 3 });
    expect(sprites.cells.map((cell) => `${cell!.label}-${cell!.seed}`)).toEqual([
      'elf-3',
      'goblin-4',
      'elf-5',
      'goblin-6',
      'elf-7',
    ]);
    expect([sprites.cellWidth, sprites.cellHeight]).toEqual([16, 16]);
    expect(sprites.cellsOf('goblin')).toEqual([1, 3]);
    expect(sprites.texture.getSize()).toEqual({ width: 48, height: 32 });
    const placed = [1, 2, 3].map(() => sprites.createSprite('goblin'));
    expect(placed.map(({ cellIndex }) => cellIndex)).toEqual([1, 3, 1]);
    expect(() => sprites.createSprite('orc')).toThrow(
      /no cell shows "orc"; did you mean "elf"\? this sheet has elf, goblin/,
    );
  });

  it('packs the same pictures as PNG and JSON', async () => {
    const { decode } = await import('fast-png');
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf', 'goblin'], count: 3, seed: 3 });
    const { png, json } = await sprites.packAsync('npcs.png');
    const image = decode(png);
    expect([image.width, image.height, image.channels]).toEqual([32, 32, 4]);
    expect(Object.keys(json.frames)).toEqual(['elf-3', 'goblin-4', 'elf-5']);
    const { x, y } = json.frames['elf-5']!.frame;
    const cell = new Uint8Array(16 * 16 * 4);
    for (let row = 0; row < 16; row++) {
      cell.set((image.data as Uint8Array).subarray(4 * ((y + row) * 32 + x), 4 * ((y + row) * 32 + x + 16)), row * 64);
    }
    expect(cell).toEqual(await tiny.generatePixelsAsync({ label: 'elf', seed: 5 }));
  });

  it('packs what SpritePackedManager reads', async () => {
    const { png, json } = await (await tiny.generateSpritesAsync({ labels: ['elf', 'orc'], seed: 3 })).packAsync();
    const url = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
    const manager = new SpritePackedManager('npcs', url, 10, scene, JSON.stringify(json));
    const { _packedAndReady, _spriteMap, _cellData } = manager as unknown as PackedCells;
    expect(_packedAndReady).toBe(true);
    expect(_spriteMap).toEqual(['elf-3', 'orc-4']);
    expect(_cellData['orc-4']!.frame).toEqual({ x: 16, y: 0, w: 16, h: 16 });
  });

  it.each([
    [{ labels: [] }, /labels is empty/],
    [{ count: 0 }, /count is 0/],
    [{ labels: ['elv'] }, /did you mean "elf"/],
  ])('refuses %j', async (options, message) => {
    await expect(tiny.generateSpritesAsync(options)).rejects.toThrow(message);
    expect(scene.textures.length).toBe(0);
  });
});

describe('generateMaterialAsync', () => {
  it('cuts a picture with alpha out', async () => {
    const material = await tiny.generateMaterialAsync(RECIPE);
    expect(material.albedoTexture!.name).toBe('elf-7');
    expect(material.transparencyMode).toBe(1);
    expect(material.useAlphaFromAlbedoTexture).toBe(true);
    expect([material.metallic, material.roughness]).toEqual([0, 1]);
    const texture = material.albedoTexture!;
    material.dispose(true, true);
    expect(scene.textures).not.toContain(texture);
  });
});
