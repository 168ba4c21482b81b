import { GlowLayer } from '@babylonjs/core/Layers/glowLayer.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import '@babylonjs/core/Lights/Shadows/shadowGeneratorSceneComponent.js';
import type { PointLight } from '@babylonjs/core/Lights/pointLight.js';
import { ShadowGenerator } from '@babylonjs/core/Lights/Shadows/shadowGenerator.js';
import { RenderTargetTexture } from '@babylonjs/core/Materials/Textures/renderTargetTexture.js';

const BLUR_PX = 48;

/** Adds a halo around flames; whatever stands in front of them hides it. */
export function addGlow(scene: Scene, sources: readonly AbstractMesh[]): void {
  const glow = new GlowLayer('glow', scene, { blurKernelSize: BLUR_PX, mainTextureRatio: 0.5 });
  glow.intensity = 0.6;
  const bright = new Set<unknown>(sources);
  glow.customEmissiveColorSelector = (mesh, _subMesh, _material, result) => {
    if (bright.has(mesh)) result.set(1, 0.5, 0.16, 1);
    else result.set(0, 0, 0, 1);
  };
}

const MAP_SIZE_PX = 1024;

/**
 * Adds the shadows of meshes that stand still. Those of a light that stands still, too, are drawn once, although flames flicker.
 *
 * @param everyFrames how often the shadows of a light that moves are drawn again
 */
export function castShadows(light: PointLight, meshes: readonly AbstractMesh[], everyFrames?: number): void {
  light.shadowMinZ = 0.1;
  light.shadowMaxZ = 12;
  const generator = new ShadowGenerator(MAP_SIZE_PX, light);
  generator.usePoissonSampling = true;
  generator.bias = 0.004;
  generator.normalBias = 0.01;
  generator.darkness = 0.12;
  const map = generator.getShadowMap()!;
  for (const mesh of meshes) map.renderList!.push(mesh);
  map.refreshRate = everyFrames ?? RenderTargetTexture.REFRESHRATE_RENDER_ONCE;
}
