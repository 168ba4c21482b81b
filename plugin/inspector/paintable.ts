import { Material } from '@babylonjs/core/Materials/material.js';
import { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import { GeneratedSheet, GeneratedTexture, type ModelInfo, type RecipeOptions } from '../index.ts';

/** A picture: RGBA bytes, sRGB, straight alpha, top row first. */
export interface PaintedPicture {
  pixels: Uint8Array;
  widthPx: number;
  heightPx: number;
}

/** Something in a scene whose picture a model has made and can make again: a texture, or the cell of a sheet. */
export interface Paintable {
  readonly name: string;
  /** The texture or sheet that holds the picture. */
  readonly holder: object;
  /** Which of the holder's pictures it is, whatever shows it: the cell of a sheet, and 0 of a texture. */
  readonly cell: number;
  /** The recipe of the last picture that was finished. */
  readonly recipe: Readonly<RecipeOptions>;
  /** The recipe as a scene file keeps it, without what the model takes for granted. */
  readonly savedRecipe: Readonly<RecipeOptions>;
  /** What its model can make; null before the model is loaded. */
  readonly info: ModelInfo | null;
  /** Shows the picture of a recipe, for all that show this one. @throws as `GeneratedTexture.regenerateAsync` */
  paintAsync(recipe: Readonly<RecipeOptions>): Promise<unknown>;
  readPictureAsync(): Promise<PaintedPicture>;
  /** Calls back when another has painted it. @returns a function that ends that */
  onPainted(callback: () => void): () => void;
}

/** What can be painted of what is selected: a generated texture, that of a material or of a mesh, or a sprite's cell. */
export function paintableOf(entity: unknown): Paintable | null {
  if (entity instanceof AbstractMesh) return paintableOf(entity.material);
  if (entity instanceof Material) return paintableOf(textureOf(entity));
  if (isGenerated(entity)) return entity.recipe && ofTexture(entity);
  return entity instanceof Sprite ? ofSprite(entity) : null;
}

/** Whether two of them are one picture, or there is none both times. */
export function isSamePicture(one: Paintable | null, other: Paintable | null): boolean {
  return one?.holder === other?.holder && one?.cell === other?.cell;
}

/** A material's own picture: those of its variations are among its textures as well, and before it. */
function textureOf(material: Material & { albedoTexture?: unknown }): unknown {
  const { albedoTexture } = material;
  return isGenerated(albedoTexture) ? albedoTexture : material.getActiveTextures().find(isGenerated);
}

function isGenerated(entity: unknown): entity is GeneratedTexture {
  return entity instanceof GeneratedTexture;
}

function ofTexture(texture: GeneratedTexture): Paintable {
  return {
    name: texture.name,
    holder: texture,
    cell: 0,
    get recipe() {
      return texture.recipe!;
    },
    get savedRecipe() {
      return texture.serialize()!.recipe;
    },
    get info() {
      return texture.info;
    },
    paintAsync: (recipe) => texture.regenerateAsync(changesTo(recipe, texture.newestRecipe!)),
    readPictureAsync: async () => ({ ...texture.look, pixels: await texture.readPictureAsync() }),
    onPainted: (callback) => {
      const observer = texture.onGeneratedObservable.add(callback);
      return () => observer.remove(true);
    },
  };
}

function ofSprite(sprite: Sprite): Paintable | null {
  const sheet = sprite.manager.texture;
  if (!(sheet instanceof GeneratedSheet)) return null;
  const cell = Math.floor(sprite.cellIndex / (sheet.info?.frames?.length ?? 1));
  if (!sheet.cells[cell]) return null;
  return {
    name: `cell ${cell} of ${sheet.name}`,
    holder: sheet,
    cell,
    get recipe() {
      return sheet.cells[cell]!;
    },
    get savedRecipe() {
      return sheet.serialize().cells[cell]!;
    },
    get info() {
      return sheet.info;
    },
    paintAsync: (recipe) => sheet.repaintCellAsync(cell, changesTo(recipe, sheet.newestRecipe(cell)!)),
    readPictureAsync: async () => {
      const [widthPx, heightPx] = sheet.serialize().cellSize;
      return { pixels: await sheet.readCellAsync(cell), widthPx, heightPx };
    },
    onPainted: () => () => {}, // a sheet does not tell
  };
}

/** The changes that make one recipe of another: what the other alone has goes back to its default. */
function changesTo(recipe: Readonly<RecipeOptions>, from: object): Partial<RecipeOptions> {
  return { ...Object.fromEntries(Object.keys(from).map((name) => [name, undefined])), ...recipe };
}
