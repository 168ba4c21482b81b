// What Babylon.js expects of a texture, of whatever kind it is.
import '@babylonjs/core/Loading/Plugins/babylonFileLoader.js';
import '@babylonjs/core/Materials/colorCurves.js'; // materials of scene files name it
import { Animation } from '@babylonjs/core/Animations/animation.js';
import { AppendSceneAsync } from '@babylonjs/core/Loading/sceneLoader.js';
import { TextureBlock } from '@babylonjs/core/Materials/Node/Blocks/Dual/textureBlock.js';
import { FragmentOutputBlock } from '@babylonjs/core/Materials/Node/Blocks/Fragment/fragmentOutputBlock.js';
import { InputBlock } from '@babylonjs/core/Materials/Node/Blocks/Input/inputBlock.js';
import { TransformBlock } from '@babylonjs/core/Materials/Node/Blocks/transformBlock.js';
import { VertexOutputBlock } from '@babylonjs/core/Materials/Node/Blocks/Vertex/vertexOutputBlock.js';
import { NodeMaterialSystemValues } from '@babylonjs/core/Materials/Node/Enums/nodeMaterialSystemValues.js';
import { NodeMaterial } from '@babylonjs/core/Materials/Node/nodeMaterial.js';
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { SceneSerializer } from '@babylonjs/core/Misc/sceneSerializer.js';
import { Scene } from '@babylonjs/core/scene.js';
import { decode } from 'fast-png';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SurfaceMaterial } from '../material/surfaceMaterial.ts';
import { GeneratedSheet, RegisterGeneratedSheet } from '../sprite/generatedSheet.ts';
import { serveTiny } from '../testing/serveTiny.ts';
import { createScene, loadTiny, loadTinyTextures, next, ON_THIS_THREAD, uploadedTo } from '../testing/tinyScene.ts';
import { RECIPE, scene, tiny, useTiny } from '../testing/tinySuite.ts';
import { GeneratedTexture, RegisterGeneratedTexture } from './generatedTexture.ts';
import { loadedModels } from './loadedModels.ts';

useTiny();

afterEach(() => {
  vi.restoreAllMocks();
});

const MISSING = 'http://localhost:1/none';

/** A mesh that shows the texture. */
function show(texture: BaseTexture): StandardMaterial {
  const material = new StandardMaterial(texture.name, scene);
  material.diffuseTexture = texture;
  CreatePlane(texture.name, {}, scene).material = material;
  return material;
}

describe('a texture whose model is missing', () => {
  it('has a loading error, and the scene does not wait for it', async () => {
    await serveTiny();
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const texture = GeneratedTexture.Parse({ ...saved, model: MISSING }, scene, '');
    show(texture);
    expect(texture.loadingError).toBe(false);
    expect(texture.isReadyOrNotBlocking()).toBe(false);
    await scene.whenReadyAsync();
    expect(texture.loadingError).toBe(true);
    expect(texture.errorObject).toMatchObject({
      message: expect.stringContaining(MISSING),
      exception: expect.any(Error),
    });
  });

  it('is no obstacle in a surface either', async () => {
    await serveTiny();
    const textures = await loadTinyTextures(scene);
    const made = (await textures.generateMaterialAsync({ label: 'brick', seed: 7 })) as SurfaceMaterial;
    const saved = made.serialize();
    const material = SurfaceMaterial.Parse({ ...saved, albedo: { ...saved.albedo, model: MISSING } }, scene);
    await expect(material.whenWrittenAsync()).rejects.toThrow(MISSING);
    expect(material.albedo.loadingError).toBe(true);
    for (const texture of material.getActiveTextures()) expect(texture.isReadyOrNotBlocking(), texture.name).toBe(true);
    scene.getEngine().getCaps().standardDerivatives = true; // as engines that draw have: Babylon waits for a bump texture, come what may
    CreatePlane('wall', {}, scene).material = material;
    await scene.whenReadyAsync();
    expect(uploadedTo(material.bumpTexture as SurfaceMaterial['albedo']).subarray(0, 8)).toEqual(
      Uint8Array.of(128, 128, 255, 128, 128, 128, 255, 128),
    );
  });
});

describe('a texture that is generated', () => {
  it('tells that it is loaded', async () => {
    const { texture } = tiny.beginTexture(RECIPE);
    const loaded = next(texture.onLoadObservable);
    const allReady = new Promise<void>((resolve) => BaseTexture.WhenAllReady([texture], resolve));
    expect(await loaded).toBe(texture);
    await allReady;
    const surface = await loadTinyTextures(scene).then((textures) =>
      textures.generateMaterialAsync({ label: 'brick' }),
    );
    await new Promise<void>((resolve) => BaseTexture.WhenAllReady(surface.getActiveTextures(), resolve));
  });

  it('is an image for a GUI or a page', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const pixels = await tiny.generatePixelsAsync(RECIPE);
    expect(await texture.readPictureAsync()).toEqual(pixels);
    const blob = await texture.toBlobAsync();
    expect(blob.type).toBe('image/png');
    expect(decode(await blob.arrayBuffer())).toMatchObject({ width: 16, height: 16, channels: 4, data: pixels });
    const url = await texture.toDataUrlAsync();
    expect(url).toBe(`data:image/png;base64,${Buffer.from(await blob.arrayBuffer()).toString('base64')}`);
    const { texture: empty, finished } = tiny.beginTexture({ ...RECIPE, seed: 1 });
    await expect(empty.toBlobAsync()).rejects.toThrow(/has no picture yet/);
    await finished;
    empty.dispose();
    await expect(empty.toBlobAsync()).rejects.toThrow(/is disposed; read it before/);
  });
});

describe('the models of a scene', () => {
  it('are listed as long as somebody uses them', async () => {
    const textures = await loadTinyTextures(scene);
    const facts = [tiny, textures].map(({ info, backend }) => ({ address: 'memory', info, backend, queueLength: 0 }));
    expect(loadedModels(scene)).toMatchObject(facts);
    const texture = loadedModels(scene)[1]!.createTexture('wall', { sizePx: 32 });
    await texture.regenerateAsync({ label: 'wood', seed: 1, sizePx: 32 });
    expect(texture).toMatchObject({ name: 'wall', info: textures.info, recipe: { label: 'wood', widthPx: 32 } });
    textures.dispose();
    expect(loadedModels(scene).map(({ info }) => info)).toEqual([tiny.info]);
    expect(loadedModels(createScene())).toEqual([]);
  });
});

describe('a clone', () => {
  it('has the picture at once, also after its generator was disposed', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    tiny.dispose();
    const copy = texture.clone();
    expect(copy.isReady()).toBe(true);
    expect(uploadedTo(copy)).toEqual(uploadedTo(texture));
    expect(copy.recipe).toEqual(texture.recipe);
    texture.dispose();
    expect(copy.isReady()).toBe(true);
  });

  it('changes without its original', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const before = uploadedTo(texture);
    const copy = texture.clone();
    await copy.regenerateAsync({ seed: 1 });
    expect(uploadedTo(copy)).not.toEqual(before);
    expect(uploadedTo(texture)).toEqual(before);
  });

  it('of a surface has its maps again without the generator', async () => {
    const textures = await loadTinyTextures(scene);
    const options = { label: 'brick', seed: 7, variations: 2, surface: { depthPx: 6 } };
    const material = (await textures.generateMaterialAsync(options)) as SurfaceMaterial;
    material.roughness = 0.5;
    textures.dispose();
    const copy = material.clone('copy');
    await copy.whenWrittenAsync();
    const maps = ({ name }: SurfaceMaterial) =>
      scene.textures.filter((texture) => new RegExp(`^${name}( 2)? (normal|occl)`).test(texture.name)).map(uploadedTo);
    expect(maps(copy)).toEqual(maps(material));
    expect(maps(copy)).toHaveLength(4);
    expect(uploadedTo(copy.albedo)).toEqual(uploadedTo(material.albedo));
    expect(copy.roughness).toBe(0.5);
  });

  it('has no clones once it is disposed, and says so', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    texture.dispose();
    for (const copy of [() => texture.clone(), () => texture.createSibling('another')])
      expect(copy).toThrow(expect.objectContaining({ name: 'AbortError', message: expect.stringMatching(/disposed/) }));
  });

  it('keeps metadata and animations, as a scene file does', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    texture.metadata = { owner: 'innkeeper' };
    texture.isBlocking = false;
    const turning = new Animation('turn', 'wAng', 30, Animation.ANIMATIONTYPE_FLOAT);
    turning.setKeys([
      { frame: 0, value: 0 },
      { frame: 30, value: 1 },
    ]);
    texture.animations = [turning];
    const saved = JSON.parse(JSON.stringify(texture.serialize()));
    for (const other of [texture.clone(), GeneratedTexture.Parse(saved, scene, '')]) {
      expect(other.metadata).toEqual({ owner: 'innkeeper' });
      expect(other.isBlocking).toBe(false);
      expect(other.animations.map((animation) => animation.serialize())).toEqual([turning.serialize()]);
      expect(other.animations[0]).not.toBe(turning);
    }
  });
});

describe('a scene file', () => {
  it('keeps the texture of a node material', async () => {
    const texture = await tiny.generateTextureAsync(RECIPE);
    const material = nodeMaterialWith(texture);
    const again = NodeMaterial.Parse(JSON.parse(JSON.stringify(material.serialize())), scene, '');
    const { texture: loaded } = again.getBlockByName('picture') as TextureBlock;
    expect(loaded).toBeInstanceOf(GeneratedTexture);
    await next(loaded!.onLoadObservable);
    expect(uploadedTo(loaded!)).toEqual(uploadedTo(texture));
  });

  it('keeps generated sprites, whose cells can be painted again', async () => {
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf', 'orc'], count: 3, seed: 4, numSpareCells: 1 });
    sprites.createSprite('orc').position.x = 2;
    const file = JSON.stringify(SceneSerializer.Serialize(scene));
    expect(file).not.toMatch(/base64/);
    RegisterGeneratedSheet();
    const other = new Scene(scene.getEngine());
    await loadTiny(other);
    await AppendSceneAsync(`data:${file}`, other);
    const [manager] = other.spriteManagers!;
    const sheet = manager!.texture as unknown as GeneratedSheet;
    expect(sheet).toBeInstanceOf(GeneratedSheet);
    expect(sheet.isReady()).toBe(false);
    await next(sheet.onLoadObservable);
    expect(uploadedTo(sheet)).toEqual(uploadedTo(sprites.texture));
    expect(manager!.sprites).toMatchObject([{ cellIndex: 1, position: { x: 2 } }]);
    expect(sheet.cells).toEqual(sprites.cells);
    await sheet.repaintCellAsync(3, { label: 'goblin', seed: 9 });
    await sprites.repaintCellAsync(3, { label: 'goblin', seed: 9 });
    expect(uploadedTo(sheet)).toEqual(uploadedTo(sprites.texture));
    expect(sheet.serialize()).toEqual((sprites.texture as unknown as GeneratedSheet).serialize());
  });

  it('has sheets of sizes that can be, or is refused', async () => {
    const sprites = await tiny.generateSpritesAsync({ labels: ['elf'] });
    const saved = (sprites.texture as unknown as GeneratedSheet).serialize();
    const wrongSizes = [{ cellSize: [0, 16] }, { cellSize: [9000, 16] }, { cellSize: ['8', '8'] }];
    for (const wrong of [...wrongSizes, { cells: [] }, { cells: 'all' }]) {
      expect(() => GeneratedSheet.Parse({ ...saved, ...wrong } as never, scene, '')).toThrow(/expected \[width/);
    }
    for (const factor of ['1000', 0, 1e-9]) {
      const wrong = { ...saved, pixelArt: { factor } } as never;
      expect(() => GeneratedSheet.Parse(wrong, scene, '')).toThrow(/pixelArt: factor is .*; expected 1, 2 or 4/);
    }
    const other = GeneratedSheet.Parse({ ...saved, cellSize: [24, 24] }, scene, '');
    await expect.poll(() => other.loadingError).toBe(true);
    const numTextures = scene.textures.length;
    for (const wrong of [null, { ...saved, model: undefined }, { ...saved, model: 5 }]) {
      const parse = () => GeneratedSheet.Parse(wrong as never, scene, '');
      expect(parse).toThrow(/^(GeneratedSheet: expected the address of a model|scene file: undefined is damaged)/);
    }
    expect(scene.textures.length).toBe(numTextures);
  });

  it('leaves nothing behind of a part that is damaged', async () => {
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const textures = [...scene.textures];
    const damages = [
      { model: 5 },
      { model: undefined },
      { size: [8192, 8192] },
      { size: 'x'.repeat(1e5) },
      { pixelArt: { factor: '2' } },
      { animations: 5 },
      { name: { toString: 1 } },
    ];
    for (const damage of damages) {
      const parse = () => GeneratedTexture.Parse({ ...saved, ...damage } as typeof saved, scene, '');
      expect(parse).toThrow(/^(GeneratedTexture: |scene file: |pixelArt: ).{1,480}$/);
      const surface = { name: 'm', id: 'm', albedo: { ...saved, ...damage } } as never;
      expect(() => SurfaceMaterial.Parse(surface, scene)).toThrow();
    }
    expect(scene.textures.length).toBe(textures.length);
    expect(scene.materials.length).toBe(0);
  });

  it.each([null, 5, {}, ['a']])('says what is wrong where a classifier is %j', async (classifier) => {
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const recipe = { ...saved.recipe, classifier } as never;
    const texture = GeneratedTexture.Parse({ ...saved, recipe }, scene, '');
    await expect.poll(() => texture.loadingError).toBe(true);
    expect(texture.errorObject!.message).toMatch(/^generate: classifier is .*; expected a text of 1 to 300 characters/);
  });

  it('takes addresses of many slashes at once', async () => {
    const saved = (await tiny.generateTextureAsync(RECIPE)).serialize()!;
    const before = process.cpuUsage();
    const texture = GeneratedTexture.Parse({ ...saved, model: `${'/'.repeat(2e5)}x` }, scene, '');
    await expect.poll(() => texture.loadingError).toBe(true);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000); // ms
  });

  it('counts the addresses of its models from its own folder', async () => {
    const asked = await serveTiny('https://game.example/scenes/models/tiny');
    RegisterGeneratedTexture(ON_THIS_THREAD);
    const saved = { ...(await tiny.generateTextureAsync(RECIPE)).serialize()!, model: 'models/tiny/' };
    const texture = GeneratedTexture.Parse(saved, scene, 'https://game.example/scenes/');
    await next(texture.onLoadObservable);
    expect(asked.every((address) => address.startsWith('https://game.example/scenes/models/tiny/'))).toBe(true);
    expect(texture.serialize()!.model).toBe('models/tiny/');
    for (const model of ['https://cdn.example/tiny', '/models/tiny']) {
      asked.length = 0;
      const whole = GeneratedTexture.Parse({ ...saved, model }, scene, 'https://game.example/scenes/');
      await expect.poll(() => whole.loadingError).toBe(true);
      expect(asked[0]).toBe(`${model}/model_index.json`);
    }
  });

  it('is opened though a signal of an earlier call has ended', async () => {
    await serveTiny('https://game.example/level2');
    const saved = { ...(await tiny.generateTextureAsync(RECIPE)).serialize()!, model: 'https://game.example/level2' };
    RegisterGeneratedTexture({ ...ON_THIS_THREAD, signal: AbortSignal.abort('the player left level 1') } as object);
    const texture = GeneratedTexture.Parse(saved, scene, '');
    await next(texture.onLoadObservable);
    expect(texture.isReady()).toBe(true);
  });

  it('is opened with the options that the page needs', async () => {
    const asked = await serveTiny('https://game.example/tiny');
    const saved = { ...(await tiny.generateTextureAsync(RECIPE)).serialize()!, model: 'https://game.example/tiny' };
    RegisterGeneratedTexture({ compute: 'gpu' });
    const failing = GeneratedTexture.Parse(saved, createScene(), '');
    await expect.poll(() => failing.loadingError).toBe(true);
    expect(failing.errorObject!.message).toMatch(/compute "gpu" needs a WebGPUEngine/);
    RegisterGeneratedTexture(ON_THIS_THREAD);
    RegisterGeneratedSheet({ models: [] }); // the other options stay as they were
    const loaded = GeneratedTexture.Parse(saved, scene, '');
    await next(loaded.onLoadObservable);
    expect(asked.length).toBeGreaterThan(0);
    expect(loadedModels(scene).at(-1)!.backend.reason).toMatch(/asked for/);
  });
});

/** A material of nodes that shows a texture at each vertex's place in it. */
function nodeMaterialWith(texture: BaseTexture): NodeMaterial {
  const material = new NodeMaterial('nodes', scene);
  const position = new InputBlock('position');
  position.setAsAttribute('position');
  const view = new InputBlock('view');
  view.setAsSystemValue(NodeMaterialSystemValues.WorldViewProjection);
  const place = new InputBlock('uv');
  place.setAsAttribute('uv');
  const transform = new TransformBlock('transform');
  position.connectTo(transform);
  view.connectTo(transform);
  const vertex = new VertexOutputBlock('vertex');
  transform.connectTo(vertex);
  const picture = new TextureBlock('picture');
  picture.texture = texture as GeneratedTexture;
  place.connectTo(picture);
  const fragment = new FragmentOutputBlock('fragment');
  picture.rgba.connectTo(fragment.rgba);
  material.addOutputNode(vertex);
  material.addOutputNode(fragment);
  material.build();
  return material;
}
