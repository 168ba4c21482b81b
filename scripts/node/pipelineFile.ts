import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from './packageRoot.ts';

const PIPELINE_FILE = 'pipeline.py';

/** The files of a model with how Python's diffusers runs it, which comes first: the index stays last. */
export async function withPipeline(files: Record<string, Uint8Array>): Promise<Record<string, Uint8Array>> {
  const bytes = await readFile(join(packageRoot(), 'assets', 'python', PIPELINE_FILE));
  return { [PIPELINE_FILE]: new Uint8Array(bytes), ...files };
}
