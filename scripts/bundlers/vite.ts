// `babylon-figment-cli/vite`
import { resolve } from 'node:path';
import sirv from 'sirv';
import { diskSource } from '../node/diskSource.ts';
import { copiedFiles } from '../node/fetchedFiles.ts';
import { missing } from '../node/openModel.ts';
import { PACKAGE_PREFIX, shippedFolders } from '../node/shippedFolders.ts';
import { UsageError } from '../node/usageError.ts';
import { createImporter, type FigmentPluginOptions, type Importer, moduleSource } from './importer.ts';

export type { FigmentPluginOptions } from './importer.ts';

export interface FigmentViteOptions extends FigmentPluginOptions {
  /** Models that pages load from `models/NAME/`: they are served in development, and part of what is built. */
  pageModels?: readonly string[];
}

/** The part of Vite's `Plugin` that is used here. */
export interface FigmentVitePlugin {
  name: 'figment';
  enforce: 'pre';
  config(config: { root?: string }): { optimizeDeps: { exclude: string[] } };
  configResolved(config: { root: string; base: string }): void;
  configureServer(server: { middlewares: { use(route: string, handler: ReturnType<typeof sirv>): void } }): void;
  resolveId(id: string): string | undefined;
  load(this: { addWatchFile(file: string): void }, id: string): Promise<string | undefined>;
  generateBundle(this: {
    emitFile(file: { type: 'asset'; fileName: string; source: Uint8Array }): void;
  }): Promise<void>;
}

/** Vite and Rollup leave ids that begin with this character to the plugin that made them. */
const MARK = '\0';

/**
 * Bakes pictures for imports such as
 *
 *   import elf from 'figment:portraits/elf?seed=7&enlarge=8'; // { url, recipe, widthPx, heightPx }
 *
 *   export default defineConfig({ plugins: [figmentVite({ pageModels: ['portraits'] })] });
 *
 * They are Vite's assets like any other: hashed, and small ones part of the script unless `assetsInlineLimit` is 0. What was
 * baked stays in a cache, so that only new recipes take time. The files of installed models, and the worker of the plugin, are
 * found in development, too.
 *
 * @throws UsageError for a model among `pageModels` that there is not
 */
export function figmentVite(options: FigmentViteOptions = {}): FigmentVitePlugin {
  const { pageModels = [], ...baking } = options;
  let importer: Importer;
  let root = process.cwd();
  let base = '/';
  const folders = () => pageModels.map((name) => [name, folderOf(name, root, baking)] as const);
  return {
    name: 'figment',
    enforce: 'pre',
    // Vite would move these modules away from the files beside them, whose addresses they have.
    config: ({ root }) => ({ optimizeDeps: { exclude: packagesWithFiles(root) } }),
    configResolved(config) {
      ({ root, base } = config);
      importer = createImporter(root, baking);
    },
    configureServer({ middlewares }) {
      // Vite takes the base off addresses only after the middlewares of plugins.
      for (const [name, folder] of folders()) {
        // Addresses come as the browser has encoded them.
        middlewares.use(`${base}models/${encodeURI(name)}`, sirv(folder, { dev: true }));
      }
    },
    resolveId: (id) => (id.startsWith('figment:') ? MARK + id : undefined),
    async load(id) {
      if (!id.startsWith(`${MARK}figment:`)) return undefined;
      const specifier = id.slice(MARK.length);
      for (const file of importer.watchFiles(specifier)) this.addWatchFile(file); // also of one that fails, so that it is tried again
      const picture = await importer.load(specifier);
      return moduleSource(picture, `${picture.file.replaceAll('\\', '/')}?url`);
    },
    async generateBundle() {
      for (const [name, folder] of folders()) {
        const { read } = diskSource(folder);
        for (const file of copiedFiles(folder)) {
          const source = await read(file);
          this.emitFile({ type: 'asset', fileName: `models/${name}/${file}`, source });
        }
      }
    },
  };
}

function packagesWithFiles(root?: string): string[] {
  const models = shippedFolders('models', undefined, root).keys();
  return ['babylon-figment', ...Array.from(models, (name) => PACKAGE_PREFIX + name)];
}

function folderOf(name: string, root: string, { models = {} }: FigmentPluginOptions): string {
  const shipped = shippedFolders('models', undefined, root);
  const folder = Object.hasOwn(models, name) ? resolve(root, models[name]!) : shipped.get(name);
  if (folder === undefined) throw new UsageError(`figmentVite: ${missing(name, 'models', [...shipped.keys()])}`);
  return folder;
}
