import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import type { ModelIndex } from '../../runtime/index.ts';

/**
 * The files of a model that a training writes over an earlier one of its own, with what was given to the folder since: a palette,
 * a probe, grain, regions and a conditional VAE, which stays as it lies there. None of them depends on the network that is trained, but
 * for what the auto-encoder loses: see `forNewDecoder`.
 *
 * @param folder where the training writes, and where it has written before
 */
export async function withAddedParts(
  folder: string,
  files: Record<string, Uint8Array>,
): Promise<Record<string, Uint8Array>> {
  const before = await readIndex(join(folder, INDEX_FILE));
  const written = files[INDEX_FILE];
  if (!before?.figment || !written) return files;
  const { palette, probe, grain, regions, sha256 = {} } = before.figment;
  const { figment, ...entries } = JSON.parse(new TextDecoder().decode(written)) as ModelIndex;
  const cvae = Object.fromEntries(Object.entries(sha256).filter(([path]) => path.startsWith('cvae/')));
  const others = Object.entries(files).filter(([path]) => !Object.hasOwn(cvae, path));
  const all = {
    ...figment,
    ...(palette && { palette }),
    ...(probe && { probe }),
    ...(grain && { grain }),
    ...(regions && { regions }),
    sha256: { ...figment.sha256, ...cvae },
  };
  return { ...Object.fromEntries(others), [INDEX_FILE]: encodeJson({ ...entries, figment: all }) };
}

/** The index of a model as it lies there; null where there is none, or one that is no JSON. */
async function readIndex(file: string): Promise<Partial<ModelIndex> | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}
