// Makes surface materials in a real page, and shows them under a lamp.
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { DirectionalLight } from '@babylonjs/core/Lights/directionalLight.js';
import { HemisphericLight } from '@babylonjs/core/Lights/hemisphericLight.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Matrix, Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreateGround } from '@babylonjs/core/Meshes/Builders/groundBuilder.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Scene } from '@babylonjs/core/scene.js';
import {
  AssetGenerator,
  type Compute,
  CreateEngineAsync,
  type GenerateMaterialOptions,
  type SurfaceMaterial,
} from '../index.ts';
import type { PictureTarget } from '../texture/texelTexture.ts';

let engine: AbstractEngine;
let scene: Scene;
let textures: AssetGenerator;
let material: SurfaceMaterial;

const canvas = () => document.querySelector('canvas')!;

/** A plane that fills the canvas, seen from the front, and a model of textures. */
export async function start(kind: 'webgpu' | 'webgl', compute: Compute, canvasPx: number): Promise<string> {
  Object.assign(canvas(), { width: canvasPx, height: canvasPx }); // later, on WebGPU, it would stay blank
  engine = kind === 'webgl' ? new Engine(canvas(), false) : await CreateEngineAsync(canvas(), { antialias: false });
  await openScene(compute, false);
  return `${engine.name}, ${textures.backend.backend}`;
}

/** Opens a scene in place of the one before, and loads the model of textures for it. */
export async function openScene(compute: Compute, isRightHanded: boolean): Promise<void> {
  scene?.dispose();
  scene = new Scene(engine);
  scene.useRightHandedSystem = isRightHanded;
  scene.clearColor = new Color4(0, 0, 0, 1);
  const camera = new FreeCamera('camera', new Vector3(0, 0, -3), scene);
  camera.mode = FreeCamera.ORTHOGRAPHIC_CAMERA;
  [camera.orthoLeft, camera.orthoRight, camera.orthoBottom, camera.orthoTop] = [-1, 1, -1, 1];
  textures = await AssetGenerator.LoadAsync('tiny/', scene, { compute, numWorkers: 1, frameBudgetMs: 200 });
  await textures.warmUpAsync(); // which reads one number back: whether the weights make pictures at all
}

/** Makes the materials that follow by another model. */
export async function use(folder: string): Promise<void> {
  textures = await AssetGenerator.LoadAsync(folder, scene, { compute: 'gpu', frameBudgetMs: 200 });
  await textures.warmUpAsync();
}

/** How often data came back from the GPU while the material was made; the one before is disposed. */
export async function make(options: GenerateMaterialOptions): Promise<number> {
  material?.dispose();
  let numReadBacks = 0;
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = function (...values) {
    numReadBacks++;
    return mapAsync.apply(this, values);
  };
  material = (await textures.generateMaterialAsync(options)) as SurfaceMaterial;
  GPUBuffer.prototype.mapAsync = mapAsync;
  return numReadBacks;
}

/** RGBA bytes of the three textures, bottom row first. */
export async function readMaps(): Promise<{ albedo: number[]; normal: number[]; orm: number[] }> {
  const read = async (texture: BaseTexture | null) => Array.from((await texture!.readPixels()) as Uint8Array);
  return {
    albedo: await read(material.albedoTexture),
    normal: await read(material.bumpTexture),
    orm: await read(material.metallicTexture),
  };
}

/** Puts a grey picture in place of the painted one, and shows its surface in the light from a side. */
export async function showLit(grey: number[], light: [x: number, y: number]): Promise<void> {
  await drawGrey(grey);
  material.albedoTexture = null; // the shape alone
  for (const old of [...scene.lights]) old.dispose();
  new DirectionalLight('light', new Vector3(-light[0], -light[1], 1), scene).intensity = 2;
  if (scene.meshes.length === 0) CreatePlane('plane', { size: 2 }, scene).material = material;
  await draw();
}

/** Puts a grey picture in place of the painted one: what is bright is high. */
async function drawGrey(grey: number[]): Promise<void> {
  const { target } = (material.albedo as unknown as { shown: { target: PictureTarget } }).shown;
  const { widthPx, heightPx } = material.albedo.look;
  const pixels = Uint8Array.from(grey.flatMap((value) => [value, value, value, 255]));
  target.drawPixels(pixels, widthPx, heightPx, 0, 0);
  engine.flushFramebuffer();
  await material.reshapeAsync({ depthPx: 4, grain: 0, lowParts: 'dark' });
}

/**
 * Shows a surface of a grey picture from the right, shifted by its height or not.
 *
 * @returns by how many pixels of the canvas a point that is raised above the plane would appear to the right of it
 */
export async function showFromRight(
  options: GenerateMaterialOptions,
  grey: number[],
  isShifted: boolean,
): Promise<number> {
  for (const mesh of [...scene.meshes]) mesh.dispose();
  for (const old of [...scene.lights]) old.dispose();
  await make(options);
  await drawGrey(grey);
  material.useParallax = isShifted;
  CreatePlane('plane', { size: 2 }, scene).material = material;
  new HemisphericLight('light', new Vector3(0, 1, 0), scene);
  const camera = scene.activeCamera as FreeCamera;
  camera.position.set(1.5, 0, -3);
  camera.setTarget(Vector3.Zero());
  await draw();
  const viewport = camera.viewport.toGlobal(canvas().width, canvas().height);
  const seenAt = (z: number) =>
    Vector3.Project(new Vector3(0, 0, z), Matrix.Identity(), scene.getTransformMatrix(), viewport).x;
  return seenAt(-0.1) - seenAt(0);
}

/** What to lay out, and from where it is seen. */
export interface Floor {
  /** Absent: one surface that repeats. */
  variations?: number;
  cellSize?: number;
  numTiles: number;
  view: 'above' | 'along';
  /** RGB bytes in place of each surface's painted picture. */
  pictures?: number[][];
  label?: string;
}

/** Lays a floor of 100 m, and shows it. */
export async function showFloor(floor: Floor): Promise<void> {
  const { variations, cellSize, numTiles, view, pictures = [], label = 'brick' } = floor;
  for (const mesh of [...scene.meshes]) mesh.dispose();
  for (const old of [...scene.lights]) old.dispose();
  material?.dispose();
  const { widthPx: tilePx } = textures.info;
  const asked = { label, seed: 3, variations, cellSize, tiling: numTiles };
  material = (await textures.generateMaterialAsync(asked)) as SurfaceMaterial;
  const surfaces = (material as unknown as { surfaces: { albedo: { shown: { target: PictureTarget } } }[] }).surfaces;
  for (const [i, picture] of pictures.slice(0, surfaces.length).entries()) {
    const pixels = Uint8Array.from(picture.flatMap((value, at) => (at % 3 === 2 ? [value, 255] : [value])));
    surfaces[i]!.albedo.shown.target.drawPixels(pixels, tilePx, tilePx, 0, 0);
  }
  engine.flushFramebuffer();
  await material.reshapeAsync({});
  const ground = CreateGround('floor', { width: 100, height: 100 }, scene);
  ground.material = material;
  new HemisphericLight('sky', new Vector3(0, 1, 0), scene).intensity = 0.8;
  new DirectionalLight('sun', new Vector3(-2, -1.5, 1), scene).intensity = 2;
  const camera = scene.activeCamera as FreeCamera;
  const isAbove = view === 'above';
  camera.mode = isAbove ? FreeCamera.ORTHOGRAPHIC_CAMERA : FreeCamera.PERSPECTIVE_CAMERA;
  [camera.orthoLeft, camera.orthoRight, camera.orthoBottom, camera.orthoTop] = [-50, 50, -50, 50];
  camera.position = isAbove ? new Vector3(0, 10, 0) : new Vector3(0, 4, -48);
  camera.rotation = isAbove ? new Vector3(Math.PI / 2, 0, 0) : new Vector3(0.16, 0, 0);
  await draw();
}

/** Disposes the material and what it was shown on; the textures that are still in the scene. */
export async function leftovers(): Promise<string[]> {
  for (const mesh of [...scene.meshes]) mesh.dispose();
  material.dispose();
  await new Promise((resolve) => setTimeout(resolve)); // what draws pixel art goes a moment later
  return scene.textures.filter((texture) => texture !== scene.environmentBRDFTexture).map(({ name }) => name);
}

/** Draws a frame and waits until it is on the screen. */
async function draw(): Promise<void> {
  await scene.whenReadyAsync();
  engine.beginFrame();
  scene.render();
  engine.endFrame();
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
}
