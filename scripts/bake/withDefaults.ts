import { changeRecipe, type RecipeOptions } from '../../runtime/index.ts';
import type { BakeAsset, BakeDescription } from './bakeFileSchema.ts';

type BakeDefaults = NonNullable<BakeDescription['defaults']>;

/**
 * An asset with the entries of the defaults that it does not have itself; its attributes replace theirs as a whole, and an empty
 * `vary` takes theirs back. Defaults that could have no effect in this asset are left out, such as `sameFor` where the picture is
 * the same as no other.
 */
export function withDefaults(asset: BakeAsset, defaults: BakeDefaults): BakeAsset {
  const changed = changeRecipe(defaults as Partial<RecipeOptions>, asset as Partial<RecipeOptions>);
  const whole = { ...changed, ...sharedStrength(asset, defaults) } as unknown as BakeAsset;
  const leaveOut = (...names: (keyof BakeAsset & keyof BakeDefaults)[]) => {
    for (const name of names) if (asset[name] === undefined) delete whole[name];
  };
  if (whole.vary?.length === 0) delete whole.vary;
  if (!whole.vary && !whole.sameAs) leaveOut('sameFor');
  if (whole.image === undefined && whole.pipeline !== 'cvae+ddpm') leaveOut('strength');
  if (!whole.maps) leaveOut('surface');
  if (!whole.maps?.includes('normal')) leaveOut('parallax');
  if (whole.classifier === undefined) leaveOut('classifierLabel', 'classifierScale');
  return whole;
}

/** The `strength` of the defaults, for an asset that begins from a picture of its own: `changeRecipe` drops it with a new picture. */
function sharedStrength(asset: BakeAsset, defaults: BakeDefaults): Pick<BakeAsset, 'strength'> {
  const isOfDefaults = defaults.image !== undefined || defaults.pipeline !== undefined;
  const begins = asset.image !== undefined || asset.pipeline === 'cvae+ddpm';
  if (isOfDefaults || !begins || asset.strength !== undefined || defaults.strength === undefined) return {};
  return { strength: defaults.strength };
}
