import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import { CreateGround } from '@babylonjs/core/Meshes/Builders/groundBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import '@babylonjs/core/Meshes/instancedMesh.js';
import type { Scene } from '@babylonjs/core/scene.js';

const SIZE_PX = 32;
const DARKEST = 0.62;
/** How far a shadow floats above the ground, in metres. */
export const SHADOW_LIFT_M = 0.008;

/** The shadows below sprites, which the lights' own shadow maps leave out. They are drawn all at once. */
export class ContactShadows {
  private readonly source: Mesh;

  constructor(scene: Scene) {
    this.source = CreateGround('contact shadow', { width: 1, height: 1 }, scene);
    this.source.material = createMaterial(scene);
    this.source.isVisible = false; // its instances are
    this.source.isPickable = false;
    this.source.alphaIndex = 0; // before the flames, which stand above
  }

  /** A shadow that can be moved, hidden and disposed of by itself. */
  add(widthM: number): AbstractMesh {
    const shadow = this.source.createInstance('contact shadow');
    shadow.scaling.set(widthM, 1, widthM);
    shadow.isPickable = false;
    return shadow;
  }

  dispose(): void {
    this.source.dispose(false, true);
  }
}

/** Black, and more transparent farther from the middle. */
function createMaterial(scene: Scene): StandardMaterial {
  const pixels = new Uint8Array(4 * SIZE_PX * SIZE_PX);
  for (let i = 0; i < SIZE_PX * SIZE_PX; i++) {
    const [x, y] = [(i % SIZE_PX) + 0.5, Math.floor(i / SIZE_PX) + 0.5].map((at) => (2 * at) / SIZE_PX - 1);
    const inside = Math.max(0, 1 - Math.hypot(x!, y!));
    pixels[4 * i + 3] = 255 * DARKEST * inside * inside * (3 - 2 * inside);
  }
  const material = new StandardMaterial('contact shadow', scene);
  material.opacityTexture = RawTexture.CreateRGBATexture(pixels, SIZE_PX, SIZE_PX, scene, false);
  material.diffuseColor = Color3.Black();
  material.disableLighting = true;
  return material;
}
