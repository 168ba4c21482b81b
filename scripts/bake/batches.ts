import { samplingKey } from '../../runtime/index.ts';
import { UsageError } from '../node/usageError.ts';
import type { Look, PlannedPicture, Sheet } from './bakePlan.ts';
import type { Shard } from './manifest.ts';

/** A batch is this many pictures of 32 × 32; of larger ones it is fewer. */
const USUAL_AREA_PX = 32 * 32;

/**
 * Groups pictures into batches of one model and one sampling, model after model, so that each is opened once.
 *
 * @param jobs how many bake at the same time: of what can be one batch, each gets a part
 */
export function makeBatches(pictures: readonly PlannedPicture[], batchSize: number, jobs = 1): PlannedPicture[][] {
  const groups = new Map<string, Map<string, PlannedPicture[]>>();
  const keys = new Map<Look, string>();
  for (const picture of pictures) {
    const { look } = picture;
    if (!keys.has(look)) keys.set(look, JSON.stringify([samplingKey(look.recipe), look.classifier]));
    const ofModel = groups.get(look.model) ?? new Map<string, PlannedPicture[]>();
    const group = ofModel.get(keys.get(look)!) ?? [];
    group.push(picture);
    groups.set(look.model, ofModel.set(keys.get(look)!, group));
  }
  return [...groups.values()].flatMap((ofModel) =>
    [...ofModel.values()].flatMap((group) =>
      chunks(group, Math.min(sizeFor(group[0]!.look, batchSize), Math.ceil(group.length / jobs))),
    ),
  );
}

function sizeFor({ widthPx, heightPx }: Look, batchSize: number): number {
  return Math.max(1, Math.floor((batchSize * USUAL_AREA_PX) / Math.max(widthPx * heightPx, USUAL_AREA_PX)));
}

function chunks<T>(all: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));
}

/**
 * The part of a plan that one of several machines makes. An asset with a sheet stays together; libraries are the first
 * shard's. The parts are about equally large, and depend on the plan alone.
 *
 * @throws UsageError for a part that there is not
 */
export function takeShard<Plan extends { pictures: PlannedPicture[]; sheets: Sheet[]; libraries: unknown[] }>(
  plan: Plan,
  { index, count }: Shard,
): Plan {
  if (![index, count].every(Number.isInteger) || index < 1 || index > count) {
    throw new UsageError(
      `bake: shard is ${index} of ${count}; expected whole numbers from 1 of 1 on, such as { index: 1, count: 4 }`,
    );
  }
  const sheetAssets = new Set(plan.sheets.map(({ asset }) => asset));
  const units = new Map<string | PlannedPicture, PlannedPicture[]>();
  for (const picture of plan.pictures) {
    const unit = sheetAssets.has(picture.look.asset) ? picture.look.asset : picture;
    const pictures = units.get(unit);
    if (pictures) pictures.push(picture);
    else units.set(unit, [picture]);
  }
  const loads = new Array<number>(count).fill(0);
  const mine = [...units].filter(([, pictures]) => {
    const smallest = loads.indexOf(Math.min(...loads));
    loads[smallest]! += pictures.length;
    return smallest === index - 1;
  });
  const assets = new Set(mine.map(([unit]) => unit));
  return {
    ...plan,
    pictures: mine.flatMap(([, pictures]) => pictures),
    sheets: plan.sheets.filter(({ asset }) => assets.has(asset)),
    libraries: index === 1 ? plan.libraries : [],
  };
}
