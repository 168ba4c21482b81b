import { enlargedSettings, imageSize, surfaceMaps, surfaceSettings } from '../../runtime/index.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import {
  enlargement,
  fileKey,
  hashJson,
  type Layer,
  type LibraryMaterial,
  type Look,
  type Picture,
  type PictureFile,
  recipeOf,
  type Sampling,
  type Sheet,
} from './bakePlan.ts';
import type { BakeClassifier } from './openClassifiers.ts';
import type { BakeImage } from './openImages.ts';
import type { BakeModel } from './openModels.ts';
import { expandPath } from './outputPaths.ts';
import { planEdit } from './planEdit.ts';
import { materialOf } from './planLibraries.ts';
import { planSampling } from './planSampling.ts';
import { planSteering } from './planSteering.ts';
import { sheetLayout } from './sheetLayout.ts';
import { messageOf, type Wrong, wantedPictures } from './wantedPictures.ts';

export interface PlannedAsset {
  pictures: Picture[];
  sheets: Sheet[];
  materials: LibraryMaterial[];
}

/** What assets name beside models, by name: each, or what is wrong with it. */
export interface BakeInputs {
  images: ReadonlyMap<string, BakeImage | string>;
  classifiers: ReadonlyMap<string, BakeClassifier | string>;
}

/** Lays out what an asset asks for; undefined after telling what is wrong with it. */
export function planAsset(
  asset: BakeAsset,
  model: BakeModel,
  inputs: BakeInputs,
  tell: Wrong,
): PlannedAsset | undefined {
  let numWrong = 0;
  const wrong: Wrong = (entry, message) => {
    numWrong++;
    tell(entry, message);
  };
  const look = planLook(asset, model, inputs, wrong);
  const wanted = wantedPictures(asset, model, wrong);
  checkSurface(asset, wanted, wrong);
  if (asset.parallax && !asset.maps?.includes('normal')) {
    wrong('parallax', 'the height goes into the normal map; add "normal" to maps');
  }
  if (numWrong > 0 || !look) return undefined;
  const layers: Layer[] = [...new Set(asset.maps ?? (['picture'] as const))];
  const pictures: Picture[] = [];
  for (const [index, { label, seed }] of wanted.entries()) {
    const files = planFiles(asset, look, layers, label, seed, index);
    if (typeof files === 'string') return void wrong('output', files);
    pictures.push({ look, label, seed, files });
  }
  const sheets = planSheets(asset, look, layers, pictures, wrong);
  if (numWrong > 0) return undefined;
  const materials = asset.maps ? pictures.map((picture) => materialOf(picture, pictures.length, model)) : [];
  return { pictures, sheets, materials };
}

function planLook(
  asset: BakeAsset,
  opened: BakeModel,
  { images, classifiers }: BakeInputs,
  wrong: Wrong,
): Look | undefined {
  const { model, index, hash, cvae } = opened;
  const size = sizeOf(asset, index, wrong);
  if (!size) return undefined;
  const [widthPx, heightPx] = size;
  const planned = planSampling(asset, opened, wrong);
  const edit = planEdit(asset, images, size, wrong);
  const steering = planSteering(asset, classifiers, wrong);
  if (!planned || !edit || !steering) return undefined;
  const sampling: Sampling = {
    ...planned,
    ...steering.sampling,
    ...(widthPx === index.figment.widthPx ? {} : { widthPx }),
    ...(heightPx === index.figment.heightPx ? {} : { heightPx }),
    ...edit.sampling,
  };
  const surface = asset.maps ? (asset.surface ?? {}) : null;
  const scale = asset.scale ?? 1;
  const { interpolate, pixelArt, parallax } = asset;
  return {
    asset: asset.name,
    model,
    modelName: index.figment.name,
    modelHash: hash,
    ...(typeof cvae === 'object' && sampling.pipeline && { cvaeHash: cvae.hash }),
    ...steering.look,
    sampling,
    widthPx,
    heightPx,
    scale,
    surface,
    ...(interpolate && { interpolate }),
    ...edit.bytes,
    ...(parallax && { parallax }),
    ...(pixelArt && { pixelArt: { ...pixelArt, wraps: index.figment.circularPadding } }),
  };
}

function sizeOf(
  { widthPx, heightPx }: BakeAsset,
  { figment }: BakeModel['index'],
  wrong: Wrong,
): [number, number] | undefined {
  try {
    return imageSize(figment, { widthPx, heightPx });
  } catch (error) {
    wrong(widthPx === undefined ? 'heightPx' : 'widthPx', messageOf(error));
    return undefined;
  }
}

function planFiles(
  asset: BakeAsset,
  look: Look,
  layers: Layer[],
  label: string,
  seed: number,
  index: number,
): PictureFile[] | string {
  const template = asset.output ?? `{asset}/{label}-{seed}${layers.length > 1 ? '-{map}' : ''}`;
  const recipe = recipeOf({ look, label, seed });
  const files: PictureFile[] = [];
  for (const layer of layers) {
    const values = { asset: asset.name, model: look.modelName, label, seed, index, map: layer };
    const expanded = expandPath(template, values);
    if ('problem' in expanded) return expanded.problem;
    for (const format of new Set(asset.formats ?? (['png'] as const))) {
      files.push({ path: `${expanded.path}.${format}`, layer, format, key: fileKey(recipe, look, layer, format) });
    }
  }
  return files;
}

function planSheets(asset: BakeAsset, look: Look, layers: Layer[], pictures: Picture[], wrong: Wrong): Sheet[] {
  const { sheet } = asset;
  if (sheet === undefined) return [];
  if (asset.formats && !asset.formats.includes('png')) {
    wrong('sheet', 'a sheet is laid from PNG files; add "png" to formats');
    return [];
  }
  const widthPx = look.widthPx * enlargement(look);
  const heightPx = look.heightPx * enlargement(look);
  try {
    const columns = sheetLayout(
      pictures.map(({ label }) => label),
      widthPx,
      heightPx,
    );
    return layers.map((layer) => {
      const expanded = expandPath(sheet, { asset: asset.name, model: look.modelName, map: layer });
      if ('problem' in expanded) throw new RangeError(expanded.problem);
      const files = pictures.map(({ files }) => files.find((file) => file.layer === layer && file.format === 'png')!);
      const tiles = pictures.map(({ label, seed }, i) => ({ name: `${label}-${seed}`, path: files[i]!.path }));
      const key = hashJson(['sheet', columns, tiles.map(({ name }, i) => [name, files[i]!.key])]);
      const [image, atlas] = [`${expanded.path}.png`, `${expanded.path}.json`];
      return { asset: asset.name, image, atlas, tiles, columns, widthPx, heightPx, key };
    });
  } catch (error) {
    wrong('sheet', messageOf(error));
    return [];
  }
}

/** Tries the settings of the maps on a picture of nothing. */
function checkSurface({ maps, surface, pixelArt }: BakeAsset, wanted: { label: string }[], wrong: Wrong): void {
  if (!surface) return;
  if (!maps) wrong('surface', 'there are no maps to which it would apply; add maps');
  try {
    for (const label of new Set(wanted.map((picture) => picture.label))) {
      const settings = surfaceSettings({ label, ...surface });
      surfaceMaps(new Uint8Array(4 * 4 * 4), 4, 4, enlargedSettings(settings, pixelArt?.factor ?? 1));
    }
  } catch (error) {
    wrong('surface', messageOf(error));
  }
}
