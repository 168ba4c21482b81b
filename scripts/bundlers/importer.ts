import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type BackendName, INDEX_FILE } from '../../runtime/index.ts';
import { type BakedRecipe, RECIPE_KEYWORD } from '../bake/bakePlan.ts';
import { bake } from '../bake/index.ts';
import { describeError } from '../node/describeError.ts';
import { makeFolder } from '../node/makeFolder.ts';
import { readPngText } from '../node/png.ts';
import { type ImportRequest, parseImport } from './importRequest.ts';

export interface FigmentPluginOptions {
  /** Your own models: folders, relative to the project, by the name that imports use. */
  models?: Readonly<Record<string, string>>;
  /** Folder that keeps baked pictures between builds; default: node_modules/.cache/babylon-figment. */
  cacheDir?: string;
  /** How many bake at the same time; default: 1. */
  jobs?: number;
  backend?: BackendName;
}

/** A picture that an import asked for, on disk. */
export interface ImportedPicture {
  file: string; // absolute
  recipe: BakedRecipe;
  widthPx: number;
  heightPx: number;
}

export interface Importer {
  /** @throws Error that names the import and says what is wrong */
  load(specifier: string): Promise<ImportedPicture>;
  /**
   * Files that, when they change, have a picture made again, also one that could not be made: the index of a model of one's own.
   * Absolute.
   */
  watchFiles(specifier: string): string[];
}

const CACHE = join('node_modules', '.cache', 'babylon-figment');
/** Bundlers find imports one after the other; this is how long to wait for more of them before baking. */
const GATHER_MS = 20;

interface Waiting {
  request: ImportRequest;
  done: (error?: unknown) => void;
}

/** Bakes the pictures that a bundler finds imports of; those that it finds at about the same time are baked together. */
export function createImporter(root: string, options: FigmentPluginOptions = {}): Importer {
  const { models = {}, cacheDir = CACHE, jobs = 1, backend } = options;
  const out = resolve(root, cacheDir);
  let waiting: Waiting[] = [];
  let isAtWork = false;

  const bakeThese = async (requests: ImportRequest[]) => {
    const assets = new Map(requests.map(({ asset }) => [asset.name, asset]));
    await makeFolder(out);
    const description = { figment: 1 as const, assets: [...assets.values()] };
    await bake(description, { folder: root, out, jobs, ...(backend ? { backend } : {}) });
  };

  const workOff = async () => {
    if (isAtWork) return;
    isAtWork = true;
    await setTimeout(GATHER_MS);
    while (waiting.length > 0) {
      const these = waiting;
      waiting = [];
      try {
        await bakeThese(these.map(({ request }) => request));
        for (const { done } of these) done();
      } catch {
        // At least one of them is wrong; baked alone, each gets its own error.
        for (const { request, done } of these) await bakeThese([request]).then(() => done(), done);
      }
    }
    isAtWork = false;
  };

  return {
    load: async (specifier) => {
      const request = parseImport(specifier, models);
      await new Promise<void>((resolve, reject) => {
        waiting.push({ request, done: (error) => (error ? reject(named(specifier, error)) : resolve()) });
        void workOff();
      });
      return openPicture(join(out, request.path));
    },
    watchFiles: (specifier) => {
      const { ownModel } = parseImport(specifier, models);
      return ownModel === null ? [] : [resolve(root, ownModel, INDEX_FILE)];
    },
  };
}

function named(specifier: string, error: unknown): Error {
  const message = describeError(error).message.replace(/^bake assets\[0\]\S*: /, '');
  return new Error(`import "${specifier}": ${message}`, { cause: error });
}

async function openPicture(file: string): Promise<ImportedPicture> {
  const bytes = await readFile(file);
  const recipe: BakedRecipe = JSON.parse(readPngText(bytes, file)[RECIPE_KEYWORD]!);
  return { file, recipe, widthPx: bytes.readUInt32BE(16), heightPx: bytes.readUInt32BE(20) };
}

/** The module that a page gets: the picture's address, and the recipe that makes it again. */
export function moduleSource({ recipe, widthPx, heightPx }: ImportedPicture, address: string): string {
  return `import url from ${JSON.stringify(address)};
export const recipe = ${JSON.stringify(recipe)};
export const widthPx = ${widthPx};
export const heightPx = ${heightPx};
export { url };
export default { url, recipe, widthPx, heightPx };
`;
}
