import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { AssetGenerator } from '../../plugin/index.ts';
import type { Artist } from '../people/artist.ts';
import { labelFor } from '../people/sitter.ts';
import type { Materials } from '../room/materials.ts';
import { TILE_M } from '../room/parts.ts';
import type { SurfacePlan, SurfacesPlan } from '../tavernFile.ts';

/** Floor, walls, tables and cloth: of one colour each, until their model is there. */
export class Surfaces {
  constructor(
    private readonly scene: Scene,
    private readonly materials: Materials,
    private readonly plan: SurfacesPlan,
  ) {}

  /** Makes a material with all maps for each surface, and lays it on all that has been plain. */
  async paintAllAsync({ generator }: Artist): Promise<void> {
    await Promise.all(this.plan.of.map((surface) => this.paintAsync(generator, surface)));
  }

  private async paintAsync(generator: AssetGenerator, surface: SurfacePlan): Promise<void> {
    const { label, seed, sizePx, coversM, tint } = surface;
    const material = await generator.generateMaterialAsync({
      label: labelFor(generator.labels, label),
      seed,
      guidanceScale: this.plan.guidanceScale,
      sizePx,
      tiling: TILE_M / coversM,
      surface: surface.surface,
    });
    const plain = this.materials[surface.material];
    material.name = surface.material;
    material.albedoColor = Color3.FromHexString(tint).toLinearSpace();
    material.maxSimultaneousLights = plain.maxSimultaneousLights;
    for (const mesh of this.scene.meshes) if (mesh.material === plain) mesh.material = material;
    plain.dispose();
  }
}
