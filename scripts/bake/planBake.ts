import { join, relative, resolve } from 'node:path';
import { InterruptError } from '../node/interrupt.ts';
import type { BakeAsset, BakeDescription } from './bakeFileSchema.ts';
import { type BakePlan, pictureCaption } from './bakePlan.ts';
import { manifestName } from './manifest.ts';
import { namedFiles } from './namedFiles.ts';
import { openImages } from './openImages.ts';
import { openClassifiers, openModels } from './openModels.ts';
import { findCollision, findOverwritten, flawOfPath, placeInside } from './outputPaths.ts';
import { type AssetProblem, placeProblems } from './placeProblems.ts';
import { type PlannedAsset, planAsset } from './planAsset.ts';
import { planLibraries } from './planLibraries.ts';
import type { BakeSource, Problem } from './readBakeFile.ts';
import { describedBake, readBakeFile } from './readBakeFile.ts';
import { MAX_PICTURES, withoutOperation } from './wantedPictures.ts';
import { withDefaults } from './withDefaults.ts';

export interface PlanOptions {
  /** Instead of the file's `out`; relative to the working directory. */
  out?: string;
  signal?: AbortSignal;
}

const DEFAULT_OUT = 'baked';
const TOO_MANY_PICTURES = `with this asset there are more than ${MAX_PICTURES} pictures; make several bake files`;

/**
 * Turns a bake file into the pictures and files that it asks for, and refuses what could not be made or written before
 * anything long begins.
 *
 * @throws UsageError with all that is wrong; InterruptError when aborted
 */
export async function planBake(source: BakeSource, options: PlanOptions = {}): Promise<BakePlan> {
  try {
    return await planWhole(source, options);
  } catch (error) {
    const { signal } = options;
    if (!signal?.aborted) throw error;
    throw InterruptError.after(signal.reason, 'bake: interrupted while the models were opened; nothing is written');
  }
}

async function planWhole(source: BakeSource, options: PlanOptions): Promise<BakePlan> {
  const { description, folder, fail } = source;
  const { defaults = {} } = description;
  const assets = description.assets.map((asset) => withDefaults(asset, defaults));
  const problems: Problem[] = repeatedNames(assets);
  const out = await outFolder(source, options, problems);
  const names = assets.flatMap(({ model }) => model ?? []);
  const withCvaes = assets.flatMap(({ model, pipeline = 'ddpm' }) => (model && pipeline !== 'ddpm' ? [model] : []));
  const models = await openModels(names, folder, new Set(withCvaes), options.signal);
  const images = await openImages(assets, folder, source.takesAnyImage ?? false);
  const steered = assets.flatMap(({ classifier }) => classifier ?? []);
  const classifiers = await openClassifiers(steered, folder, options.signal);
  const found: AssetProblem[] = [];
  let numPictures = 0;
  const planned = assets.map((asset, i): PlannedAsset | undefined => {
    if (numPictures > MAX_PICTURES) return undefined; // the rest would only take time
    const model = asset.model === undefined ? 'name a model, here or in defaults' : models.get(asset.model)!;
    if (typeof model !== 'string') {
      const result = planAsset(asset, model, { images, classifiers }, (entry, message) =>
        found.push({ asset: i, path: [entry].flat(), message }),
      );
      numPictures += result?.pictures.length ?? 0;
      if (numPictures > MAX_PICTURES) found.push({ asset: i, path: [], message: TOO_MANY_PICTURES });
      return result;
    }
    found.push({ asset: i, path: ['model'], message: model });
    return undefined;
  });
  problems.push(...placeProblems(found, description));
  if (problems.length > 0) fail(problems);
  const pictures = planned.flatMap((asset) => asset!.pictures);
  if (pictures.length === 0) fail([{ path: ['assets'], message: 'there is nothing to bake' }]);
  const materials = planned.flatMap((asset) => asset!.materials);
  const libraries = planLibraries(description.materials ?? {}, materials, problems);
  const plan: BakePlan = {
    name: source.name,
    out,
    origin: relative(out, join(source.folder, source.name)).replaceAll('\\', '/'),
    pictures,
    sheets: planned.flatMap((asset) => asset!.sheets),
    libraries,
    notes: [...models.values()].flatMap((opened) => (typeof opened === 'string' ? [] : opened.notes)),
  };
  const read = [source.file ?? [], namedFiles(source)].flat();
  const collision = findCollision(ownedFiles(plan)) ?? (await findOverwritten(out, ownedFiles(plan), read));
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

async function outFolder(
  { description, folder }: BakeSource,
  options: PlanOptions,
  problems: Problem[],
): Promise<string> {
  if (options.out !== undefined) return resolve(options.out);
  const out = (description.out ?? DEFAULT_OUT).replace(/^\.\//, '').replace(/\/$/, '');
  if (out === '.') return folder;
  const flaw = flawOfPath(out) ?? (await placeInside(folder, out, true).then(() => undefined, withoutOperation));
  if (flaw) problems.push({ path: ['out'], message: `expected a folder below this file's; --out takes any: ${flaw}` });
  return resolve(folder, out);
}

/** All files that the plan writes, with whose they are. */
export function* ownedFiles({ name, pictures, sheets, libraries }: BakePlan): Generator<[string, string]> {
  yield [manifestName(name), 'the manifest'];
  for (const picture of pictures) {
    for (const { path } of picture.files) yield [path, `${picture.look.asset} (${pictureCaption(picture)})`];
  }
  for (const { asset, image, atlas } of sheets) {
    yield [image, `the sheet of ${asset}`];
    yield [atlas, `the sheet of ${asset}`];
  }
  for (const { path } of libraries) yield [path, 'materials'];
}

export interface OpenOptions {
  /** Instead of the bake file's `out`; relative to the working directory. */
  out?: string;
  /** What paths in a description are relative to; default: the working directory. A file's are relative to the file. */
  folder?: string;
  /** The name of the manifest of a description that a script made; a bake file's manifest has the name of the file. */
  name?: string;
  signal?: AbortSignal;
}

/**
 * The plan of a bake file, or of its content.
 *
 * @throws as `planBake`
 */
export async function openPlan(what: string | BakeDescription, options: OpenOptions): Promise<BakePlan> {
  const { folder = '.', name, ...rest } = options;
  const source = typeof what === 'string' ? await readBakeFile(what) : describedBake(what, resolve(folder), name);
  return planBake(source, rest);
}
