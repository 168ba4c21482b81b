import { ArcRotateCamera } from '@babylonjs/core/Cameras/arcRotateCamera.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import type { Scene } from '@babylonjs/core/scene.js';

const FOV = 0.82;
/** What a narrow window shows from left to right, in radians at least. */
const MIN_FOV_ACROSS = 0.62;
const TARGET = new Vector3(-0.15, 1.78, 1.4);

/** An eye that turns and comes closer, and stays in the room. */
export function createCamera(scene: Scene, canvas: HTMLCanvasElement): ArcRotateCamera {
  const camera = new ArcRotateCamera('eye', -Math.PI / 2, 1.5, 5.5, TARGET.clone(), scene);
  camera.minZ = 0.1;
  camera.maxZ = 30;
  camera.lowerAlphaLimit = -Math.PI / 2 - 0.55;
  camera.upperAlphaLimit = -Math.PI / 2 + 0.55;
  camera.lowerBetaLimit = 1.25;
  camera.upperBetaLimit = 1.62;
  camera.lowerRadiusLimit = 2.6;
  camera.upperRadiusLimit = 6.1;
  camera.wheelDeltaPercentage = 0.01;
  camera.pinchDeltaPercentage = 0.01;
  camera.panningSensibility = 0;
  camera.attachControl(canvas, true);
  const widen = () => {
    camera.fov = fieldOfView(canvas.clientWidth / Math.max(1, canvas.clientHeight));
  };
  widen();
  scene.getEngine().onResizeObservable.add(widen);
  return camera;
}

/** Upright field of view for a window of this shape, in radians. */
function fieldOfView(aspect: number): number {
  const forWidth = 2 * Math.atan(Math.tan(MIN_FOV_ACROSS / 2) / aspect);
  return Math.max(FOV, Math.min(forWidth, 1.15));
}
