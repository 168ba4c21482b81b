// What is asked of a generator besides the recipe of a picture.
import type { RecipeOptions } from '../runtime/index.ts';
import type { SurfaceMaterialOptions } from './material/surfaceMaterial.ts';
import type { Repetition } from './material/tiling.ts';
import type { RegenerateOptions } from './texture/generatedTexture.ts';
import type { LookOptions } from './texture/textureLook.ts';

export interface GenerateTextureOptions extends RecipeOptions, LookOptions, RegenerateOptions {
  /** Default: `<label>-<seed>`. */
  name?: string;
  /** As Babylon's textures have it: false for meshes of glTF, whose v = 0 is at the top; default: true. */
  invertY?: boolean;
}

/** What the pictures of a set have alike, and which attribute they differ in. */
export interface GenerateSetOptions extends GenerateTextureOptions {
  /** The attribute that differs. */
  vary: string;
  /** Which values of it to make; default: all words that the model knows. */
  values?: readonly (string | number)[];
}

export interface GenerateMaterialOptions extends GenerateTextureOptions, SurfaceMaterialOptions {
  /** How often the picture repeats across a mesh, above 0; default 1. */
  tiling?: Repetition;
}
