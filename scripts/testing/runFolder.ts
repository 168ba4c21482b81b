// A folder that all processes of a run of the tests share: what takes long to make is made there once.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { packageRoot } from '../node/packageRoot.ts';

/** The variable that names it. */
const FOLDER = 'FIGMENT_TEST_RUN';

/** The part of it that `madeOnce` fills. */
const onceFolder = () => path.join(process.env[FOLDER]!, 'once');

/**
 * Makes the folder, within the repository so that packages are found from there; git ignores it.
 *
 * @returns removes it; where another project has made it, does nothing
 */
export function openRunFolder(project: TestProject): () => void {
  if (process.env[FOLDER]) return () => {};
  const parent = path.join(packageRoot(), 'out');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'tests-'));
  process.env[FOLDER] = folder;
  mkdirSync(onceFolder());
  project.onTestsRerun(() => {
    rmSync(onceFolder(), { recursive: true }); // it was made of sources that have changed
    mkdirSync(onceFolder());
  });
  return () => {
    delete process.env[FOLDER];
    rmSync(folder, { recursive: true });
  };
}

/** Whether there is such a folder: not in a benchmark that takes what tests have. */
export const isInRun = () => process.env[FOLDER] !== undefined;

/**
 * The folder of this name, which `make` fills: in the process that asks for it first, while others wait.
 *
 * @throws Error what `make` throws, in each process
 */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = path.join(onceFolder(), name);
  const [started, unfinished, failed] = ['started', 'unfinished', 'failed'].map((state) => `${folder}.${state}`) as [
    string,
    string,
    string,
  ];
  try {
    mkdirSync(started);
  } catch {
    while (!existsSync(folder)) {
      if (existsSync(failed)) throw new Error(readFileSync(failed, 'utf8'));
      await pause(50);
    }
    return folder;
  }
  try {
    mkdirSync(unfinished);
    await make(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    writeFileSync(failed, String(error));
    throw error;
  }
  return folder;
}
