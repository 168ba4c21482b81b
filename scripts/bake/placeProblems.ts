import { quote } from '../../runtime/core/errors.ts';
import { listed } from '../../runtime/core/listed.ts';
import type { BakeDescription } from './bakeFileSchema.ts';
import type { Problem } from './readBakeFile.ts';

/** A mistake in an asset; its path begins within the asset. */
export interface AssetProblem extends Problem {
  /** The asset's place in the file. */
  asset: number;
}

const MAX_NAMES_LENGTH = 120;

/**
 * Mistakes of assets, by their places in the file. What an asset has from the defaults is wrong there, once for all assets; the
 * message names those that have the mistake where others have not, or where one has another model than the defaults.
 *
 * @param found one asset after the other
 */
export function placeProblems(found: readonly AssetProblem[], { assets, defaults = {} }: BakeDescription): Problem[] {
  const has = (entries: object, key: unknown) => (entries as Record<string, unknown>)[String(key)] !== undefined;
  const isInherited = (key: unknown, asset: number) => has(defaults, key) && !has(assets[asset]!, key);
  const merged = new Map<string, Problem & { those: number[] }>();
  for (const { asset, path, message } of found) {
    const whole = isInherited(path[0], asset) ? ['defaults', ...path] : ['assets', asset, ...path];
    const key = JSON.stringify([whole, message]);
    const known = merged.get(key);
    if (!known) merged.set(key, { path: whole, message, those: [asset] });
    else if (known.those.at(-1) !== asset) known.those.push(asset);
  }
  const keys = new Set([...merged.values()].flatMap(({ path }) => (path[0] === 'defaults' ? path[1]! : [])));
  const numHeirs = new Map([...keys].map((key) => [key, assets.filter((_, i) => isInherited(key, i)).length]));
  const hasOtherModel = (asset: number) =>
    defaults.model !== undefined && (assets[asset]!.model ?? defaults.model) !== defaults.model;
  return [...merged.values()].map(({ path, message, those }) => {
    const isOfAll = those.length === numHeirs.get(path[1]!) && !those.some(hasOtherModel);
    if (path[0] === 'assets' || isOfAll) return { path, message };
    const names = listed(
      those.map((asset) => quote(assets[asset]!.name)),
      MAX_NAMES_LENGTH,
    );
    return { path, message: `for ${names}: ${message}` };
  });
}
