import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it that are missing. What Node's `recursive` does, which never ends where a folder is missing
 * and none can be made, as below `/proc`.
 *
 * @returns whether it is new
 * @throws  as `mkdir` does
 */
export async function makeFolder(dir: string): Promise<boolean> {
  try {
    return await makeOne(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(dir) === dir) throw error;
  }
  await makeFolder(dirname(dir));
  return makeOne(dir);
}

async function makeOne(dir: string): Promise<boolean> {
  try {
    await mkdir(dir);
    return true;
  } catch (error) {
    const found = await stat(dir).catch(() => null);
    if (found?.isDirectory()) return false;
    throw error;
  }
}
