import { GlowLayer } from '@babylonjs/core/Layers/glowLayer.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import type { Scene } from '@babylonjs/core/scene.js';

const BLUR_PX = 48;

/** A halo around flames; whatever else is drawn hides it. */
export function addGlow(scene: Scene, sources: readonly AbstractMesh[]): void {
  const glow = new GlowLayer('glow', scene, { blurKernelSize: BLUR_PX, mainTextureRatio: 0.5 });
  glow.intensity = 0.6;
  const bright = new Set<unknown>(sources);
  glow.customEmissiveColorSelector = (mesh, _subMesh, _material, result) => {
    if (bright.has(mesh)) result.set(1, 0.5, 0.16, 1);
    else result.set(0, 0, 0, 1);
  };
}
