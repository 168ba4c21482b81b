import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './usageError.ts';

/** What a model folder may have beside, which no page fetches. */
const NEVER_FETCHED = /^unet_teacher\//;

/**
 * The files of a model folder that pages fetch, relative to it: model_index.json, and those of which it has the sha-256.
 *
 * @throws UsageError where the folder has no readable model_index.json, or one that names files outside
 */
export function fetchedFiles(folder: string): string[] {
  const index = join(folder, 'model_index.json');
  if (!existsSync(index)) throw new UsageError(`${folder} has no model_index.json; name the folder of a model`);
  const { figment } = JSON.parse(readFileSync(index, 'utf8'));
  const files = Object.keys(figment?.sha256 ?? {}).filter((file) => !NEVER_FETCHED.test(file));
  const outside = files.find((file) => !file.split('/').every((part) => /^\w[\w.-]*$/.test(part)));
  if (outside !== undefined) throw new UsageError(`${index} names "${outside}"; expected files inside its folder`);
  return ['model_index.json', ...files];
}
