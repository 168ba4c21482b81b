import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildPackage } from '../../scripts/build/buildPackage.ts';
import { packageRoot } from '../../scripts/node/packageRoot.ts';

const run = promisify(execFile);

/** A project outside this repository that has installed Figment. */
export interface OutsideProject {
  folder: string;
  /** Runs a script with Node in the project. @returns what it wrote to stdout; @throws Error with all it wrote */
  node(...words: string[]): Promise<string>;
  remove(): void;
}

/** Builds the package into a new project, as npm would unpack it; its dependencies are those installed here. */
export async function createOutsideProject(): Promise<OutsideProject> {
  const folder = mkdtempSync(path.join(tmpdir(), 'figment-outside-'));
  const installed = path.join(packageRoot(), 'node_modules');
  const own = path.join(folder, 'node_modules/babylon-figment');
  mkdirSync(own, { recursive: true });
  for (const name of readdirSync(installed)) {
    if (!name.startsWith('.')) symlinkSync(path.join(installed, name), path.join(folder, 'node_modules', name));
  }
  copyFileSync(path.join(packageRoot(), 'package.json'), path.join(own, 'package.json'));
  symlinkSync(path.join(packageRoot(), 'assets'), path.join(own, 'assets'));
  await buildPackage(path.join(own, 'dist'));
  return {
    folder,
    node: async (...words) => (await run(process.execPath, words, { cwd: folder })).stdout,
    remove: () => rmSync(folder, { recursive: true }),
  };
}
