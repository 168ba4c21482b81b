import { type EditOptions, editDefaults } from '../../runtime/index.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import type { Look } from './bakePlan.ts';
import type { BakeImage } from './openImages.ts';
import type { Wrong } from './wantedPictures.ts';

/** What the pictures of an asset begin from, and how. */
export interface PlannedEdit {
  bytes: Pick<Look, 'image' | 'mask'>;
  sampling: EditOptions;
}

/** The image and mask of an asset, nothing left to defaults; undefined after telling what is wrong. */
export function planEdit(
  asset: BakeAsset,
  images: ReadonlyMap<string, BakeImage | string>,
  [widthPx, heightPx]: readonly [number, number],
  wrong: Wrong,
): PlannedEdit | undefined {
  let isWrong = false;
  const tell: Wrong = (entry, message) => {
    isWrong = true;
    wrong(entry, message);
  };
  const open = (entry: 'image' | 'mask') => {
    const path = asset[entry];
    if (path === undefined) return undefined;
    const opened = images.get(path)!;
    if (typeof opened === 'string') return void tell(entry, opened);
    const { width, height } = opened;
    if (width !== widthPx || height !== heightPx) {
      tell(entry, `${path} is ${width}×${height}; expected ${widthPx}×${heightPx}, the size that is made; scale it`);
    }
    return opened;
  };
  const [image, mask] = [open('image'), open('mask')];
  if (asset.mask !== undefined && asset.image === undefined) tell('mask', 'there is no image; name the one it is of');
  const { strength, resamples, keepAlpha, pipeline = 'ddpm' } = asset;
  if (asset.image !== undefined && pipeline !== 'ddpm') {
    tell('pipeline', `the pipeline ${pipeline} begins from no image; leave one of the two out`);
  }
  if (isWrong) return undefined;
  if (!image) return { bytes: {}, sampling: {} };
  const defaults = editDefaults(mask !== undefined);
  return {
    bytes: { image: image.rgba, ...(mask && { mask: mask.mask }) },
    sampling: {
      strength: strength ?? defaults.strength,
      ...(mask && { resamples: resamples ?? defaults.resamples }),
      keepAlpha: keepAlpha ?? defaults.keepAlpha,
    },
  };
}
