// Draws one frame with each of Babylon's engines.
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { WebGPUEngine } from '@babylonjs/core/Engines/webgpuEngine.js';
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { Color3, Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Scene } from '@babylonjs/core/scene.js';

const canvas = () => document.querySelector('canvas')!;
const WIDTH_PX = 64;

export interface Frame {
  engine: string;
  /** RGBA bytes of the middle, where an orange plane is, and of a corner, where the blue background is. */
  middle: number[];
  corner: number[];
}

export function renderWithWebgl(): Promise<Frame> {
  return render(new Engine(canvas(), false));
}

export async function renderWithWebgpu(): Promise<Frame> {
  const engine = new WebGPUEngine(canvas(), { antialias: false });
  await engine.initAsync();
  return render(engine);
}

async function render(engine: AbstractEngine): Promise<Frame> {
  const scene = new Scene(engine);
  scene.clearColor = new Color4(0, 0, 1, 1);
  new FreeCamera('camera', new Vector3(0, 0, -3), scene).setTarget(Vector3.Zero());
  const material = new StandardMaterial('orange', scene);
  material.disableLighting = true;
  material.emissiveColor = new Color3(1, 0.4, 0);
  CreatePlane('plane', {}, scene).material = material;
  await scene.whenReadyAsync();
  scene.render();
  const pixels = (await engine.readPixels(0, 0, WIDTH_PX, WIDTH_PX)) as Uint8Array;
  const pixel = (x: number, y: number) => Array.from(pixels.slice(4 * (y * WIDTH_PX + x), 4 * (y * WIDTH_PX + x + 1)));
  const frame = { engine: engine.name, middle: pixel(32, 32), corner: pixel(1, 1) };
  engine.dispose();
  return frame;
}

export function throwLater(): void {
  setTimeout(() => {
    throw new Error('on purpose');
  });
}

export function isIsolated(): boolean {
  return crossOriginIsolated;
}
