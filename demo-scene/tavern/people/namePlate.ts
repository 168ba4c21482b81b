import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { DynamicTexture } from '@babylonjs/core/Materials/Textures/dynamicTexture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';

const [WIDTH_PX, HEIGHT_PX] = [512, 132];
const FONT = 'Georgia, "Liberation Serif", "DejaVu Serif", serif';

/** A brass plate with a name engraved, and below it what its owner is. */
export class NamePlate {
  static readonly ASPECT = WIDTH_PX / HEIGHT_PX;
  readonly mesh: Mesh;
  private readonly texture: DynamicTexture;

  constructor(scene: Scene, widthM: number, numLights: number) {
    this.texture = new DynamicTexture('plate', { width: WIDTH_PX, height: HEIGHT_PX }, scene, true);
    this.texture.anisotropicFilteringLevel = 8;
    const material = new PBRMaterial('plate', scene);
    material.albedoTexture = this.texture;
    material.emissiveTexture = this.texture;
    material.emissiveColor = new Color3(0.3, 0.28, 0.24);
    material.metallic = 0.1;
    material.roughness = 0.55;
    material.maxSimultaneousLights = numLights;
    this.mesh = CreatePlane('plate', { width: widthM, height: widthM / NamePlate.ASPECT }, scene);
    this.mesh.material = material;
    this.mesh.isPickable = false;
  }

  engrave(name: string, kind: string): void {
    const context = this.texture.getContext() as CanvasRenderingContext2D;
    const brass = context.createLinearGradient(0, 0, WIDTH_PX, HEIGHT_PX);
    for (const [at, colour] of [
      [0, '#b08a45'],
      [0.45, '#dcbb74'],
      [1, '#9a7636'],
    ] as const)
      brass.addColorStop(at, colour);
    context.fillStyle = brass;
    context.fillRect(0, 0, WIDTH_PX, HEIGHT_PX);
    context.strokeStyle = '#5d431b';
    context.lineWidth = 5;
    context.strokeRect(5, 5, WIDTH_PX - 10, HEIGHT_PX - 10);
    context.fillStyle = '#2a1a08';
    context.textAlign = 'center';
    context.font = `bold 60px ${FONT}`;
    context.fillText(name, WIDTH_PX / 2, 62, WIDTH_PX - 36);
    context.font = `italic 46px ${FONT}`;
    context.fillText(kind, WIDTH_PX / 2, 112, WIDTH_PX - 36);
    this.texture.update();
  }
}
