// A small scene as a game has one: lit meshes, and portraits on planes.
import { ArcRotateCamera } from '@babylonjs/core/Cameras/arcRotateCamera.js';
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { HemisphericLight } from '@babylonjs/core/Lights/hemisphericLight.js';
import { PointLight } from '@babylonjs/core/Lights/pointLight.js';
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreateBox } from '@babylonjs/core/Meshes/Builders/boxBuilder.js';
import { CreateGround } from '@babylonjs/core/Meshes/Builders/groundBuilder.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { CreateSphere } from '@babylonjs/core/Meshes/Builders/sphereBuilder.js';
import { CreateTorus } from '@babylonjs/core/Meshes/Builders/torusBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import { Scene } from '@babylonjs/core/scene.js';

export const NUM_PORTRAITS = 4;
/** Once round in about 20 seconds. */
const RADIANS_PER_SECOND = 0.3;

/** The meshes and a camera that goes round them. */
export function createFrameScene(engine: AbstractEngine): Scene {
  const scene = new Scene(engine);
  const camera = new ArcRotateCamera('camera', -Math.PI / 2, 1.3, 7, new Vector3(0, 1, 0), scene);
  scene.onBeforeRenderObservable.add(() => {
    camera.alpha += (RADIANS_PER_SECOND * engine.getDeltaTime()) / 1000;
  });
  new HemisphericLight('sky', Vector3.Up(), scene).intensity = 0.6;
  new PointLight('lamp', new Vector3(2, 4, -3), scene).intensity = 0.7;
  place(CreateGround('ground', { width: 12, height: 12 }, scene), [0, 0, 0], [0.3, 0.4, 0.3]);
  place(CreateBox('chest', { size: 1 }, scene), [-2.5, 0.5, 2], [0.5, 0.35, 0.2]);
  place(CreateSphere('stone', { diameter: 1.2, segments: 24 }, scene), [2.5, 0.6, 2], [0.5, 0.5, 0.55]);
  place(CreateTorus('ring', { diameter: 1.4, thickness: 0.4, tessellation: 32 }, scene), [0, 0.4, 3], [0.7, 0.6, 0.2]);
  return scene;
}

function place(mesh: Mesh, [x, y, z]: [number, number, number], [r, g, b]: [number, number, number]): void {
  mesh.position.set(x, y, z);
  const material = new StandardMaterial(mesh.name, mesh.getScene());
  material.diffuseColor = new Color3(r, g, b);
  mesh.material = material;
}

/** Hangs a picture in the scene, cut out along its alpha; `index` from 0 to NUM_PORTRAITS − 1. */
export function hangPortrait(scene: Scene, texture: BaseTexture, index: number): void {
  const plane = CreatePlane(`portrait${index}`, { size: 1.4 }, scene);
  plane.position.set(1.6 * (index - (NUM_PORTRAITS - 1) / 2), 1, 0);
  const material = new StandardMaterial(plane.name, scene);
  material.diffuseTexture = texture;
  material.specularColor = Color3.Black();
  material.backFaceCulling = false;
  plane.material = material;
}
