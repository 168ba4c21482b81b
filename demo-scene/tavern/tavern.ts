import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { ImageProcessingConfiguration } from '@babylonjs/core/Materials/imageProcessingConfiguration.js';
import { Color3, Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Scene } from '@babylonjs/core/scene.js';
import { createCamera } from './camera.ts';
import { Flames } from './light/flames.ts';
import { CHANDELIER, Lights } from './light/lights.ts';
import { Portrait } from './people/portrait.ts';
import type { Quality } from './quality.ts';
import { FIREPLACE } from './room/dimensions.ts';
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

/** The room with its lights and empty frames; nothing of it waits for the model. */
export async function openTavern(engine: AbstractEngine, plan: TavernPlan, quality: Quality): Promise<Tavern> {
  const scene = new Scene(engine);
  scene.clearColor = new Color4(0.02, 0.012, 0.008, 1);
  scene.ambientColor = Color3.Black();
  setFilm(scene.imageProcessingConfiguration);
  createCamera(scene, engine.getRenderingCanvas()!);
  const materials = createMaterials(scene, quality);
  const flames = new Flames(scene);
  const { meshes, tableCandles } = buildRoom(scene, materials, flames, plan, CHANDELIER);
  const door = new Door(scene, materials);
  const lights = new Lights(scene, quality, tableCandles);
  const portraits = plan.portraits.map(
    (portrait, i) => new Portrait(scene, portrait, `frame ${i + 1}`, materials, depthAt(portrait.position[0])),
  );
  if (quality.glow) (await import('./light/glow.ts')).addGlow(scene, flames.meshes);
  const started = performance.now();
  scene.onBeforeRenderObservable.add(() => {
    const timeS = (performance.now() - started) / 1000;
    flames.burn(timeS);
    lights.burn(timeS);
    door.swing(engine.getDeltaTime() / 1000);
  });
  await scene.whenReadyAsync();
  if (quality.shadows) {
    const { castShadows } = await import('./light/shadows.ts');
    const casters = [...meshes, ...portraits.flatMap(({ frame }) => frame.root.getChildMeshes())];
    castShadows(lights.chandelier, casters);
    castShadows(lights.fire, casters);
  }
  return { scene, portraits, materials, lights, door };
}

/** How light becomes colour: a film's shoulder, so that flames do not burn out. */
function setFilm(film: ImageProcessingConfiguration): void {
  film.toneMappingEnabled = true;
  film.toneMappingType = ImageProcessingConfiguration.TONEMAPPING_ACES;
  film.exposure = 1.15;
  film.contrast = 1.15;
}

/** The chimney stands out from the wall. */
function depthAt(x: number): number {
  return Math.abs(x - FIREPLACE.x) < FIREPLACE.width / 2 ? FIREPLACE.depth - 0.2 : 0;
}
