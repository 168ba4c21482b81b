import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import { UsageError } from './usageError.ts';

/**
 * The files of a model folder that pages fetch, relative to it: model_index.json, and those of which it has the sha-256;
 * where it has none, the configs and weights that lie in folders, or beside it.
 *
 * @throws UsageError where the folder has no readable model_index.json, or one that names files outside; where it has no weights
 */
export function fetchedFiles(folder: string): string[] {
  const index = join(folder, INDEX_FILE);
  if (!existsSync(index)) throw new UsageError(`${folder} has no model_index.json; name the folder of a model`);
  const files = hashedFiles(index) ?? [...filesInParts(folder), ...filesAtTop(folder)];
  const outside = files.find((file) => !file.split('/').every((part) => /^\w[\w.-]*$/.test(part)));
  if (outside !== undefined) throw new UsageError(`${index} names "${outside}"; expected files inside its folder`);
  const foreign = files.find((file) => !OF_MODEL.test(file)); // a page of a stranger would be one of the game's own site
  if (foreign !== undefined) throw new UsageError(`${index} names "${foreign}"; expected configs and weights alone`);
  if (files.some((file) => file.endsWith('.safetensors'))) return [INDEX_FILE, ...files];
  throw new UsageError(
    `${folder} has no weights that a page could load; fetch the whole model, or save it again in Python: save_pretrained(folder, safe_serialization=True)`,
  );
}

/** The list of a model's authors, where it has one: licences of its training data ask every copy of the model to name them. */
export const CREDITS_FILE = 'credits.csv';

/** What a copy of a model consists of: what pages fetch, and its credits. @throws UsageError as `fetchedFiles` */
export function copiedFiles(folder: string): string[] {
  const files = fetchedFiles(folder);
  return existsSync(join(folder, CREDITS_FILE)) ? [...files, CREDITS_FILE] : files;
}

/** A config, or weights. */
const OF_MODEL = /\.(json|safetensors)$/;

function hashedFiles(index: string): string[] | null {
  try {
    const { sha256 } = JSON.parse(readFileSync(index, 'utf8')).figment ?? {};
    return sha256 ? Object.keys(sha256) : null;
  } catch (error) {
    throw new UsageError(`${index} cannot be read; fetch or save the model again`, { cause: error });
  }
}

function filesInParts(folder: string): string[] {
  const parts = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isDirectory() && /^\w[\w.-]*$/.test(entry.name),
  );
  return parts.flatMap(({ name }) => {
    const files = readdirSync(join(folder, name)).filter((file) => OF_MODEL.test(file));
    return files.map((file) => `${name}/${file}`);
  });
}

/** Pipelines of a U-Net and a scheduler alone may have their files in no folder: these are called as they are in folders. */
function filesAtTop(folder: string): string[] {
  return readdirSync(folder).filter((file) =>
    /^((scheduler_)?config\.json|diffusion_pytorch_model\b.*\.(json|safetensors))$/.test(file),
  );
}
