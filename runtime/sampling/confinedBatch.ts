// A change of an attribute stays in the region where that shows: all else is as in the picture without the change.
import { reshape, slice, type Tensor2D, type Tensor4D, tensor2d, tensor4d, tidy, where } from '@tensorflow/tfjs-core';
import { type Attributes, isOpen, type Vocabulary } from '../core/attributes.ts';
import { cellsOfRegions } from '../core/regions.ts';
import { linear } from '../kernels/conv2d.ts';
import { oneHotValues } from '../networks/layers.ts';
import { recipeKey } from '../recipe/keys.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import { decidedAttributes } from './decidedAttributes.ts';

/** The recipes of a batch, with those of the pictures without changes. */
export interface ConfinedBatch {
  /** The recipes of the batch first, and behind them those without changes that are not among them. */
  recipes: readonly Recipe[];
  /** For each recipe of the batch, the picture that it is to be like; null where it may differ everywhere. */
  origins: readonly (Origin | null)[];
}

interface Origin {
  /** Its place among all recipes. */
  place: number;
  /** Where the picture may differ from it: one byte for each cell of latents, 0 or 1, row by row. */
  cells: Uint8Array;
}

/**
 * Adds to a batch the pictures without the changes that the model's regions confine: of recipes with `sameAs` that begin from noise
 * and are of the model's own size. Pictures of one set have the same one, which costs nothing where it is of the set itself. A change
 * that entails others, as a beard does of a woman, makes somebody else, and is not confined.
 */
export function confinedBatch({ labels, figment }: ModelIndex, batch: readonly Recipe[]): ConfinedBatch {
  const { attributes: vocabulary = {}, regions = {} } = figment;
  const decided = (recipe: Recipe) => decidedAttributes(labels, figment, recipe).own;
  const names = Object.keys(vocabulary);
  const recipes = [...batch];
  const places = new Map(batch.map((recipe, place) => [recipeKey(recipe), place]));
  const origins = batch.map((recipe) => {
    const changed = Object.keys(recipe.sameAs ?? {}).filter((name) => Object.hasOwn(regions, name));
    if (changed.length === 0 || !isPlain(recipe)) return null;
    const origin = withoutChanges(recipe, changed, vocabulary);
    const [own, before] = [decided(recipe), decided(origin)];
    if (names.some((name, place) => own[place] !== before[place] && !changed.includes(name))) return null;
    const key = recipeKey(origin);
    if (!places.has(key)) places.set(key, recipes.push(origin) - 1);
    return { place: places.get(key)!, cells: cellsOfRegions(regions, changed) };
  });
  return { recipes, origins };
}

function isPlain({ pipeline, image, widthPx, heightPx }: Recipe): boolean {
  return !pipeline && !image && !widthPx && !heightPx;
}

/** The recipe in which these attributes are as they were before; all other changes stay. */
function withoutChanges(
  { attributes, sameAs = {}, sameFor, ...recipe }: Recipe,
  changed: readonly string[],
  vocabulary: Vocabulary,
): Recipe {
  const before: Attributes = { ...attributes, ...Object.fromEntries(changed.map((name) => [name, sameAs[name]!])) };
  const asked = Object.entries(vocabulary).flatMap(([name, values]) =>
    isOpen(values, before[name]) ? [] : [[name, before[name]!] as const],
  );
  const others = Object.entries(sameAs).filter(([name]) => !changed.includes(name));
  return {
    ...recipe,
    ...(asked.length > 0 && { attributes: Object.fromEntries(asked) }),
    ...(others.length > 0 && { sameAs: Object.fromEntries(others), sameFor }),
  };
}

/**
 * The latents of the batch's own recipes, each outside of its regions those of the picture without the change.
 *
 * Source: Avrahami et al. 2023 (blended latent diffusion), arXiv:2206.02779, section 3.2, here of two pictures that begin with the same
 * noise, which fit together without being blended at every step.
 * @param latents (all recipes, h, w, c)
 * @returns       (recipes of the batch, h, w, c), the caller disposes it; null where nothing is confined and they are `latents`
 */
export function confined({ origins }: ConfinedBatch, latents: Tensor4D): Tensor4D | null {
  if (origins.every((origin) => origin === null)) return null;
  const [numRows, height, width, channels] = latents.shape;
  const shape: [number, number, number, number] = [origins.length, height, width, channels];
  const size = height * width * channels;
  const isOwn = new Uint8Array(origins.length * size).fill(1);
  for (const [picture, origin] of origins.entries()) {
    for (const [cell, isInside] of origin?.cells.entries() ?? []) {
      isOwn.fill(isInside, picture * size + cell * channels, picture * size + (cell + 1) * channels);
    }
  }
  const rows = oneHotValues(
    origins.map((origin, picture) => origin?.place ?? picture),
    numRows,
  );
  return tidy(() => {
    const chosen = tensor2d(rows, [origins.length, numRows]);
    const like = reshape(linear(chosen, reshape(latents, [numRows, size]) as Tensor2D, null), shape);
    return where(tensor4d(isOwn, shape, 'bool'), slice(latents, 0, origins.length), like) as Tensor4D;
  });
}
