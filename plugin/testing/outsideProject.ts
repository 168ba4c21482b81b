import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { buildPackages, type PackedPackage, packPackages } from '../../scripts/build/packages.ts';
import { packageRoot } from '../../scripts/node/packageRoot.ts';

const run = promisify(execFile);

/** A project outside this repository that has installed Figment's packages. */
export interface OutsideProject {
  folder: string;
  /** The packages that were packed from this repository and are installed in the project. */
  packed: PackedPackage[];
  /** Writes a file of the project. */
  write(name: string, content: string): void;
  /** Runs a script with Node in the project. @returns what it wrote to stdout; @throws Error with all it wrote */
  node(...words: string[]): Promise<string>;
  /** Runs a command in the project, as `node` does. */
  run(command: string, ...words: string[]): Promise<string>;
  remove(): void;
}

/**
 * Packs the plugin, the command and one model, and unpacks them into a new project as npm would. Other packages, and what
 * ours depend on, are those installed here, so that no network is needed.
 */
export async function createOutsideProject(model: string): Promise<OutsideProject> {
  const folder = mkdtempSync(path.join(tmpdir(), 'figment-outside-'));
  const place = (...names: string[]) => path.join(folder, ...names);
  const packed = packPackages(await buildPackages(place('built'), [model]), place('packed'));
  const installed = path.join(packageRoot(), 'node_modules');
  mkdirSync(place('node_modules'));
  for (const name of readdirSync(installed)) {
    if (!/^(\.|babylon-figment)/.test(name)) symlinkSync(path.join(installed, name), place('node_modules', name));
  }
  for (const { name, filename } of packed) {
    mkdirSync(place('node_modules', name));
    const words = ['xzf', place('packed', filename), '--strip-components=1', '-C', place('node_modules', name)];
    await run('tar', words);
  }
  const runHere = async (command: string, ...words: string[]) =>
    (await run(command, words, { cwd: folder, maxBuffer: 2 ** 26 })).stdout;
  return {
    folder,
    packed,
    write: (name, content) => {
      mkdirSync(path.dirname(place(name)), { recursive: true });
      writeFileSync(place(name), content);
    },
    node: (...words) => runHere(process.execPath, ...words),
    run: (command, ...words) => runHere(path.resolve(folder, command), ...words),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
