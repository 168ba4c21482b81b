// A game that knows Figment as a package; package.test.ts runs it by import map and built by Vite.
import '@babylonjs/core/Engines/Extensions/engine.readTexture.js';
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Scene } from '@babylonjs/core/scene.js';
import { AssetGenerator } from 'babylon-figment';

const scene = new Scene(new Engine(document.querySelector('canvas'), false));
new FreeCamera('camera', new Vector3(0, 0, -2), scene);
const material = new PBRMaterial('portrait', scene);
material.unlit = true;
CreatePlane('plane', {}, scene).material = material;

const portraits = await AssetGenerator.LoadAsync('models/portraits/', scene);
const recipe = { seed: 7, guidanceScale: 2, numInferenceSteps: 3 };
const texture = await portraits.generateTextureAsync({ label: 'elf', ...recipe });
material.albedoTexture = texture;
const npcs = await portraits.generateSpritesAsync({ labels: ['elf', 'goblin'], count: 4, ...recipe });
npcs.createSprite('goblin').position.x = 1;
await scene.whenReadyAsync();
scene.render();

globalThis.page = {
  backend: () => portraits.backend.backend,
  cells: () => npcs.cells.map(({ label, seed }) => `${label}-${seed}`),
  /** RGBA bytes as they lie in the texture, bottom row first. */
  texture: async () => Array.from(await texture.readPixels()),
  /** The whole sheet, top row first. */
  sheet: async () => Array.from(await npcs.texture.readPixels()),
};
