import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from './usageError.ts';

/**
 * Makes a folder if need be, and finds out whether files can be written to it, before the long work whose results
 * belong there.
 *
 * @throws UsageError naming the folder and the reason
 */
export async function makeWritableFolder(dir: string): Promise<void> {
  const probe = join(dir, `.figment-${randomUUID()}.tmp`);
  try {
    await mkdir(dir, { recursive: true });
    await writeFile(probe, '');
    await rm(probe);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new UsageError(`--out ${dir} cannot be written to (${reason}); choose another folder`);
  }
}
