import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClassifierFiles,
  createNoisyClassifier,
  type ModelSource,
  type NoisyClassifier,
  nearestWord,
  urlSource,
} from '../../runtime/index.ts';
import { diskSource } from './diskSource.ts';
import { orUsageError } from './openModel.ts';
import { packageRoot } from './packageRoot.ts';
import { UsageError } from './usageError.ts';

/**
 * Where the classifier that a command names comes from: a shipped one's name, else a folder, else an address.
 *
 * @throws UsageError naming the nearest shipped classifier when there is none of that name
 */
export function classifierSource(name: string): ModelSource {
  if (/^https?:\/\//i.test(name)) return urlSource(name);
  const shipped = shippedClassifierFolder(name);
  if (shipped !== undefined) return diskSource(shipped);
  if (isFolder(name)) return diskSource(name);
  const names = shippedClassifiers();
  const nearest = nearestWord(names, name);
  const guess = nearest === undefined ? '' : `did you mean "${nearest}"? shipped classifiers: ${names.join(', ')}; or `;
  throw new UsageError(`classifier "${name}" does not exist; ${guess}name a classifier's folder or https address`);
}

/** Where a shipped classifier is; undefined when none has this name. */
export function shippedClassifierFolder(name: string): string | undefined {
  return shippedClassifiers().includes(name) ? join(shippedFolder(), name) : undefined;
}

/** @throws UsageError when the files do not make a classifier */
export function buildClassifier(files: ClassifierFiles): NoisyClassifier {
  return orUsageError(() => createNoisyClassifier(files));
}

function shippedClassifiers(): string[] {
  const folder = shippedFolder();
  if (!isFolder(folder)) return [];
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, 'config.json')));
}

const shippedFolder = () => join(packageRoot(), 'assets', 'classifiers');

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
