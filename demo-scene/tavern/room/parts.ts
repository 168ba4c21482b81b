import type { Material } from '@babylonjs/core/Materials/material.js';
import { Matrix, Quaternion, Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreateBoxVertexData } from '@babylonjs/core/Meshes/Builders/boxBuilder.js';
import { CreateCylinderVertexData } from '@babylonjs/core/Meshes/Builders/cylinderBuilder.js';
import { CreateRibbonVertexData } from '@babylonjs/core/Meshes/Builders/ribbonBuilder.js';
import { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { VertexData } from '@babylonjs/core/Meshes/mesh.vertexData.js';
import type { Scene } from '@babylonjs/core/scene.js';

export type Vec = readonly [x: number, y: number, z: number];

/** One unit of u or v covers so many metres. */
export const TILE_M = 1.6;
const TESSELLATION = 24;
/** Turned bodies of a smaller radius, in metres, have half as many sides. */
const SMALL_M = 0.2;

/** Collects the parts of the room that do not move: one mesh for each material, which alone is sent to the GPU. */
export class Parts {
  private readonly byMaterial = new Map<Material, VertexData[]>();
  private numParts = 0;

  constructor(private readonly scene: Scene) {}

  /** Adds a box with its middle at `at`; the texture's grain runs along its longest side. */
  box(material: Material, [width, height, depth]: Vec, at: Vec, turn: Vec = [0, 0, 0]): void {
    const box = CreateBoxVertexData({ width, height, depth });
    this.numParts++;
    mapAlongGrain(box, [width, height, depth], (this.numParts * 0.618) % 1);
    this.add(material, box, at, turn);
  }

  /** Adds an upright cylinder or cone that stands on `at`. */
  cylinder(material: Material, diameter: number, height: number, at: Vec, options: CylinderOptions = {}): void {
    const { diameterTop = diameter, turn = [0, 0, 0], tessellation = TESSELLATION } = options;
    const cylinder = CreateCylinderVertexData({ height, diameterTop, diameterBottom: diameter, tessellation });
    this.add(material, cylinder, [at[0], at[1] + height / 2, at[2]], turn);
  }

  /** Adds a turned body that stands on `at`. @param outline radius and height of each point, from the bottom up */
  turned(
    material: Material,
    outline: readonly (readonly [radius: number, height: number])[],
    at: Vec,
    scale = 1,
  ): void {
    const widest = scale * Math.max(...outline.map(([radius]) => radius));
    const numSides = widest < SMALL_M ? TESSELLATION / 2 : TESSELLATION;
    const pathArray = Array.from({ length: numSides + 1 }, (_, side) => {
      const angle = (2 * Math.PI * side) / numSides;
      return outline.map(([radius, height]) =>
        new Vector3(Math.cos(angle) * radius, height, Math.sin(angle) * radius).scaleInPlace(scale),
      );
    });
    this.add(material, CreateRibbonVertexData({ pathArray, sideOrientation: Mesh.DOUBLESIDE }), at);
  }

  /** Adds a body that this class has no method of its own for. */
  add(material: Material, body: VertexData, at: Vec, turn: Vec = [0, 0, 0]): void {
    const rotation = Quaternion.FromEulerAngles(...turn);
    body.transform(Matrix.Compose(Vector3.One(), rotation, new Vector3(...at)));
    const parts = this.byMaterial.get(material);
    if (parts) parts.push(body);
    else this.byMaterial.set(material, [body]);
  }

  /** Makes the meshes, which neither move nor can be clicked. */
  finish(): Mesh[] {
    return Array.from(this.byMaterial, ([material, [first, ...others]]) => {
      const mesh = new Mesh(material.name, this.scene);
      first!.merge(others).applyToMesh(mesh);
      mesh.material = material;
      mesh.isPickable = false;
      mesh.receiveShadows = true;
      mesh.freezeWorldMatrix();
      return mesh;
    });
  }
}

interface CylinderOptions {
  diameterTop?: number;
  turn?: Vec;
  tessellation?: number;
}

/** Texture coordinates in metres, with u along the longest side of each face. */
function mapAlongGrain({ positions, normals, uvs }: VertexData, size: Vec, shift: number): void {
  for (let i = 0; i < uvs!.length / 2; i++) {
    const facing = [0, 1, 2].findIndex((axis) => Math.abs(normals![3 * i + axis]!) > 0.5);
    const [along, across] = [0, 1, 2].filter((axis) => axis !== facing).sort((a, b) => size[b]! - size[a]!);
    uvs![2 * i] = positions![3 * i + along!]! / TILE_M + shift;
    uvs![2 * i + 1] = positions![3 * i + across!]! / TILE_M + 3 * shift;
  }
}
