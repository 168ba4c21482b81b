// Which material suits a model's pictures, and how it is made.
import type { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import {
  MATERIAL_CHANNELS,
  type ModelInfo,
  type ModelWords,
  type RecipeOptions,
  type ShownAttributes,
} from '../../runtime/index.ts';
import type { GenerateMaterialOptions, GenerateTextureOptions } from '../generateOptions.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import { untilAborted } from '../untilAborted.ts';
import { repeat, repeats } from './tiling.ts';

/** What a material's textures are made by, which is an `AssetGenerator`. */
interface TextureMaker<Words extends ModelWords> {
  readonly info: ModelInfo;
  attributesOf(recipe: RecipeOptions<Words>): ShownAttributes<Words>;
  generateTextureAsync(options: GenerateTextureOptions<Words>): Promise<GeneratedTexture<Words>>;
}

/**
 * Makes the material that `AssetGenerator.generateMaterialAsync` tells of.
 *
 * @param generateAll makes textures that belong together; none is left where one of them fails
 * @param signal      aborted by the caller, and where the generator is disposed
 * @throws            as `AssetGenerator.generateMaterialAsync`; nothing is left then
 */
export async function createMaterialAsync<Words extends ModelWords>(
  { tiling = 1, surface, parallax, variations, cellSize, ...asked }: GenerateMaterialOptions<Words>,
  generator: TextureMaker<Words>,
  generateAll: (all: readonly GenerateTextureOptions<Words>[]) => Promise<GeneratedTexture<Words>[]>,
  signal: AbortSignal | undefined,
): Promise<PBRMaterial> {
  const ofSurface = { surface, parallax, variations, cellSize };
  const times = repeats(tiling);
  const { info } = generator;
  if (!info.circularPadding && info.channels !== MATERIAL_CHANNELS) {
    const { createGeneratedMaterial, warnOfSurface } = await import('./generatedMaterial.ts');
    warnOfSurface(ofSurface, info);
    const texture = await generator.generateTextureAsync(asked);
    repeat(texture, times);
    return createGeneratedMaterial(texture.name, texture);
  }
  const { SurfaceMaterial, ...surfaces } = await import('./surfaceMaterial.ts');
  await surfaces.checkSurfaceMaterial(ofSurface);
  const all = surfaces.withVariations(asked, variations, (recipe) => generator.attributesOf(recipe));
  const [texture, ...others] = await generateAll(all);
  repeat(texture!, times);
  const material = new SurfaceMaterial(texture!.name, texture!, ofSurface, others);
  try {
    await untilAborted(material.whenWrittenAsync(), signal);
    return material;
  } catch (error) {
    material.dispose();
    throw error;
  }
}
