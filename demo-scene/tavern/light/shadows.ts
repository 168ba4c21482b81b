import '@babylonjs/core/Lights/Shadows/shadowGeneratorSceneComponent.js';
import type { PointLight } from '@babylonjs/core/Lights/pointLight.js';
import { ShadowGenerator } from '@babylonjs/core/Lights/Shadows/shadowGenerator.js';
import { RenderTargetTexture } from '@babylonjs/core/Materials/Textures/renderTargetTexture.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';

const MAP_SIZE_PX = 1024;

/** Shadows of what stands still: drawn once, whatever the flames do. */
export function castShadows(light: PointLight, meshes: readonly AbstractMesh[]): void {
  light.shadowMinZ = 0.1;
  light.shadowMaxZ = 12;
  const generator = new ShadowGenerator(MAP_SIZE_PX, light);
  generator.usePoissonSampling = true;
  generator.bias = 0.004;
  generator.normalBias = 0.01;
  generator.darkness = 0.12;
  const map = generator.getShadowMap()!;
  for (const mesh of meshes) map.renderList!.push(mesh);
  map.refreshRate = RenderTargetTexture.REFRESHRATE_RENDER_ONCE;
}
