import { VertexBuffer } from '@babylonjs/core/Buffers/buffer.js';
import type { Material } from '@babylonjs/core/Materials/material.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreateBox } from '@babylonjs/core/Meshes/Builders/boxBuilder.js';
import { CreateCylinder } from '@babylonjs/core/Meshes/Builders/cylinderBuilder.js';
import { CreateLathe } from '@babylonjs/core/Meshes/Builders/latheBuilder.js';
import { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';

export type Vec = readonly [x: number, y: number, z: number];

/** One unit of u or v covers so many metres. */
export const TILE_M = 1.6;
const TESSELLATION = 24;

/** Collects the parts of the room that do not move, and merges them into one mesh for each material. */
export class Parts {
  private readonly byMaterial = new Map<Material, Mesh[]>();
  private numParts = 0;

  constructor(private readonly scene: Scene) {}

  /** Adds a box with its middle at `at`; the texture's grain runs along its longest side. */
  box(material: Material, [width, height, depth]: Vec, at: Vec, turn: Vec = [0, 0, 0]): void {
    const mesh = CreateBox('box', { width, height, depth }, this.scene);
    this.numParts++;
    mapAlongGrain(mesh, [width, height, depth], (this.numParts * 0.618) % 1);
    this.place(material, mesh, at, turn);
  }

  /** Adds an upright cylinder or cone that stands on `at`. */
  cylinder(material: Material, diameter: number, height: number, at: Vec, options: CylinderOptions = {}): void {
    const { diameterTop = diameter, turn = [0, 0, 0], tessellation = TESSELLATION } = options;
    const size = { height, diameterTop, diameterBottom: diameter, tessellation };
    const mesh = CreateCylinder('cylinder', size, this.scene);
    this.place(material, mesh, [at[0], at[1] + height / 2, at[2]], turn);
  }

  /** Adds a turned body that stands on `at`. @param outline radius and height of each point, from the bottom up */
  turned(
    material: Material,
    outline: readonly (readonly [radius: number, height: number])[],
    at: Vec,
    scale = 1,
  ): void {
    const shape = outline.map(([radius, height]) => new Vector3(radius * scale, height * scale, 0));
    const mesh = CreateLathe(
      'turned',
      { shape, tessellation: TESSELLATION, sideOrientation: Mesh.DOUBLESIDE },
      this.scene,
    );
    this.place(material, mesh, at);
  }

  /** Makes the meshes, which neither move nor can be clicked. */
  finish(): Mesh[] {
    return Array.from(this.byMaterial, ([material, parts]) => {
      const mesh = Mesh.MergeMeshes(parts, true, true);
      if (!mesh) throw new Error(`Parts.finish: the parts of ${material.name} do not merge; give them like vertices`);
      mesh.name = material.name;
      mesh.material = material;
      mesh.isPickable = false;
      mesh.receiveShadows = true;
      mesh.freezeWorldMatrix();
      return mesh;
    });
  }

  /** Adds a mesh that this class has no method of its own for. */
  add(material: Material, mesh: Mesh, at: Vec): void {
    this.place(material, mesh, at);
  }

  private place(material: Material, mesh: Mesh, at: Vec, turn: Vec = [0, 0, 0]): void {
    mesh.position.set(...at);
    mesh.rotation.set(...turn);
    mesh.material = material;
    const parts = this.byMaterial.get(material) ?? [];
    this.byMaterial.set(material, [...parts, mesh]);
  }
}

interface CylinderOptions {
  diameterTop?: number;
  turn?: Vec;
  tessellation?: number;
}

/** Texture coordinates in metres, with u along the longest side of each face. */
function mapAlongGrain(mesh: Mesh, size: Vec, shift: number): void {
  const positions = mesh.getVerticesData(VertexBuffer.PositionKind)!;
  const normals = mesh.getVerticesData(VertexBuffer.NormalKind)!;
  const uvs = mesh.getVerticesData(VertexBuffer.UVKind)!;
  for (let i = 0; i < uvs.length / 2; i++) {
    const facing = [0, 1, 2].findIndex((axis) => Math.abs(normals[3 * i + axis]!) > 0.5);
    const [along, across] = [0, 1, 2].filter((axis) => axis !== facing).sort((a, b) => size[b]! - size[a]!);
    uvs[2 * i] = positions[3 * i + along!]! / TILE_M + shift;
    uvs[2 * i + 1] = positions[3 * i + across!]! / TILE_M + 3 * shift;
  }
  mesh.setVerticesData(VertexBuffer.UVKind, uvs);
}
