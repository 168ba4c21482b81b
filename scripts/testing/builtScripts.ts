// The command and its threads, bundled once a run: from source each process would compile a hundred files first.
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildScripts } from '../build/packages/cliPackage.ts';
import { madeOnce, openRunFolder } from './runFolder.ts';

/** The variable that names their folder. Threads that are started from source look for it, too. */
const FOLDER = 'FIGMENT_BUILT_SCRIPTS';

/** Runs before the first suite; what it returns runs after the last one. */
export default async function buildForTests(project: TestProject): Promise<() => void> {
  const close = openRunFolder(project);
  const build = async () => {
    process.env[FOLDER] = await madeOnce('scripts', buildScripts);
  };
  await build();
  project.onTestsRerun(build);
  return close;
}

/** The path of `cli`, the command, or of another script that the package has. */
export function builtScript(name: 'cli' | 'bake'): string {
  return path.join(process.env[FOLDER]!, `${name}.js`);
}
