import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Quality } from '../quality.ts';

/** The materials that a model paints, with the colours that they have until then. */
const PAINTED = {
  beam: '#3a2416',
  oak: '#7c5130',
  panel: '#563520',
  floor: '#63432b',
  wall: '#a8865a',
  stone: '#6f665d',
  cloth: '#5d2430',
} as const;

export type PaintedMaterial = keyof typeof PAINTED;

export interface Materials extends Record<PaintedMaterial, PBRMaterial> {
  iron: PBRMaterial;
  brass: PBRMaterial;
  wax: PBRMaterial;
  clay: PBRMaterial;
  /** Bottles of three colours. */
  glass: readonly PBRMaterial[];
}

export function createMaterials(scene: Scene, quality: Quality): Materials {
  const plain = (name: string, colour: string, roughness: number, metallic = 0) => {
    const material = new PBRMaterial(name, scene);
    material.albedoColor = Color3.FromHexString(colour).toLinearSpace();
    material.roughness = roughness;
    material.metallic = metallic;
    material.maxSimultaneousLights = quality.numLights;
    return material;
  };
  const painted = Object.entries(PAINTED).map(([name, colour]) => [name, plain(name, colour, 0.8)]);
  const wax = plain('wax', '#e8d6ac', 0.6);
  wax.emissiveColor = new Color3(0.32, 0.17, 0.06);
  return {
    ...(Object.fromEntries(painted) as Record<PaintedMaterial, PBRMaterial>),
    iron: plain('iron', '#2b2624', 0.55, 0.4),
    brass: plain('brass', '#b98a3c', 0.35, 0.35),
    wax,
    clay: plain('clay', '#8a5636', 0.7),
    glass: ['#1f4a2c', '#5a2a14', '#27435c'].map((colour, i) => plain(`glass ${i}`, colour, 0.15)),
  };
}
