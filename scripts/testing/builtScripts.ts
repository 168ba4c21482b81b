// The command and its threads, bundled once a run: from source each process would compile a hundred files first.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { buildScripts } from '../build/packages/cliPackage.ts';
import { packageRoot } from '../node/packageRoot.ts';

/** The variable that names their folder. Threads that are started from source look for it, too. */
const FOLDER = 'FIGMENT_BUILT_SCRIPTS';

/** Runs before the first suite; what it returns runs after the last one. */
export default async function buildForTests(): Promise<() => void> {
  const parent = path.join(packageRoot(), 'out'); // not under version control
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'tests-'));
  await buildScripts(folder);
  process.env[FOLDER] = folder;
  return () => rmSync(folder, { recursive: true });
}

/** The path of `cli`, the command, or of another script that the package has. */
export function builtScript(name: 'cli' | 'bake'): string {
  return path.join(process.env[FOLDER]!, `${name}.js`);
}
