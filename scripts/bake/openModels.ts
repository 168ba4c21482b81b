import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type ClassifierIndex,
  loadClassifierFolder,
  loadModelFolder,
  MissingFileError,
  type ModelIndex,
  modelNotes,
  parseSchedulerConfig,
  type SchedulerConfig,
} from '../../runtime/index.ts';
import { describeError } from '../node/describeError.ts';
import { classifierSource, modelSource, shippedClassifierFolder, shippedModelFolder } from '../node/openModel.ts';
import { orUsageError } from '../node/usageError.ts';

/** What a plan has to know of a model; its weights are read later, where they are used. */
export interface BakeModel {
  /** What `modelSource` takes, from wherever it is called. */
  model: string;
  index: ModelIndex;
  scheduler: SchedulerConfig;
  hash: string;
  /** What its owner should know, a sentence each. */
  notes: string[];
  /** Its VAE that makes pictures in one step, or why there is none; undefined when nobody asked. */
  cvae?: { hash: string } | string;
}

/**
 * Reads the models that a bake names, one after the other.
 *
 * @param names      of shipped models, folders relative to `folder`, addresses
 * @param cvaesOf   those of whose VAEs a plan has to know
 * @returns          by name: the model, or what is wrong with it
 * @throws           the signal's reason when aborted
 */
export async function openModels(
  names: Iterable<string>,
  folder: string,
  cvaesOf: ReadonlySet<string> = new Set(),
  signal?: AbortSignal,
): Promise<Map<string, BakeModel | string>> {
  const models = new Map<string, BakeModel | string>();
  for (const name of names) {
    if (models.has(name)) continue;
    const opened = await orProblem(() => openModel(name, folder, signal), signal);
    if (typeof opened === 'object' && cvaesOf.has(name)) {
      opened.cvae = await orProblem(() => openCvae(opened.model, signal), signal, problemOfCvae);
    }
    models.set(name, opened);
  }
  return models;
}

async function openModel(name: string, folder: string, signal?: AbortSignal): Promise<BakeModel> {
  const model = placeOfModel(name, folder) ?? name;
  const files = await loadModelFolder(modelSource(model), { acceptChanged: true, ...(signal ? { signal } : {}) });
  const { index, schedulerConfig, hash } = files;
  const notes = orUsageError(() => modelNotes(files));
  const scheduler = parseSchedulerConfig(schedulerConfig, `${index.figment.name}/scheduler/scheduler_config.json`);
  return { model, index, scheduler, hash, notes };
}

async function openCvae(model: string, signal?: AbortSignal): Promise<{ hash: string }> {
  const { hash } = await loadModelFolder(modelSource(model), {
    parts: ['cvae'],
    acceptChanged: true,
    ...(signal ? { signal } : {}),
  });
  return { hash };
}

/** What is missing says what it is for, and how to come by it; where something else is wrong, the file matters. */
function problemOfCvae(error: unknown, message: string): string {
  return error instanceof MissingFileError ? error.problem : message.replace(/^\w+: /, '');
}

/** What is wrong with somebody's files, in words, where that is not Figment's fault. */
async function orProblem<T>(
  open: () => Promise<T>,
  signal?: AbortSignal,
  wording?: (error: unknown, message: string) => string,
): Promise<T | string> {
  try {
    return await open();
  } catch (error) {
    signal?.throwIfAborted();
    const { exitCode, message } = describeError(error);
    if (exitCode === 1) throw error;
    return wording ? wording(error, message) : message;
  }
}

/** A shipped model goes before a folder of its name; null where `modelSource` has to say what is wrong. */
function placeOfModel(name: string, folder: string): string | null {
  if (/^https?:\/\//i.test(name)) return null;
  const shipped = shippedModelFolder(name, folder);
  if (shipped !== undefined) return shipped;
  const place = resolve(folder, name);
  return existsSync(place) && statSync(place).isDirectory() ? place : null;
}

/** What a plan has to know of a classifier. */
export interface BakeClassifier {
  /** What `classifierSource` takes, from wherever it is called. */
  place: string;
  name: string;
  labels: string[];
  hash: string;
  /** The model whose latents it reads. */
  guides: ClassifierIndex['figment']['model'];
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
  const place = placeOf(name, folder) ?? name;
  const { index, hash } = await loadClassifierFolder(classifierSource(place), { signal });
  const { name: ownName, model } = index.figment;
  return { place, name: ownName, labels: index.labels, hash, guides: model };
}

/** A shipped one goes before a folder of its name; null where `classifierSource` has to say what is wrong. */
function placeOf(name: string, folder: string): string | null {
  if (/^https?:\/\//i.test(name)) return null;
  const place = shippedClassifierFolder(name) ?? resolve(folder, name);
  return existsSync(place) && statSync(place).isDirectory() ? place : null;
}
