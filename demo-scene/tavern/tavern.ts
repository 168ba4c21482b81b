import { ArcRotateCamera } from '@babylonjs/core/Cameras/arcRotateCamera.js';
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { ImageProcessingConfiguration } from '@babylonjs/core/Materials/imageProcessingConfiguration.js';
import { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Color3, Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import { Scene } from '@babylonjs/core/scene.js';
import { Flames } from './light/flames.ts';
import { CHANDELIER, Lights } from './light/lights.ts';
import { Portrait } from './people/portrait.ts';
import type { Quality } from './quality.ts';
import { Door } from './room/door.ts';
import { createMaterials, type Materials } from './room/materials.ts';
import { buildRoom } from './room/tavernRoom.ts';
import type { TavernPlan } from './tavernFile.ts';

export interface Tavern {
  scene: Scene;
  portraits: Portrait[];
  materials: Materials;
  lights: Lights;
  door: Door;
}

/** Builds the room in plain colours, with its lights and empty frames, without waiting for any model. */
export function openTavern(engine: AbstractEngine, plan: TavernPlan, quality: Quality): Tavern {
  BaseTexture.DEFAULT_ANISOTROPIC_FILTERING_LEVEL = quality.anisotropy;
  engine.canvasTabIndex = 0; // Babylon would have the canvas reached before all else
  const scene = new Scene(engine);
  scene.clearColor = new Color4(0.02, 0.012, 0.008, 1);
  scene.ambientColor = Color3.Black();
  doWithoutSky(scene);
  setFilm(scene.imageProcessingConfiguration);
  createCamera(scene, engine.getRenderingCanvas()!);
  const materials = createMaterials(scene, quality);
  const flames = new Flames(scene);
  const { meshes, tableCandles } = buildRoom(scene, materials, flames, plan, CHANDELIER);
  const door = new Door(scene, materials);
  const lights = new Lights(scene, quality, tableCandles);
  const portraits = plan.portraits.map(
    (portrait, i) => new Portrait(scene, portrait, `frame ${i + 1}`, quality.numLights),
  );
  const started = performance.now();
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  scene.onBeforeRenderObservable.add(() => {
    const timeS = still.matches ? 0 : (performance.now() - started) / 1000;
    flames.burn(timeS);
    lights.burn(timeS);
    door.swing(still.matches ? Number.POSITIVE_INFINITY : engine.getDeltaTime() / 1000);
  });
  void addEffects(scene, quality, flames, lights, meshes);
  return { scene, portraits, materials, lights, door };
}

/** The chandelier's light swings slowly: its shadows are drawn again after so many frames. */
const SHADOW_FRAMES = 4;

/** Adds halos and shadows once the plain room shows. */
async function addEffects(
  scene: Scene,
  { glow, shadows }: Quality,
  flames: Flames,
  lights: Lights,
  casters: AbstractMesh[],
): Promise<void> {
  if (!glow && !shadows) return;
  await scene.whenReadyAsync();
  const { addGlow, castShadows } = await import('./light/glowAndShadows.ts');
  if (scene.isDisposed) return;
  if (glow) addGlow(scene, flames.meshes);
  if (!shadows) return;
  castShadows(lights.chandelier, casters, SHADOW_FRAMES);
  castShadows(lights.fire, casters);
}

/**
 * Nothing but single lights shines here, so the table of how surfaces reflect a sky need not be decoded before the room shows:
 * its value for single lights is 1, nearly everywhere.
 */
function doWithoutSky(scene: Scene): void {
  scene.environmentBRDFTexture = RawTexture.CreateRGBATexture(Uint8Array.of(0, 255, 0, 255), 1, 1, scene, false);
}

/** Maps light to colour as film does, so that flames are not plain white. */
function setFilm(film: ImageProcessingConfiguration): void {
  film.toneMappingEnabled = true;
  film.toneMappingType = ImageProcessingConfiguration.TONEMAPPING_ACES;
  film.exposure = 1.15;
  film.contrast = 1.15;
}

const FOV = 0.68;
/** The least horizontal field of view, which a narrow window shows, in radians. */
const MIN_FOV_ACROSS = 0.6;
/** Where the camera is at first: what it looks at, from how far away, in metres, and its angle from straight above, in radians. */
export const VIEW = { target: [-0.15, 1.78, 1.4], distanceM: 5.5, fromAbove: 1.5 } as const;

/** A camera that turns and zooms, and stays inside the room. */
export function createCamera(scene: Scene, canvas: HTMLCanvasElement): ArcRotateCamera {
  const camera = new ArcRotateCamera(
    'eye',
    -Math.PI / 2,
    VIEW.fromAbove,
    VIEW.distanceM,
    new Vector3(...VIEW.target),
    scene,
  );
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
  camera.attachControl(canvas, true, false); // Ctrl with the arrow keys would move it through the walls
  const widen = () => {
    camera.fov = fieldOfView(canvas.clientWidth / Math.max(1, canvas.clientHeight));
  };
  widen();
  scene.getEngine().onResizeObservable.add(widen);
  return camera;
}

/** The vertical field of view for a window of this shape, in radians. @param aspect width / height */
function fieldOfView(aspect: number): number {
  const forWidth = 2 * Math.atan(Math.tan(MIN_FOV_ACROSS / 2) / aspect);
  return Math.max(FOV, Math.min(forWidth, 1.15));
}
