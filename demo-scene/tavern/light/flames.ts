import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import { CreateLathe } from '@babylonjs/core/Meshes/Builders/latheBuilder.js';
import '@babylonjs/core/Meshes/instancedMesh.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Vec } from '../room/parts.ts';

/** The brightness of a flame at a time in seconds, around 1. Flames of different phases flicker differently. */
export function flicker(timeS: number, phase: number): number {
  const slow = Math.sin(1.7 * timeS + 5 * phase) + Math.sin(2.9 * timeS + 11 * phase);
  const fast = Math.sin(11.3 * timeS + 3 * phase) * Math.sin(7.1 * timeS + 7 * phase);
  return 1 + 0.04 * slow + 0.07 * fast;
}

/** Outline of a flame one metre high. */
const OUTLINE = [
  [0, 0],
  [0.13, 0.08],
  [0.19, 0.25],
  [0.16, 0.45],
  [0.08, 0.72],
  [0, 1],
] as const;
const OUTLINE_WIDTH = 0.38;

const ADD = 1; // Constants.ALPHA_ADD

interface Flame {
  mesh: AbstractMesh;
  heightM: number;
}

/**
 * The flames of the room: bright bodies that dance, all drawn at once. They glow, but the light that they cast is in `Lights`.
 */
export class Flames {
  private readonly flames: Flame[] = [];
  private readonly outer: Mesh;
  private readonly core: Mesh;

  constructor(private readonly scene: Scene) {
    this.outer = this.body('flame', new Color3(1, 0.3, 0.05), 0.5);
    this.core = this.body('flame core', new Color3(1, 0.7, 0.28), 0.75);
  }

  /** The bodies of which all flames are instances. */
  get meshes(): Mesh[] {
    return [this.outer, this.core];
  }

  /** A flame that stands on `at`. */
  add(at: Vec, heightM: number, widthM = 0.4 * heightM): void {
    this.make(this.outer, at, heightM, widthM);
    this.make(this.core, at, 0.62 * heightM, 0.62 * widthM);
  }

  /** Moves all flames to a time. */
  burn(timeS: number): void {
    for (const [i, { mesh, heightM }] of this.flames.entries()) {
      const strength = flicker(1.3 * timeS, i >> 1);
      mesh.rotation.set(0.1 * Math.sin(2.3 * timeS + i), 0, 0.06 * Math.sin(3.1 * timeS + 2 * i));
      mesh.scaling.y = heightM * strength;
    }
  }

  private make(body: Mesh, [x, y, z]: Vec, heightM: number, widthM: number): void {
    const mesh = body.createInstance(body.name);
    mesh.position.set(x, y, z);
    mesh.scaling.set(widthM / OUTLINE_WIDTH, heightM, widthM / OUTLINE_WIDTH);
    mesh.isPickable = false;
    this.flames.push({ mesh, heightM });
  }

  private body(name: string, colour: Color3, alpha: number): Mesh {
    const shape = OUTLINE.map(([radius, height]) => new Vector3(radius, height, 0));
    const mesh = CreateLathe(name, { shape, tessellation: 12 }, this.scene);
    mesh.isVisible = false; // its instances are
    mesh.isPickable = false;
    const material = new StandardMaterial(name, this.scene);
    material.disableLighting = true;
    material.emissiveColor = colour;
    material.alpha = alpha;
    material.alphaMode = ADD;
    material.backFaceCulling = false;
    mesh.material = material;
    return mesh;
  }
}
