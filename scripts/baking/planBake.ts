import { resolve } from 'node:path';
import {
  assertGuidance,
  createSampler,
  imageSize,
  indexOfLabel,
  parseSchedulerConfig,
  type SamplerName,
  surfaceMaps,
  surfaceSettings,
} from '../../runtime/index.ts';
import { type BakeAsset, MAX_SEED, type MapName } from './bakeFileSchema.ts';
import {
  type BakePlan,
  fileKey,
  hashJson,
  type Layer,
  type Library,
  type LibraryMaterial,
  type Look,
  type Picture,
  type PictureFile,
  recipeOf,
  type Sampling,
  type Sheet,
} from './bakePlan.ts';
import type { Problem } from './jsonPlaces.ts';
import { manifestName } from './manifest.ts';
import { type BakeModel, openModels } from './openModels.ts';
import { expandPath, findCollision, flawOfPath } from './outputPaths.ts';
import type { BakeSource } from './readBakeFile.ts';
import { sheetLayout } from './sheetLayout.ts';

export interface PlanOptions {
  /** Instead of the file's `out`; relative to the working directory. */
  out?: string;
  signal?: AbortSignal;
}

const DEFAULT_OUT = 'baked';
const MAX_PICTURES = 1_000_000;

/**
 * Turns a bake file into the pictures and files that it asks for, and refuses what could not be made or written before
 * anything long begins.
 *
 * @throws UsageError with all that is wrong
 */
export async function planBake(source: BakeSource, options: PlanOptions = {}): Promise<BakePlan> {
  const { description, folder, fail } = source;
  const { defaults = {} } = description;
  const assets = description.assets.map((asset) => ({ ...defaults, ...asset }));
  const problems: Problem[] = repeatedNames(assets);
  const out = outFolder(source, options, problems);
  const models = await openModels(
    assets.flatMap(({ model }) => model ?? []),
    folder,
    options.signal,
  );
  const planned = assets.map((asset, i) => planAsset(asset, ['assets', i], models, problems));
  if (problems.length > 0) fail(problems);
  const pictures = planned.flatMap((asset) => asset!.pictures);
  if (pictures.length === 0) fail([{ path: ['assets'], message: 'there is nothing to bake' }]);
  const materials = planned.flatMap((asset) => asset!.materials);
  const libraries = planLibraries(description.materials ?? {}, materials, problems);
  const plan: BakePlan = {
    name: source.name,
    out,
    pictures,
    sheets: planned.flatMap((asset) => asset!.sheets),
    libraries,
    modelFolders: [...models.values()].flatMap((model) => (typeof model === 'string' ? [] : (model.folder ?? []))),
  };
  const collision = findCollision(ownedFiles(plan));
  if (collision) problems.push({ path: ['assets'], message: collision });
  if (problems.length > 0) fail(problems);
  return plan;
}

function repeatedNames(assets: BakeAsset[]): Problem[] {
  const first = new Map<string, number>();
  return assets.flatMap(({ name }, i) => {
    const before = first.get(name);
    if (before === undefined) first.set(name, i);
    return before === undefined
      ? []
      : [{ path: ['assets', i, 'name'], message: `assets[${before}] has this name, too` }];
  });
}

function outFolder({ description, folder }: BakeSource, options: PlanOptions, problems: Problem[]): string {
  if (options.out !== undefined) return resolve(options.out);
  const out = (description.out ?? DEFAULT_OUT).replace(/^\.\//, '').replace(/\/$/, '');
  if (out === '.') return folder;
  const flaw = flawOfPath(out);
  if (flaw) problems.push({ path: ['out'], message: `expected a folder below this file's; --out takes any: ${flaw}` });
  return resolve(folder, out);
}

interface PlannedAsset {
  pictures: Picture[];
  sheets: Sheet[];
  materials: LibraryMaterial[];
}

type Path = (string | number)[];

function planAsset(
  asset: BakeAsset,
  path: Path,
  models: Map<string, BakeModel | string>,
  problems: Problem[],
): PlannedAsset | undefined {
  const numBefore = problems.length;
  const wrong = (entry: string | number | Path, message: string) => {
    problems.push({ path: [...path, ...[entry].flat()], message });
  };
  const model = asset.model === undefined ? 'name a model, here or in defaults' : models.get(asset.model)!;
  if (typeof model === 'string') return void wrong('model', model);
  const look = planLook(asset, model, wrong);
  const wanted = wantedPictures(asset, model, wrong);
  checkSurface(asset, wanted, wrong);
  if (problems.length > numBefore || !look) return undefined;
  const layers: Layer[] = [...new Set(asset.maps ?? (['picture'] as const))];
  const pictures: Picture[] = [];
  for (const [index, { label, seed }] of wanted.entries()) {
    const files = planFiles(asset, look, layers, label, seed, index);
    if (typeof files === 'string') return void wrong('output', files);
    pictures.push({ look, label, seed, files });
  }
  const sheets = planSheets(asset, look, layers, pictures, wrong);
  if (problems.length > numBefore) return undefined;
  const materials = asset.maps ? pictures.map((picture) => materialOf(picture, pictures.length, model)) : [];
  return { pictures, sheets, materials };
}

type Wrong = (entry: string | number | Path, message: string) => void;

function planLook(
  asset: BakeAsset,
  { model, index, schedulerConfig, hash }: BakeModel,
  wrong: Wrong,
): Look | undefined {
  const { name, sampleDefaults } = index.figment;
  const size = sizeOf(asset, index, wrong);
  if (!size) return undefined;
  const [widthPx, heightPx] = size;
  const sampling: Sampling = {
    guidanceScale: asset.guidanceScale ?? sampleDefaults.guidanceScale,
    numInferenceSteps: asset.numInferenceSteps ?? sampleDefaults.numInferenceSteps,
    sampler: asset.sampler ?? (sampleDefaults.sampler as SamplerName),
    ...(asset.eta === undefined ? {} : { eta: asset.eta }),
    ...(asset.guidanceInterval === undefined ? {} : { guidanceInterval: asset.guidanceInterval }),
    ...(asset.guidanceRescale === undefined ? {} : { guidanceRescale: asset.guidanceRescale }),
    ...(widthPx === index.figment.widthPx ? {} : { widthPx }),
    ...(heightPx === index.figment.heightPx ? {} : { heightPx }),
  };
  if (sampling.eta !== undefined && sampling.sampler !== 'ddim') {
    return void wrong('eta', `eta is for the sampler ddim, not ${sampling.sampler}; choose the sampler ddim`);
  }
  try {
    assertGuidance('bake', sampling);
    const scheduler = parseSchedulerConfig(schedulerConfig, `${name}/scheduler/scheduler_config.json`);
    createSampler(sampling.sampler, scheduler, sampling).dispose();
  } catch (error) {
    return void wrong('numInferenceSteps', messageOf(error));
  }
  const surface = asset.maps ? (asset.surface ?? {}) : null;
  const scale = asset.scale ?? 1;
  const { interpolate } = asset;
  const look = {
    asset: asset.name,
    model,
    modelName: name,
    modelHash: hash,
    sampling,
    widthPx,
    heightPx,
    scale,
    surface,
  };
  return interpolate ? { ...look, interpolate } : look;
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

function wantedPictures(asset: BakeAsset, { index }: BakeModel, wrong: Wrong): { label: string; seed: number }[] {
  const labels = [...new Set(asset.labels ?? Object.keys(asset.seedsByLabel ?? {}))];
  const chosen = labels.length > 0 ? labels : index.labels;
  if (chosen.length === 0) wrong('model', `the model ${index.figment.name} has no labels to draw`);
  for (const [i, label] of labels.entries()) {
    try {
      indexOfLabel(index.labels, label);
    } catch (error) {
      wrong(asset.labels ? ['labels', asset.labels.indexOf(label)] : ['seedsByLabel', label], messageOf(error));
      if (i > 100) break;
    }
  }
  for (const label of Object.keys(asset.seedsByLabel ?? {})) {
    if (asset.labels && !asset.labels.includes(label))
      wrong(['seedsByLabel', label], 'labels does not list this label');
  }
  const ways = (['seeds', 'count'] as const).filter((entry) => asset[entry] !== undefined);
  if (ways.length > 1) wrong('count', 'seeds says already how many; leave out one of the two');
  const general = asset.seeds ?? countedSeeds(asset, wrong);
  if (chosen.length * general.length > MAX_PICTURES) wrong('count', `expected at most ${MAX_PICTURES} pictures`);
  return chosen.flatMap((label) => {
    const own = asset.seedsByLabel && Object.hasOwn(asset.seedsByLabel, label) ? asset.seedsByLabel[label]! : general;
    return [...new Set(own)].map((seed) => ({ label, seed }));
  });
}

/** Tries the settings of the maps on a picture of nothing. */
function checkSurface({ maps, surface }: BakeAsset, wanted: { label: string }[], wrong: Wrong): void {
  if (!surface) return;
  if (!maps) wrong('surface', 'there are no maps to which it would apply; add maps');
  try {
    for (const label of new Set(wanted.map((picture) => picture.label))) {
      surfaceMaps(new Uint8Array(4 * 4 * 4), 4, 4, { label, ...surface });
    }
  } catch (error) {
    wrong('surface', messageOf(error));
  }
}

function countedSeeds({ firstSeed = 0, count = 1 }: BakeAsset, wrong: Wrong): number[] {
  const last = firstSeed + count - 1;
  if (last > MAX_SEED) wrong('count', `seeds would count up to ${last}; expected at most ${MAX_SEED}`);
  return Array.from({ length: count }, (_, i) => firstSeed + i);
}

/** The runtime's errors begin with the operation that they would have ended. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^\w+: /, '') : String(error);
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
  const widthPx = look.widthPx * look.scale;
  const heightPx = look.heightPx * look.scale;
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

function materialOf(picture: Picture, numPictures: number, { index }: BakeModel): LibraryMaterial {
  const { look, label, seed, files } = picture;
  const pngs = files.filter(({ format }) => format === 'png');
  const { metallic, roughness } = surfaceSettings({ label, ...look.surface });
  return {
    name: numPictures === 1 ? look.asset : `${look.asset}/${label}-${seed}`,
    maps: Object.fromEntries(pngs.map(({ layer, path }) => [layer as MapName, path])),
    hasAlpha: index.figment.channels === 4,
    green: look.surface?.green ?? 'opengl',
    metallic,
    roughness,
    pixelArt: index.figment.pixelArt,
    recipe: recipeOf(picture),
  };
}

function planLibraries(
  paths: Partial<Record<Library['kind'], string>>,
  materials: LibraryMaterial[],
  problems: Problem[],
): Library[] {
  return Object.entries(paths).map(([kind, path]) => {
    const flaw = flawOfPath(path) ?? (path.endsWith(`.${kind}`) ? undefined : `expected a name that ends in .${kind}`);
    const lacking = whatLacks(materials);
    const turned = kind === 'gltf' && materials.some(({ maps, green }) => maps.normal && green !== 'opengl');
    const problem = flaw ?? lacking ?? (turned ? 'glTF wants normal maps with green: "opengl"' : undefined);
    if (problem) problems.push({ path: ['materials', kind], message: problem });
    return { kind: kind as Library['kind'], path, materials, key: hashJson([kind, materials]) };
  });
}

function whatLacks(materials: LibraryMaterial[]): string | undefined {
  if (materials.length === 0) return 'no asset has maps; add maps to those that are materials';
  const empty = materials.find(({ maps }) => Object.keys(maps).length === 0);
  return empty && `the material ${empty.name} has no PNG files, at which libraries point; add "png" to its formats`;
}

/** All files that the plan writes, with whose they are. */
export function* ownedFiles({ name, pictures, sheets, libraries }: BakePlan): Generator<[string, string]> {
  yield [manifestName(name), 'the manifest'];
  for (const { look, label, seed, files } of pictures) {
    for (const { path } of files) yield [path, `${look.asset} (${label}, seed ${seed})`];
  }
  for (const { asset, image, atlas } of sheets) {
    yield [image, `the sheet of ${asset}`];
    yield [atlas, `the sheet of ${asset}`];
  }
  for (const { path } of libraries) yield [path, 'materials'];
}
