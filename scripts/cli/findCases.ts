import { type Dirent, existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../node/usageError.ts';

/** Something that diffusers computed and recorded. */
export interface CasePlace {
  kind: 'network' | 'pipeline' | 'scheduler';
  name: string; // folder or file, without its ending
  folder: string;
}

const TENSORS = 'case.safetensors';

/**
 * All cases at or below a path, in the order of their names.
 *
 * @throws UsageError when there is none
 */
export async function findCases(path: string): Promise<CasePlace[]> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`verify: ${path} does not exist; name a folder or a scheduler's .json`);
  const cases = stats.isDirectory() ? await casesBelow(path) : schedulerCase(path);
  if (cases.length > 0) return cases;
  throw new UsageError(`verify: ${path} holds no case; expected ${TENSORS} or a scheduler's .json and .safetensors`);
}

async function casesBelow(folder: string): Promise<CasePlace[]> {
  if (existsSync(join(folder, TENSORS))) {
    const kind = existsSync(join(folder, 'case.json')) ? 'pipeline' : 'network';
    return [{ kind, name: basename(folder), folder }];
  }
  const entries = (await readdir(folder, { withFileTypes: true })).sort(byName);
  const found: CasePlace[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    found.push(...(entry.isDirectory() ? await casesBelow(path) : schedulerCase(path)));
  }
  return found;
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

/** A .json file with tensors beside it. */
function schedulerCase(path: string): CasePlace[] {
  if (!path.endsWith('.json') || !existsSync(path.replace(/json$/, 'safetensors'))) return [];
  return [{ kind: 'scheduler', name: basename(path, '.json'), folder: dirname(path) }];
}
