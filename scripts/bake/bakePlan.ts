// What a bake comes to: every picture, every file, and the key that tells whether a file is what it should be.
import { createHash } from 'node:crypto';
import {
  encodeEdit,
  type Frame,
  PICTURE_VERSION,
  type PixelArtOptions,
  type Recipe,
  withLabelAndSeed,
} from '../../runtime/index.ts';
import type { BakeAsset, FileFormat, MapName } from './bakeFileSchema.ts';

/** Counts up whenever equal pictures give other bytes than before, so that all is baked again. */
const BAKE_VERSION = 1;

/** Keyword of the text chunk of a PNG, and of the entry of a KTX2 file, that holds the recipe. */
export const RECIPE_KEYWORD = 'figment';

/** Everything that it takes to make the same picture again: the recipe, and the files that it was made with. */
export interface BakedRecipe extends Omit<Recipe, 'image' | 'mask'> {
  figment: 1;
  model: string;
  hash: string; // sha-256 of the model's files
  classifierHash?: string; // of those of the classifier
  cvaeHash?: string; // of those of the conditional VAE, for the pipelines that need it
  image?: string; // base64 of RGBA bytes
  mask?: string; // base64 of one byte a pixel
}

/** What all pictures of an asset share. */
export interface Look {
  asset: string;
  /** What `modelSource` takes. */
  model: string;
  modelName: string;
  modelHash: string;
  cvaeHash?: string;
  /** What steers, as `classifierSource` takes it. */
  classifier?: { place: string; name: string; hash: string };
  /** The recipe of the first picture; the others have a label and a seed of their own. */
  recipe: Recipe;
  /** Values of the attributes of which the asset lists several. */
  varied: readonly (string | number)[];
  widthPx: number; // as the model makes it, before it is enlarged
  heightPx: number;
  /** What stands in the picture from left to right; absent: one thing. */
  frames?: readonly Frame[];
  /** What is done to the picture before its maps are made and it is enlarged. */
  pixelArt?: Partial<PixelArtOptions>;
  enlarge: number;
  /** Settings of the maps; null when the picture is no material. */
  surface: BakeAsset['surface'] | null;
  /** The normal map's alpha holds the height. */
  parallax?: BakeAsset['parallax'];
}

/** `picture` is what the model made; the others are its maps as a material. */
export type Layer = MapName | 'picture';

/** What a layer shows is numbers, and no colours. */
export type MapLayer = Exclude<Layer, 'picture' | 'albedo'>;

export function isMap(layer: Layer): layer is MapLayer {
  return layer !== 'picture' && layer !== 'albedo';
}

export interface PictureFile {
  path: string; // below the output folder
  layer: Layer;
  format: FileFormat;
  key: string;
}

export interface PlannedPicture {
  look: Look;
  label: string;
  seed: number;
  files: PictureFile[];
}

/** Pictures of one asset, side by side. */
export interface Sheet {
  asset: string;
  image: string; // path of the PNG
  atlas: string; // path of the JSON
  /** The outline is the file that shows what is cut out, if one is baked: a map does not. */
  tiles: { name: string; path: string; outline?: string }[];
  columns: number;
  widthPx: number; // of a tile
  heightPx: number;
  frames?: readonly Frame[]; // that a tile has in a row
  key: string;
}

/** A file of materials that point at baked maps. */
export interface Library {
  kind: 'babylon' | 'gltf';
  path: string;
  materials: LibraryMaterial[];
  key: string;
}

/** Below this alpha a pixel of a cut-out is not drawn. */
export const ALPHA_CUT_OFF = 0.4;

export interface LibraryMaterial {
  name: string;
  maps: Partial<Record<MapName, string>>; // path below the output folder
  hasAlpha: boolean;
  green: 'opengl' | 'directx'; // of the normal map
  metallic: number; // where no map tells
  roughness: number;
  parallax?: BakeAsset['parallax'];
  parallaxScaleBias?: number; // the setting of Babylon's PBRMaterial: how far parallax shifts the picture
  tiles: boolean; // the picture repeats without a seam; others end at their borders, as the plugin shows them
  pixelArt: boolean;
  recipe: BakedRecipe;
}

export interface BakePlan {
  name: string; // of the bake file
  out: string; // absolute
  origin: string; // the bake file's path from there
  pictures: PlannedPicture[];
  sheets: Sheet[];
  libraries: Library[];
  /** What the owners of the models should know, a sentence each. */
  notes: string[];
}

/** Tells a picture apart from the others of its asset. */
export function pictureName({ look, label, seed }: Pick<PlannedPicture, 'look' | 'label' | 'seed'>): string {
  return [label, seed, ...look.varied].join('-');
}

/** What a person reads below a picture: its label, its seed and what was varied. */
export function pictureCaption({ look, label, seed }: Pick<PlannedPicture, 'look' | 'label' | 'seed'>): string {
  return [label, `seed ${seed}`, ...look.varied].join(', ');
}

/** What the model is asked for. */
export function recipeOf({ look, label, seed }: Pick<PlannedPicture, 'look' | 'label' | 'seed'>): Recipe {
  return withLabelAndSeed(look.recipe, label, seed);
}

/** What is stored with a picture's file. */
export function bakedRecipe(picture: Pick<PlannedPicture, 'look' | 'label' | 'seed'>): BakedRecipe {
  const { modelName, modelHash, cvaeHash, classifier } = picture.look;
  const recipe = recipeOf(picture);
  return {
    figment: 1,
    model: modelName,
    hash: modelHash,
    ...(cvaeHash && { cvaeHash }),
    ...(classifier && { classifierHash: classifier.hash }),
    ...recipe,
    ...(classifier && { classifier: classifier.name }),
    ...encodeEdit(recipe),
  } as BakedRecipe;
}

/** Stands for the format ktx2 in keys. KTX2 files with the plain name as key may hold a recipe that no reader understands; they are baked once more. */
const KTX2_KEY = 'ktx2 2';
/** Stands for it where a map has numbers other than normals: in files with the key above their mip levels were averaged as sRGB. */
const KTX2_NUMBERS_KEY = 'ktx2 3';

/** Content hash of all that decides on a picture's file. */
export function fileKey(recipe: BakedRecipe, look: Look, layer: Layer, format: FileFormat): string {
  const surface = isMap(layer) ? look.surface : null;
  const hasHeight = layer === 'normal' && look.parallax !== undefined;
  const more = { ...(look.pixelArt && { pixelArt: look.pixelArt }), ...(hasHeight && { hasHeight }) };
  const asWritten = format === 'ktx2' ? ktx2Key(layer) : format;
  return hashJson([recipe, look.enlarge, surface, layer, asWritten, ...(Object.keys(more).length > 0 ? [more] : [])]);
}

function ktx2Key(layer: Layer): string {
  return isMap(layer) && layer !== 'normal' ? KTX2_NUMBERS_KEY : KTX2_KEY;
}

/** How many times as wide and high as the model's picture its files are. */
export function enlargement({ pixelArt, enlarge }: Pick<Look, 'pixelArt' | 'enlarge'>): number {
  return (pixelArt?.factor ?? 1) * enlarge;
}

export function hashJson(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([BAKE_VERSION, PICTURE_VERSION, value], sortedKeys))
    .digest('hex');
}

/** Objects that differ in the order of their entries are equal. */
function sortedKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
