import { quote } from '../../runtime/core/errors.ts';
import {
  ANY_WORD,
  attributeProblem,
  imageSize,
  isRange,
  pixelArt,
  sheetColumns,
  squareColumns,
  surfaceSettings,
} from '../../runtime/index.ts';
import { UsageError } from '../node/usageError.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import {
  bakedRecipe,
  enlargement,
  fileKey,
  hashJson,
  isMap,
  type Layer,
  type LibraryMaterial,
  type Look,
  type PictureFile,
  type PlannedPicture,
  pictureName,
  type Sheet,
} from './bakePlan.ts';
import {
  type AskedAttributes,
  type Combination,
  combinations,
  numCombinations,
  variedNames,
  withWords,
} from './combinations.ts';
import type { BakeClassifier, BakeModel } from './openModels.ts';
import { expandPath } from './outputPaths.ts';
import { materialOf } from './planLibraries.ts';
import { type BakeInputs, planRecipe } from './planRecipe.ts';
import { MAX_PICTURES, type Wrong, wantedPictures, withoutOperation } from './wantedPictures.ts';

export interface PlannedAsset {
  pictures: PlannedPicture[];
  sheets: Sheet[];
  materials: LibraryMaterial[];
}

/** Lays out what an asset asks for; undefined after telling what is wrong with it. */
export function planAsset(
  given: BakeAsset,
  model: BakeModel,
  inputs: BakeInputs,
  tell: Wrong,
): PlannedAsset | undefined {
  const asset = inWordsOf(model, given);
  let numWrong = 0;
  const wrong: Wrong = (entry, message) => {
    numWrong++;
    tell(entry, message);
  };
  const wanted = wantedPictures(asset, model, wrong);
  const looks = planLooks(asset, model, inputs, wanted, wrong);
  checkSurface(asset, wanted, wrong);
  checkPixelArt(asset, wrong);
  checkPictureSize(looks[0], wrong);
  checkAnimated(asset, model, wrong);
  checkEndings(asset, wrong);
  if (asset.parallax && !asset.maps?.includes('normal')) {
    wrong('parallax', 'the height goes into the normal map; add "normal" to maps');
  }
  if (numWrong > 0) return undefined;
  const layers: Layer[] = [...new Set(asset.maps ?? (['picture'] as const))];
  const chosen = wanted.flatMap((one) => looks.map((look) => ({ ...one, look, files: [] })));
  const placeholders = Object.keys(model.index.figment.attributes ?? {});
  const pictures: PlannedPicture[] = [];
  for (const [index, picture] of chosen.entries()) {
    const files = planFiles(asset, picture, layers, placeholders, index);
    if (typeof files === 'string') return void wrong('output', files);
    pictures.push({ ...picture, files });
  }
  const sheets = planSheets(asset, looks[0]!, layers, pictures, wrong);
  if (numWrong > 0) return undefined;
  const materials = asset.maps ? pictures.map((picture) => materialOf(picture, pictures.length, model)) : [];
  return { pictures, sheets, materials };
}

function inWordsOf({ index }: BakeModel, asset: BakeAsset): BakeAsset {
  const { attributes, sameAs } = asset;
  // Files cannot say undefined.
  const inWords = (asked: AskedAttributes) => withWords(asked, index.figment.attributes ?? {});
  const said = {
    ...(attributes && { attributes: inWords(attributes) }),
    ...(sameAs && { sameAs: inWords(sameAs as AskedAttributes) }),
  };
  return { ...asset, ...said } as BakeAsset;
}

/** A look for each combination of attributes; fewer after telling what is wrong. */
function planLooks(
  asset: BakeAsset,
  model: BakeModel,
  inputs: BakeInputs,
  wanted: readonly { label: string }[],
  wrong: Wrong,
): Look[] {
  const { labels } = model.index;
  const label = wanted.map((picture) => picture.label).find((name) => labels.includes(name)) ?? labels[0];
  if (label === undefined) return []; // wantedPictures has said so
  const attributes = askedAttributes(asset, model, wrong);
  if (Math.max(1, wanted.length) * numCombinations(attributes) > MAX_PICTURES) {
    wrong('attributes', `expected at most ${MAX_PICTURES} pictures; list fewer values, labels or seeds`);
    return [];
  }
  const looks: Look[] = [];
  for (const combination of combinations(attributes)) {
    const look = planLook(asset, combination, model, inputs, label, wrong);
    if (!look) break; // one combination tells what is wrong
    looks.push(look);
  }
  return looks;
}

/** The attributes of an asset, with all words of those that it varies where it lists none. */
function askedAttributes(
  { attributes = {}, vary = [] }: BakeAsset,
  { index }: BakeModel,
  wrong: Wrong,
): AskedAttributes {
  const vocabulary = index.figment.attributes ?? {};
  const varied = vary.map((name, i): [string, AskedAttributes[string]] => {
    const values = Object.hasOwn(vocabulary, name) ? vocabulary[name]! : [];
    const listed = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (Array.isArray(listed)) return [name, listed];
    if (isRange(values)) {
      wrong(['vary', i], `${name} is a number; list the values to make in attributes`);
      return [name, []];
    }
    if (values.length === 0) wrong(['vary', i], attributeProblem(vocabulary, name, '')!);
    return [name, values];
  });
  return { ...attributes, ...Object.fromEntries(varied) };
}

/**
 * What each picture of a varied asset is to be the same as: what is asked of the attribute beside vary, or anything. One pass has
 * no first steps: there the same seed alone makes the same person.
 */
function originOf({ attributes = {}, vary, sameAs, pipeline }: BakeAsset): BakeAsset['sameAs'] {
  if (!vary || pipeline === 'cvae') return sameAs;
  const asked = (name: string) => (Object.hasOwn(attributes, name) ? attributes[name]! : ANY_WORD);
  const origins = vary.map((name) => [name, Array.isArray(asked(name)) ? ANY_WORD : asked(name)]);
  return { ...Object.fromEntries(origins), ...sameAs };
}

function planLook(
  asset: BakeAsset,
  { attributes, varied }: Combination,
  opened: BakeModel,
  inputs: BakeInputs,
  label: string,
  wrong: Wrong,
): Look | undefined {
  const { model, index, hash, cvae } = opened;
  const hasAttributes = Object.keys(attributes).length > 0;
  const recipe = planRecipe(
    { ...asset, attributes: hasAttributes ? attributes : undefined, sameAs: originOf(asset) },
    opened,
    inputs,
    label,
    wrong,
  );
  if (!recipe) return undefined;
  const classifier = recipe.classifier === undefined ? undefined : inputs.classifiers.get(recipe.classifier);
  const [widthPx, heightPx] = imageSize(index.figment, recipe);
  const { pixelArt: art, parallax, enlarge = 1 } = asset;
  return {
    asset: asset.name,
    model,
    modelName: index.figment.name,
    modelHash: hash,
    ...(typeof cvae === 'object' && recipe.pipeline && { cvaeHash: cvae.hash }),
    ...(typeof classifier === 'object' && { classifier: stored(classifier) }),
    recipe,
    varied,
    widthPx,
    heightPx,
    ...(index.figment.frames && { frames: index.figment.frames }),
    enlarge,
    surface: asset.maps ? (asset.surface ?? {}) : null,
    ...(parallax && { parallax }),
    ...(art && { pixelArt: { ...art, wraps: index.figment.circularPadding } }),
  };
}

const stored = ({ place, name, hash }: BakeClassifier) => ({ place, name, hash });

function planFiles(
  asset: BakeAsset,
  picture: PlannedPicture,
  layers: Layer[],
  attributeNames: readonly string[],
  index: number,
): PictureFile[] | string {
  const { look, label, seed } = picture;
  const names = new Set([...variedNames(asset.attributes), ...(asset.vary ?? [])]);
  const varied = [...names].map((name) => `-{${name}}`);
  const template = asset.output ?? `{asset}/{label}-{seed}${varied.join('')}${layers.length > 1 ? '-{map}' : ''}`;
  const unasked = attributeNames.map((name) => [name, ANY_WORD]);
  const ofAttributes = { ...Object.fromEntries(unasked), ...look.recipe.attributes };
  const recipe = bakedRecipe(picture);
  const files: PictureFile[] = [];
  for (const layer of layers) {
    const values = { ...ofAttributes, asset: asset.name, model: look.modelName, label, seed, index, map: layer };
    const expanded = expandPath(template, values);
    if ('problem' in expanded) return expanded.problem;
    for (const format of new Set(asset.formats ?? (['png'] as const))) {
      files.push({ path: `${expanded.path}.${format}`, layer, format, key: fileKey(recipe, look, layer, format) });
    }
  }
  return files;
}

function planSheets(asset: BakeAsset, look: Look, layers: Layer[], pictures: PlannedPicture[], wrong: Wrong): Sheet[] {
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
      look.frames !== undefined,
    );
    return layers.map((layer) => {
      const expanded = expandPath(sheet, { asset: asset.name, model: look.modelName, map: layer });
      if ('problem' in expanded) throw new RangeError(expanded.problem);
      const files = pictures.map((picture) => pngOf(picture, [layer])!);
      const tiles = pictures.map((picture, i) => {
        const outline = pngOf(picture, ['picture', 'albedo'])?.path;
        return { name: pictureName(picture), path: files[i]!.path, ...(outline !== undefined && { outline }) };
      });
      checkTileNames(tiles);
      const pivots = isMap(layer) ? [pivotsOfMap(look, tiles)] : []; // sheets without this have those of the map, which are wrong
      const key = hashJson(['sheet', columns, tiles.map(({ name }, i) => [name, files[i]!.key]), ...pivots]);
      const [image, atlas] = [`${expanded.path}.png`, `${expanded.path}.json`];
      const { frames } = look;
      return { asset: asset.name, image, atlas, tiles, columns, widthPx, heightPx, ...(frames && { frames }), key };
    });
  } catch (error) {
    wrong('sheet', withoutOperation(error));
    return [];
  }
}

/** What the key of a map's sheet says of the pivots of its frames, which the picture tells where it is baked, too. */
function pivotsOfMap({ frames }: Look, tiles: Sheet['tiles']): string {
  return frames && tiles.some(({ outline }) => outline === undefined) ? 'no pivots' : 'pivots of the picture';
}

/** The PNG file of a picture that shows one of these layers. */
function pngOf({ files }: PlannedPicture, layers: readonly Layer[]): PictureFile | undefined {
  return files.find(({ layer, format }) => format === 'png' && layers.includes(layer));
}

/** Values with hyphens may join to one name: a-b and c, or a and b-c. The atlas would have the last of them alone. */
function checkTileNames(tiles: Sheet['tiles']): void {
  const names = new Set<string>();
  for (const { name } of tiles) {
    if (names.has(name)) {
      throw new RangeError(
        `two pictures would be called ${quote(name)}; make two assets of them, or leave out the sheet`,
      );
    }
    names.add(name);
  }
}

/** Tries the settings of pixel art on a picture of nothing. */
function checkPixelArt(asset: BakeAsset, wrong: Wrong): void {
  try {
    pixelArt(new Uint8Array(4), 1, 1, asset.pixelArt);
  } catch (error) {
    wrong('pixelArt', withoutOperation(error));
  }
}

/** So many pixels take a gigabyte until they are written. */
const MAX_PICTURE_PIXELS = 2 ** 26;

/** @param look one of the asset's, which are of one size */
function checkPictureSize(look: Look | undefined, wrong: Wrong): void {
  if (!look) return;
  const [width, height] = [look.widthPx, look.heightPx].map((sizePx) => sizePx * enlargement(look)) as [number, number];
  if (width * height <= MAX_PICTURE_PIXELS) return;
  wrong('enlarge', `pictures would be ${width}×${height}; expected at most ${MAX_PICTURE_PIXELS} pixels; lower it`);
}

function checkAnimated({ formats }: BakeAsset, { index: { figment } }: BakeModel, wrong: Wrong): void {
  if (figment.frames || !formats?.includes('apng')) return;
  wrong('formats', `pictures of ${figment.name} have no frames, so they do not move; leave out "apng"`);
}

/** Endings are added, and who writes one gets it twice. */
function checkEndings({ output, sheet }: BakeAsset, wrong: Wrong): void {
  for (const [entry, path] of Object.entries({ output, sheet })) {
    const [ending] = /\.(png|apng|ktx2|json)$/i.exec(path ?? '') ?? [];
    if (ending) wrong(entry, `leave out ${ending} at the end; files get the endings of their formats`);
  }
}

/** Tries the settings of the maps on each label. */
function checkSurface({ maps, surface }: BakeAsset, wanted: { label: string }[], wrong: Wrong): void {
  if (!surface) return;
  if (!maps) wrong('surface', 'there are no maps to which it would apply; add maps');
  try {
    for (const label of new Set(wanted.map((picture) => picture.label))) surfaceSettings({ label, ...surface });
  } catch (error) {
    wrong('surface', withoutOperation(error));
  }
}

/** What WebGPU and WebGL can hold in one texture on most machines. */
const MAX_SHEET_PX = 16_384;

/**
 * How many pictures stand side by side: a row for each label where all have equally many; of rows of frames so many that the
 * sheet is about as wide as high.
 *
 * @param labels of each picture, those of one label together
 * @throws       UsageError when the sheet would be larger than a texture
 */
function sheetLayout(labels: readonly string[], widthPx: number, heightPx: number, areRows = false): number {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  const isEven = new Set(counts.values()).size === 1;
  const numLabels = isEven ? counts.size : 1;
  const columns = areRows
    ? Math.min(squareColumns(labels.length, widthPx, heightPx), Math.max(1, Math.floor(MAX_SHEET_PX / widthPx)))
    : sheetColumns(numLabels, labels.length / numLabels);
  const width = columns * widthPx;
  const height = Math.ceil(labels.length / columns) * heightPx;
  if (Math.max(width, height) <= MAX_SHEET_PX) return columns;
  throw new UsageError(
    `the sheet would be ${width}×${height} pixels; at most ${MAX_SHEET_PX} are possible; lower enlarge or count, or leave out the sheet`,
  );
}
