// A folder with the tiny model and a bake file in it, for tests.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type TinyModelOptions, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import type { BakeAsset, BakeDescription } from '../bake/bakeFileSchema.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';

export interface BakeFolder {
  folder: string;
  file: string;
  out: string;
  /** Writes the bake file: these assets, of the tiny model. */
  describe(assets: Partial<BakeAsset>[], more?: Partial<BakeDescription>): Promise<void>;
  writeModel(options?: TinyModelOptions, name?: string): Promise<void>;
  /** All files below the output folder, path → bytes, without manifests. */
  files(): Promise<Map<string, Buffer>>;
  remove(): Promise<void>;
}

export async function createBakeFolder(): Promise<BakeFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'figment-bakefile-'));
  const file = join(folder, 'figment.bake.json');
  const out = join(folder, 'baked');
  const writeModel = async (options: TinyModelOptions = {}, name = 'tiny') =>
    writeFilesAtomic(join(folder, name), await tinyModelFolder(options));
  await writeModel();
  await mkdir(out);
  return {
    folder,
    file,
    out,
    writeModel,
    describe: async (assets, more = {}) => {
      const named = assets.map((asset, i) => ({ name: `asset${i}`, ...asset }));
      const description = { figment: 1, defaults: { model: './tiny' }, ...more, assets: named };
      await writeFile(file, JSON.stringify(description, null, 2));
    },
    files: async () => {
      const entries = await readdir(out, { recursive: true, withFileTypes: true });
      const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
      const names = paths
        .map((path) => relative(out, path).replaceAll('\\', '/'))
        .filter((path) => !/\.manifest\./.test(path));
      const files = names.sort().map(async (name) => [name, await readFile(join(out, name))] as const);
      return new Map(await Promise.all(files));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
