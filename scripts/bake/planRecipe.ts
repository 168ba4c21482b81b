import { MATERIAL_CHANNELS } from '../../runtime/core/channelNames.ts';
import { VAE_WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import { checkRecipe, type KnownClassifiers, type Recipe, recipeEntries, recipeModel } from '../../runtime/index.ts';
import { askedSize, type TileSize } from '../../runtime/recipe/imageSize.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import type { BakeImage } from './openImages.ts';
import type { BakeClassifier, BakeModel } from './openModels.ts';
import type { Wrong } from './wantedPictures.ts';

/** What assets name beside models, by name: each, or what is wrong with it. */
export interface BakeInputs {
  images: ReadonlyMap<string, BakeImage | string>;
  classifiers: ReadonlyMap<string, BakeClassifier | string>;
}

/** The recipe of an asset's pictures, for its first label and seed; undefined after saying what is wrong with it. */
export function planRecipe(
  asset: BakeAsset,
  model: BakeModel,
  inputs: BakeInputs,
  label: string,
  wrong: Wrong,
): Recipe | undefined {
  const files = openFiles(asset, model, inputs, wrong);
  if (!files) return undefined;
  const { image, mask, classifiers } = files;
  const { image: _image, mask: _mask, ...entries } = asset;
  const seed = asset.interpolate?.seed === 0 ? 1 : 0; // towards its own seed a picture would not go anywhere
  const options = { ...recipeEntries(entries as object), label, seed, ...(image && { image: image.rgba }) };
  const checked = checkRecipe(
    { ...options, ...(mask && { mask: mask.mask }) },
    recipeModel(model.index, model.scheduler),
    classifiers,
  );
  if ('recipe' in checked) return checked.recipe;
  for (const { entry, message } of checked.problems) wrong(entry, message);
  return undefined;
}

interface OpenedFiles {
  image?: BakeImage;
  mask?: BakeImage;
  classifiers: KnownClassifiers;
}

/** What an asset names on disk; undefined after saying what is wrong with one of them. */
function openFiles(
  asset: BakeAsset,
  { index, cvae }: BakeModel,
  { images, classifiers }: BakeInputs,
  wrong: Wrong,
): OpenedFiles | undefined {
  let isWrong = false;
  const opened = <T>(entry: 'image' | 'mask' | 'classifier', from: ReadonlyMap<string, T | string>): T | undefined => {
    const name = asset[entry];
    const found = name === undefined ? undefined : from.get(name)!;
    if (typeof found !== 'string') return found;
    isWrong = true;
    wrong(entry, found);
    return undefined;
  };
  const [image, mask] = [opened('image', images), opened('mask', images)];
  const classifier = opened('classifier', classifiers);
  if (classifier && hasOtherLatents(classifier, index)) {
    isWrong = true;
    wrong(
      'classifier',
      `${asset.classifier} was trained on the latents of ${classifier.guides.name}, and ${index.figment.name} has another auto-encoder; train one by: figment train classifier --model ${index.figment.name}`,
    );
  }
  if ((asset.pipeline ?? 'ddpm') !== 'ddpm' && typeof cvae === 'string') {
    isWrong = true;
    wrong('pipeline', cvae);
  }
  for (const [entry, picture] of Object.entries({ image, mask })) {
    const isTaken = entry === 'mask' || index.figment.channels !== MATERIAL_CHANNELS; // else the recipe tells why
    const problem = picture && isTaken && sizeProblemOf(asset, index.figment, picture);
    if (!problem) continue;
    isWrong = true;
    wrong(entry, `${asset[entry as 'image' | 'mask']} ${problem}`);
  }
  if (isWrong) return undefined;
  return { image, mask, classifiers: new Map(classifier ? [[asset.classifier!, classifier]] : []) };
}

/** Whether a classifier reads the latents of another auto-encoder than the model's, as far as both are known. */
function hasOtherLatents({ guides }: BakeClassifier, { figment }: BakeModel['index']): boolean {
  const own = figment.sha256[VAE_WEIGHTS_FILE];
  return guides.vaeSha256 !== null && own !== undefined && guides.vaeSha256 !== own;
}

/** In terms of width and height, where a recipe itself counts bytes. */
function sizeProblemOf(asset: BakeAsset, model: TileSize, { width, height }: BakeImage) {
  const [widthPx, heightPx] = askedSize(model, asset);
  if (width === widthPx && height === heightPx) return undefined;
  return `is ${width}×${height}; expected ${widthPx}×${heightPx}, the size that is made; scale it`;
}
