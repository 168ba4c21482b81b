import { resolve } from 'node:path';
import type { BakeDescription } from './bakeFileSchema.ts';
import type { BakePlan } from './bakePlan.ts';
import { planBake } from './planBake.ts';
import { describedBake, readBakeFile } from './readBakeFile.ts';

export interface OpenOptions {
  /** Instead of the bake file's `out`; relative to the working directory. */
  out?: string;
  /** What paths in a description are relative to; default: the working directory. A file's are relative to the file. */
  folder?: string;
  signal?: AbortSignal;
}

/** The plan of a bake file, or of its content. */
export async function openPlan(what: string | BakeDescription, options: OpenOptions): Promise<BakePlan> {
  const { folder = '.', ...rest } = options;
  const source = typeof what === 'string' ? await readBakeFile(what) : describedBake(what, resolve(folder));
  return planBake(source, rest);
}
