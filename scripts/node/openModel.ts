import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ConditionalVae,
  createConditionalVae,
  createModel,
  type DiffusionModel,
  type ModelFiles,
  type ModelSource,
  nearestWord,
  urlSource,
} from '../../runtime/index.ts';
import { diskSource } from './diskSource.ts';
import { packageRoot } from './packageRoot.ts';
import { UsageError } from './usageError.ts';

const INDEX_FILE = 'model_index.json';

/**
 * Where the model that a command names comes from: a shipped model's name, else a folder, else an address.
 *
 * @param shippedFolder holds the models that are part of the package
 * @throws              UsageError naming the nearest shipped model when there is none of that name
 */
export function modelSource(model: string, shippedFolder = shippedModelsFolder()): ModelSource {
  if (/^https?:\/\//i.test(model)) return urlSource(model);
  const shipped = shippedModels(shippedFolder);
  if (shipped.includes(model)) return diskSource(join(shippedFolder, model));
  if (isFolder(model)) return diskSource(model);
  const nearest = nearestWord(shipped, model);
  const guess = nearest === undefined ? '' : `did you mean "${nearest}"? shipped models: ${shipped.join(', ')}; or `;
  throw new UsageError(`model "${model}" does not exist; ${guess}name a model's folder or https address`);
}

/** The names of the models that are part of the package. */
export function shippedModels(folder = shippedModelsFolder()): string[] {
  if (!isFolder(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, INDEX_FILE)));
}

/** Where a shipped model is; undefined when none has this name. */
export function shippedModelFolder(name: string): string | undefined {
  return shippedModels().includes(name) ? join(shippedModelsFolder(), name) : undefined;
}

function shippedModelsFolder(): string {
  return join(packageRoot(), 'assets', 'models');
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** @throws UsageError when the files do not make a model: then the folder is wrong, not Figment */
export function buildModel(files: ModelFiles): DiffusionModel {
  return orUsageError(() => createModel(files));
}

/** @throws UsageError as `buildModel` */
export function buildCvae(files: ModelFiles): ConditionalVae {
  return orUsageError(() => createConditionalVae(files));
}

/** What goes wrong with somebody's files is their mistake. */
export function orUsageError<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
