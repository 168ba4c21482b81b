// Models and classifiers by the names that commands take: one shipped with the package, a folder, or an address.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { shortened } from '../../runtime/core/errors.ts';
import {
  type ClassifierFiles,
  type ConditionalVae,
  createConditionalVae,
  createModel,
  createNoisyClassifier,
  type DiffusionModel,
  type ModelFiles,
  type ModelSource,
  type NoisyClassifier,
  nearestWord,
  urlSource,
} from '../../runtime/index.ts';
import { diskSource } from './diskSource.ts';
import { packageRoot } from './packageRoot.ts';
import { UsageError } from './usageError.ts';

/** What is shipped of one kind: folders below `assets/`, each with this file in it. */
interface Shipped {
  kind: string;
  folder: string;
  indexFile: string;
}

const assets = (name: string) => join(packageRoot(), 'assets', name);
const MODELS: Shipped = { kind: 'model', folder: assets('models'), indexFile: 'model_index.json' };
const CLASSIFIERS: Shipped = { kind: 'classifier', folder: assets('classifiers'), indexFile: 'config.json' };

/**
 * Where the model that a command names comes from: a shipped model's name, else a folder, else an address.
 *
 * @param shippedFolder holds the models that are part of the package
 * @throws              UsageError naming the nearest shipped model when there is none of that name
 */
export function modelSource(model: string, shippedFolder = MODELS.folder): ModelSource {
  return sourceOf(model, { ...MODELS, folder: shippedFolder });
}

/** Where the classifier that a command names comes from, as `modelSource`. */
export function classifierSource(classifier: string): ModelSource {
  return sourceOf(classifier, CLASSIFIERS);
}

/** The names of the models that are part of the package. */
export function shippedModels(): string[] {
  return namesOf(MODELS);
}

/** Where a shipped model is; undefined when none has this name. */
export function shippedModelFolder(name: string): string | undefined {
  return shippedModels().includes(name) ? join(MODELS.folder, name) : undefined;
}

/** Where a shipped classifier is; undefined when none has this name. */
export function shippedClassifierFolder(name: string): string | undefined {
  return namesOf(CLASSIFIERS).includes(name) ? join(CLASSIFIERS.folder, name) : undefined;
}

function sourceOf(name: string, shipped: Shipped): ModelSource {
  if (/^https?:\/\//i.test(name)) return urlSource(name);
  const { kind, folder } = shipped;
  const names = namesOf(shipped);
  if (names.includes(name)) return diskSource(join(folder, name));
  if (isFolder(name)) return diskSource(name);
  const nearest = nearestWord(names, name);
  const guess = nearest === undefined ? '' : `did you mean "${nearest}"? shipped ${kind}s: ${names.join(', ')}; or `;
  throw new UsageError(
    `${kind} "${shortened(name, 200)}" does not exist; ${guess}name a ${kind}'s folder or https address`,
  );
}

function namesOf({ folder, indexFile }: Shipped): string[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, indexFile)));
}

/** Names that no file can have, such as one that is too long, are none. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
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

/** Runs a function whose errors are about somebody's files, and reports them as mistakes of theirs. */
export function orUsageError<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
