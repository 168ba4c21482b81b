import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { paintSurface, type Surface } from '../paint/surface.ts';
import { boards, masonry, plaster, timber } from '../paint/surfaces.ts';
import type { Quality } from '../quality.ts';

export interface Materials {
  beam: PBRMaterial;
  oak: PBRMaterial;
  panel: PBRMaterial;
  floor: PBRMaterial;
  plaster: PBRMaterial;
  stone: PBRMaterial;
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
  const painted = (name: string, surface: Surface, relief: number, roughness: number) => {
    const material = plain(name, '#ffffff', roughness);
    const { albedo, normals } = paintSurface(scene, surface, quality.textureSizePx, relief);
    material.albedoTexture = albedo;
    material.bumpTexture = normals;
    return material;
  };
  const wax = plain('wax', '#e8d6ac', 0.6);
  wax.emissiveColor = new Color3(0.32, 0.17, 0.06);
  return {
    beam: painted('beam', timber(1, [44, 27, 16], [92, 60, 36]), 1.6, 0.75),
    oak: painted('oak', timber(2, [96, 57, 29], [168, 110, 62]), 1.2, 0.5),
    panel: painted('panel', timber(3, [62, 36, 20], [116, 72, 42]), 1.2, 0.6),
    floor: painted('floor', boards(4, [82, 52, 32], [148, 102, 66]), 2.5, 0.48),
    plaster: painted('plaster', plaster(5, [150, 116, 76], [206, 174, 126]), 1.6, 0.95),
    stone: painted('stone', masonry(6, [58, 50, 44], [92, 84, 78], [156, 144, 132]), 5, 0.9),
    iron: plain('iron', '#2b2624', 0.55, 0.4),
    brass: plain('brass', '#b98a3c', 0.35, 0.35),
    wax,
    clay: plain('clay', '#8a5636', 0.7),
    glass: ['#1f4a2c', '#5a2a14', '#27435c'].map((colour, i) => plain(`glass ${i}`, colour, 0.15)),
  };
}
