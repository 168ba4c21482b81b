import { messageOf } from '../../runtime/core/errors.ts';
import { MAX_SEED } from '../../runtime/core/random.ts';
import { indexOfLabel } from '../../runtime/index.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import type { BakeModel } from './openModels.ts';

/** Tells of a mistake in an asset: in which of its entries, and what. */
export type Wrong = (entry: string | number | (string | number)[], message: string) => void;

/** The most pictures that one bake file may ask for: at a second each they take more than a day. */
export const MAX_PICTURES = 100_000;

/** Which pictures an asset wants: the product of labels and seeds, but for labels with seeds of their own. */
export function wantedPictures(
  asset: BakeAsset,
  { index }: BakeModel,
  wrong: Wrong,
): { label: string; seed: number }[] {
  const labels = [...new Set(asset.labels ?? Object.keys(asset.seedsByLabel ?? {}))];
  const chosen = labels.length > 0 ? labels : index.labels;
  if (chosen.length === 0) wrong('model', `the model ${index.figment.name} has no labels to draw`);
  for (const [i, label] of labels.entries()) {
    try {
      indexOfLabel(index.labels, label);
    } catch (error) {
      wrong(asset.labels ? ['labels', asset.labels.indexOf(label)] : ['seedsByLabel', label], withoutOperation(error));
      if (i > 100) break;
    }
  }
  for (const label of Object.keys(asset.seedsByLabel ?? {})) {
    if (asset.labels && !labels.includes(label)) wrong(['seedsByLabel', label], 'labels does not list this label');
  }
  const ways = (['seeds', 'count'] as const).filter((entry) => asset[entry] !== undefined);
  if (ways.length > 1) wrong('count', 'seeds says already how many; leave out one of the two');
  if (asset.seeds && asset.firstSeed !== undefined) {
    wrong('firstSeed', 'seeds says already which; leave out one of the two');
  }
  const general = asset.seeds ?? countedSeeds(asset, wrong);
  if (chosen.length * general.length > MAX_PICTURES) {
    wrong('count', `expected at most ${MAX_PICTURES} pictures; make several bake files`);
    return [];
  }
  return chosen.flatMap((label) => {
    const own = asset.seedsByLabel && Object.hasOwn(asset.seedsByLabel, label) ? asset.seedsByLabel[label]! : general;
    return [...new Set(own)].map((seed) => ({ label, seed }));
  });
}

function countedSeeds({ firstSeed = 0, count = 1 }: BakeAsset, wrong: Wrong): number[] {
  const last = firstSeed + count - 1;
  if (last > MAX_SEED) wrong('count', `seeds would count up to ${last}; expected at most ${MAX_SEED}`);
  return Array.from({ length: count }, (_, i) => firstSeed + i);
}

/** What an error says, without the operation that the runtime's errors begin with. */
export function withoutOperation(error: unknown): string {
  return messageOf(error).replace(/^\w+: /, '');
}
