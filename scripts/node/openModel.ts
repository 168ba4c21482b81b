// Models and classifiers by the names that commands take: a shipped or installed one, a folder, or an address.
import { shortened } from '../../runtime/core/errors.ts';
import { nearWord } from '../../runtime/core/nearestWord.ts';
import { PACKAGED_MODELS } from '../../runtime/core/packagedModels.ts';
import {
  type ClassifierFiles,
  type ConditionalVae,
  createConditionalVae,
  createModel,
  createNoisyClassifier,
  createTeacher,
  type DiffusionModel,
  loadModelFolder,
  type ModelFiles,
  type ModelSource,
  type NoisyClassifier,
  urlSource,
} from '../../runtime/index.ts';
import { diskSource } from './diskSource.ts';
import { isFolder, type Kind, PACKAGE_PREFIX, shippedFolders } from './shippedFolders.ts';
import { orUsageError, UsageError } from './usageError.ts';

/**
 * Where the model that a command names comes from: a shipped or installed model's name, else a folder, else an address.
 *
 * @param shippedFolder holds the models that need no package
 * @throws              UsageError naming the nearest model when there is none of that name
 */
export function modelSource(model: string, shippedFolder?: string): ModelSource {
  return sourceOf(model, 'models', shippedFolder);
}

/** Where the classifier that a command names comes from, as `modelSource`. */
export function classifierSource(classifier: string): ModelSource {
  return sourceOf(classifier, 'classifiers');
}

/** The names of the models that are part of this repository, or installed as packages. */
export function shippedModels(): string[] {
  return [...shippedFolders('models').keys()];
}

/** Where a shipped or installed model is, of a project's packages the first; undefined when none has this name. */
export function shippedModelFolder(name: string, project?: string): string | undefined {
  return shippedFolders('models', undefined, project).get(name);
}

/** The folder of a shipped or installed model of this name; where there is none, the name is taken for a folder itself. */
export function modelFolder(name: string): string {
  return shippedModelFolder(name) ?? name;
}

/** Where a shipped classifier is; undefined when none has this name. */
export function shippedClassifierFolder(name: string): string | undefined {
  return shippedFolders('classifiers').get(name);
}

/** The teacher of a distilled model, to be disposed before the model; null where the model has none. */
export async function openTeacher(model: DiffusionModel, source: ModelSource): Promise<DiffusionModel | null> {
  if (!model.index.figment.student) return null;
  return createTeacher(model, await loadModelFolder(source, { parts: ['teacher'] }));
}

function sourceOf(name: string, kind: Kind, ownFolder?: string): ModelSource {
  if (/^https?:\/\//i.test(name)) return urlSource(name);
  const folders = shippedFolders(kind, ownFolder);
  const folder = folders.get(name) ?? (isFolder(name) ? name : undefined);
  if (folder !== undefined) return diskSource(folder);
  throw new UsageError(missing(name, kind, [...folders.keys()]));
}

/** What to say where there is no model or classifier of that name. */
export function missing(name: string, kind: Kind, names: readonly string[]): string {
  const one = kind.slice(0, -1);
  const lacking = kind === 'models' ? PACKAGED_MODELS.filter((packaged) => !names.includes(packaged)) : [];
  const near = nearWord([...names, ...lacking], name);
  const guess = near === undefined || near === name ? '' : `did you mean "${near}"? `;
  const shipped = names.length === 0 ? '' : `shipped ${kind}: ${names.join(', ')}; or `;
  const install = near !== undefined && lacking.includes(near) ? `npm install ${PACKAGE_PREFIX}${near}, or ` : '';
  const advice = `${guess}${shipped}${install}name a ${one}'s folder or https address`;
  return `${one} "${shortened(name, 200)}" does not exist; ${advice}`;
}

/** @throws UsageError when the files do not make a classifier */
export function buildClassifier(files: ClassifierFiles): NoisyClassifier {
  return orUsageError(() => createNoisyClassifier(files));
}

/** @throws UsageError when the files do not make a model: then the folder is wrong, not Figment */
export function buildModel(files: ModelFiles): DiffusionModel {
  return orUsageError(() => createModel(files));
}

/** @throws UsageError as `buildModel` */
export function buildCvae(files: ModelFiles): ConditionalVae {
  return orUsageError(() => createConditionalVae(files));
}
