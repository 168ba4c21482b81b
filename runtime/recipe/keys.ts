import { fingerprint } from '../core/fingerprint.ts';
import type { Recipe } from './recipe.ts';
import { SAMPLING_ENTRIES } from './schema.ts';

const SAMPLING_KEYS = Object.keys(SAMPLING_ENTRIES);

/** Equal for equal pictures of one model. */
export function recipeKey(recipe: Recipe): string {
  const { seed, interpolate, label, blend, attributes, sameAs, sameFor, image, mask } = recipe;
  const start = interpolate ? `${seed}~${interpolate.seed}~${interpolate.amount}` : `${seed}`;
  const bytes = [image, mask].flatMap((given) => (given ? [fingerprintOf(given)] : []));
  const labels = JSON.stringify(blend ? [label, blend.label, blend.amount] : label); // which may have any characters
  const has = attributes || sameAs ? [JSON.stringify([attributes, sameAs, sameFor])] : [];
  return [start, labels, samplingKey(recipe), ...has, ...bytes].join('|');
}

/**
 * Equal for recipes that can be made in one batch: they differ in label, blend, attributes, `sameAs`, `sameFor`, seed,
 * interpolation, image and mask alone. A large picture fills a batch by itself.
 */
export function batchKey(recipe: Recipe): string {
  return recipe.widthPx || recipe.heightPx ? recipeKey(recipe) : samplingKey(recipe);
}

/** A text of all entries that the recipes of one batch must have in common. */
export function samplingKey(recipe: Recipe): string {
  const values = SAMPLING_KEYS.map((key) => JSON.stringify(recipe[key as keyof Recipe]) ?? '');
  return [...values, recipe.image ? 'image' : '', recipe.mask ? 'mask' : ''].join();
}

const fingerprints = new WeakMap<Uint8Array, string>();

/** The fingerprint of an image or mask. It is remembered, since the bytes of a complete recipe never change. */
function fingerprintOf(bytes: Uint8Array): string {
  const known = fingerprints.get(bytes) ?? fingerprint(bytes);
  fingerprints.set(bytes, known);
  return known;
}
