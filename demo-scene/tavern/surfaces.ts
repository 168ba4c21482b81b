import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { SurfaceMaterial } from '../../plugin/index.ts';
import type { Still } from '../shared/frames.ts';
import type { RecipeChanges, SitterRecipe } from './people/keeping.ts';
import { remarkOn } from './people/names.ts';
import { type Artist, plannedRecipe, type Sitter } from './people/sitter.ts';
import type { Materials } from './room/materials.ts';
import { TILE_M } from './room/parts.ts';
import type { SurfacePlan, SurfacesPlan } from './tavernFile.ts';
import { topRowFirst } from './topRowFirst.ts';

/** A surface of the room: a material with all its maps, which can be painted again. */
export class Surface implements Sitter {
  readonly onChangedObservable = new Observable<Sitter>();
  isSpokenTo = false;

  constructor(
    readonly artist: Artist,
    readonly material: SurfaceMaterial,
    private readonly plan: SurfacePlan,
  ) {}

  get is(): SurfacePlan['material'] {
    return this.plan.material;
  }

  get place(): string {
    return placeOf(this.plan);
  }

  get name(): string {
    return this.plan.name;
  }

  get words(): string {
    return remarkOn(this.recipe.seed);
  }

  get recipe(): SitterRecipe {
    return this.material.recipe as SitterRecipe;
  }

  get isPainting(): boolean {
    return this.material.albedo.isGenerating;
  }

  pixelsAsync(): Promise<Uint8Array> {
    return this.artist.generator.generatePixelsAsync(this.recipe);
  }

  /** The maps as they are in the scene. Height is the alpha of the normals, which a picture could not show. */
  async mapsAsync(): Promise<Readonly<Record<string, Still>>> {
    const { albedo, bumpTexture, metallicTexture } = this.material;
    const [colours, normals, orm] = await Promise.all([albedo, bumpTexture!, metallicTexture!].map(stillOf));
    return {
      albedo: colours!,
      normal: withTexels(normals!, ([red, green, blue]) => [red, green, blue, 255]),
      height: withTexels(normals!, ([, , , alpha]) => [alpha, alpha, alpha, 255]),
      'occlusion-roughness-metallic': withTexels(orm!, ([red, green, blue]) => [red, green, blue, 255]),
    };
  }

  async changeAsync(changes: RecipeChanges): Promise<void> {
    const painting = this.material.regenerateAsync(changes, { priority: 1 });
    this.onChangedObservable.notifyObservers(this);
    try {
      await painting;
    } finally {
      this.onChangedObservable.notifyObservers(this);
    }
  }
}

type Texel = readonly [red: number, green: number, blue: number, alpha: number];

async function stillOf(texture: BaseTexture): Promise<Still> {
  const { width, height } = texture.getSize();
  const texels = (await texture.readPixels()) as Uint8Array;
  return { pixels: topRowFirst(texels, width), widthPx: width, heightPx: height };
}

function withTexels({ pixels, ...size }: Still, change: (texel: Texel) => Texel): Still {
  const changed = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at += 4) {
    changed.set(change([pixels[at]!, pixels[at + 1]!, pixels[at + 2]!, pixels[at + 3]!]), at);
  }
  return { pixels: changed, ...size };
}

/** The name under which a surface is kept. */
function placeOf({ material }: SurfacePlan): string {
  return `surface ${material}`;
}

/** Floor, walls, tables and cloth. Each has one plain colour until its model is loaded. */
export class Surfaces {
  private surfaces: readonly Surface[] = [];

  constructor(
    private readonly scene: Scene,
    private readonly materials: Materials,
    private readonly plan: SurfacesPlan,
    private readonly events: { onCome(sitter: Sitter): void },
  ) {}

  get present(): readonly Surface[] {
    return this.surfaces;
  }

  /** Paints a material with all maps for each surface, and puts it on the meshes that were plain until then. */
  async paintAllAsync(artist: Artist): Promise<void> {
    this.surfaces = await Promise.all(this.plan.of.map((surface) => this.paintAsync(artist, surface)));
    for (const surface of this.surfaces) this.events.onCome(surface);
  }

  private async paintAsync(artist: Artist, plan: SurfacePlan): Promise<Surface> {
    const { generator, keeping } = artist;
    const { sizePx, coversM, tint } = plan;
    const usual = { ...plan, guidanceScale: this.plan.guidanceScale };
    const material = await generator.generateMaterialAsync({
      ...(keeping.recipeAt(placeOf(plan)) ?? plannedRecipe(usual, artist)),
      sizePx: Math.ceil(sizePx / generator.sizePx[0]) * generator.sizePx[0],
      tiling: TILE_M / coversM,
      surface: plan.surface,
    });
    if (!(material instanceof SurfaceMaterial)) {
      material.dispose();
      throw new Error(`${artist.name} is no model of surfaces: its pictures do not repeat`);
    }
    material.albedoColor = Color3.FromHexString(tint).toLinearSpace();
    this.lay(material, plan.material);
    return new Surface(artist, material, plan);
  }

  private lay(material: SurfaceMaterial, name: SurfacePlan['material']): void {
    const plain = this.materials[name];
    material.name = name;
    material.maxSimultaneousLights = plain.maxSimultaneousLights;
    for (const mesh of this.scene.meshes) if (mesh.material === plain) mesh.material = material;
    plain.dispose();
  }
}
