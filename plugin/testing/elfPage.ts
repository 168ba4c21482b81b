// A cut-out elf before a blue background, on WebGL, painted by a worker.
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Scene } from '@babylonjs/core/scene.js';
import { AssetGenerator } from '../assetGenerator.ts';

export interface DrawnElf {
  backend: string;
  /** RGBA of the middle and of a corner of the plane. */
  middle: number[];
  corner: number[];
}

/** The recipe of the elf, whose few steps are enough for a face. */
export const ELF = { label: 'elf', seed: 7, numInferenceSteps: 4 };

/** Draws the elf, and says what is to be seen. The plane fills the canvas of 64 × 64. */
export async function drawElf(): Promise<DrawnElf> {
  const engine = new Engine(document.querySelector('canvas')!, false);
  const scene = new Scene(engine);
  scene.clearColor = new Color4(0, 0, 1, 1);
  new FreeCamera('camera', new Vector3(0, 0, -0.5 / Math.tan(0.4)), scene).setTarget(Vector3.Zero());
  const portraits = await AssetGenerator.LoadAsync('models/portraits/', scene);
  const material = await portraits.generateMaterialAsync(ELF);
  material.unlit = true;
  CreatePlane('plane', {}, scene).material = material;
  await scene.whenReadyAsync();
  scene.render();
  const pixel = async (x: number, y: number) => Array.from((await engine.readPixels(x, y, 1, 1)) as Uint8Array);
  const drawn = { backend: portraits.backend.backend, middle: await pixel(32, 31), corner: await pixel(1, 62) };
  engine.dispose();
  return drawn;
}
