import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadClassifierFolder } from '../../runtime/index.ts';
import { classifierSource, shippedClassifierFolder } from '../node/openModel.ts';
import { orProblem } from './openModels.ts';

/** What a plan has to know of a classifier. */
export interface BakeClassifier {
  /** What `classifierSource` takes, from wherever it is called. */
  place: string;
  /** Where it is on disk; null for an address. */
  folder: string | null;
  name: string;
  labels: string[];
  hash: string;
}

/**
 * Reads the classifiers that a bake names.
 *
 * @param names  of shipped ones, folders relative to `folder`, addresses
 * @returns      by name: the classifier, or what is wrong with it
 * @throws       the signal's reason when aborted
 */
export async function openClassifiers(
  names: Iterable<string>,
  folder: string,
  signal?: AbortSignal,
): Promise<Map<string, BakeClassifier | string>> {
  const opened = new Map<string, BakeClassifier | string>();
  for (const name of new Set(names)) {
    opened.set(name, await orProblem(() => openClassifier(name, folder, signal), signal));
  }
  return opened;
}

async function openClassifier(name: string, folder: string, signal?: AbortSignal): Promise<BakeClassifier> {
  const onDisk = placeOf(name, folder);
  const place = onDisk ?? name;
  const { index, hash } = await loadClassifierFolder(classifierSource(place), { signal });
  return { place, folder: onDisk, name: index.figment.name, labels: index.labels, hash };
}

/** A shipped one goes before a folder of its name; null where `classifierSource` has to say what is wrong. */
function placeOf(name: string, folder: string): string | null {
  if (/^https?:\/\//i.test(name)) return null;
  const place = shippedClassifierFolder(name) ?? resolve(folder, name);
  return existsSync(place) && statSync(place).isDirectory() ? place : null;
}
