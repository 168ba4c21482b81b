// What is asked of a generator besides the recipe of a picture.
import type { AttributeName, ModelWords, RecipeOptions, ValueOfAttribute } from '../runtime/index.ts';
import type { SurfaceMaterialOptions } from './material/surfaceMaterial.ts';
import type { Repetition } from './material/tiling.ts';
import type { RegenerateOptions } from './request.ts';
import type { LookOptions } from './texture/textureLook.ts';

export interface GenerateTextureOptions<Words extends ModelWords = ModelWords>
  extends RecipeOptions<Words>,
    LookOptions,
    RegenerateOptions {
  /** Default: `<label>-<seed>`. */
  name?: string;
  /** As Babylon's textures have it: false for meshes of glTF, whose v = 0 is at the top; default: true. */
  invertY?: boolean;
}

/** What the pictures of a set have alike, and which attribute they differ in. */
export interface GenerateSetOptions<
  Words extends ModelWords = ModelWords,
  Name extends AttributeName<Words> = AttributeName<Words>,
> extends GenerateTextureOptions<Words> {
  /** The attribute that differs. */
  vary: Name;
  /** Which values of it to make; default: all words that the model knows. */
  values?: readonly ValueOfAttribute<Words, Name>[];
  /** What the names of the textures begin with, before `-<value>`; default `<label>-<seed>`. */
  name?: string;
}

export interface GenerateMaterialOptions<Words extends ModelWords = ModelWords>
  extends GenerateTextureOptions<Words>,
    SurfaceMaterialOptions {
  /** How often the picture repeats across a mesh, above 0; default 1. */
  tiling?: Repetition;
}
