import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import '@babylonjs/core/Loading/Plugins/babylonFileLoader.js';
import { LoadAssetContainerAsync } from '@babylonjs/core/Loading/sceneLoader.js';
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import type { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Scene } from '@babylonjs/core/scene.js';
import { validateBytes } from 'gltf-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { bake } from './index.ts';

const MAPS = ['albedo', 'normal', 'orm', 'height'] as const;

let art: BakeFolder;
let files: Map<string, Buffer>;
beforeAll(async () => {
  art = await createBakeFolder();
  await art.describe(
    [
      {
        name: 'a wall',
        labels: ['goblin'],
        maps: [...MAPS],
        enlarge: 4,
        output: 'walls/{asset}#{map}',
        parallax: 'occlusion',
      },
      { name: 'floors', labels: ['elf', 'orc'], maps: ['albedo', 'ambientOcclusion'], surface: { metallic: 0.25 } },
      { name: 'guest', labels: ['elf'] },
    ],
    { materials: { babylon: 'libraries/all.babylon', gltf: 'libraries/all.gltf' } },
  );
  await bake(art.file, { backend: 'wasm' });
  files = await art.files();
});
afterAll(() => art.remove());

it('ends pictures that do not repeat at their borders, as the plugin does', () => {
  const gltf: { samplers: object[] } = JSON.parse(files.get('libraries/all.gltf')!.toString());
  for (const sampler of gltf.samplers) expect(sampler).toMatchObject({ wrapS: 33071, wrapT: 33071 });
  const babylon: { materials: { albedoTexture: object }[] } = JSON.parse(
    files.get('libraries/all.babylon')!.toString(),
  );
  for (const { albedoTexture } of babylon.materials) expect(albedoTexture).toMatchObject({ wrapU: 0, wrapV: 0 });
});

describe('the glTF library', () => {
  it('passes the Khronos validator, its maps included', async () => {
    const report = await validateBytes(files.get('libraries/all.gltf')!, {
      uri: 'all.gltf',
      externalResourceFunction: async (uri) =>
        new Uint8Array(await readFile(join(art.out, 'libraries', decodeURIComponent(uri)))),
    });
    expect(report.issues.messages).toEqual([]);
    expect(report.info).toMatchObject({ materialCount: 3, drawCallCount: 3, hasTextures: true });
    const images = report.info.resources.filter(({ pointer }) => pointer.startsWith('/images/'));
    expect(images.map(({ image }) => image!.width)).toEqual([64, 64, 64, 16, 16, 16, 16]);
  });

  it('points at maps in other folders without two dots in a row, at which Babylon fails', () => {
    const content = files.get('libraries/all.gltf')!.toString();
    const images: { uri: string }[] = JSON.parse(content).images;
    expect(images[0]!.uri).toBe('%2E%2E/walls/a%20wall%23albedo.png');
    expect(images.filter(({ uri }) => uri.includes('..'))).toEqual([]);
    expect(new URL(images[0]!.uri, 'https://game.example/art/libraries/all.gltf').pathname).toBe(
      '/art/walls/a%20wall%23albedo.png',
    );
  });

  it('has the roughness and metal of the packed map, or else of the settings', () => {
    const { materials } = JSON.parse(files.get('libraries/all.gltf')!.toString());
    const [wall, floor] = materials;
    expect(wall).toMatchObject({
      name: 'a wall',
      alphaMode: 'MASK',
      extras: { figment: { label: 'goblin', seed: 0 } },
    });
    expect(wall.pbrMetallicRoughness).toMatchObject({ metallicRoughnessTexture: { index: 2 } });
    expect(wall.occlusionTexture).toEqual({ index: 2 });
    expect(floor.name).toBe('floors/elf-0');
    expect(floor.pbrMetallicRoughness).toMatchObject({ metallicFactor: 0.25, roughnessFactor: 0.8 });
  });
});

describe('the Babylon library', () => {
  it('is read by Babylon, and points at the maps', async () => {
    const engine = new NullEngine();
    const scene = new Scene(engine);
    const content = files.get('libraries/all.babylon')!.toString();
    const container = await LoadAssetContainerAsync(`data:${content}`, scene, { pluginExtension: '.babylon' });
    const entries: unknown[] = JSON.parse(content).materials;
    const [wall, floor] = entries.map((entry) => PBRMaterial.Parse(entry, scene, 'art/libraries/') as PBRMaterial);
    expect(container.materials.map(({ name }) => name)).toEqual(['a wall', 'floors/elf-0', 'floors/orc-0']);
    const address = (texture: unknown) => (texture as Texture).url;
    expect(address(wall!.albedoTexture)).toBe('art/libraries/../walls/a%20wall%23albedo.png');
    expect(address(wall!.bumpTexture)).toBe('art/libraries/../walls/a%20wall%23normal.png');
    expect(address(wall!.metallicTexture)).toBe('art/libraries/../walls/a%20wall%23orm.png');
    expect(wall).toMatchObject({
      metallic: 1,
      roughness: 1,
      invertNormalMapX: true,
      invertNormalMapY: true,
      useRoughnessFromMetallicTextureGreen: true,
      useRoughnessFromMetallicTextureAlpha: false,
      useMetallnessFromMetallicTextureBlue: true,
      useAmbientOcclusionFromMetallicTextureRed: true,
      useParallax: true,
      useParallaxOcclusion: true,
      transparencyMode: 1,
      backFaceCulling: false,
    });
    expect(wall!.albedoTexture!.hasAlpha).toBe(true);
    expect(address(floor!.ambientTexture)).toBe('art/libraries/../floors/elf-0-ambientOcclusion.png');
    expect(floor).toMatchObject({ metallic: 0.25, roughness: 0.8, metallicTexture: null, useParallax: false });
    scene.dispose();
    engine.dispose();
  });
});
