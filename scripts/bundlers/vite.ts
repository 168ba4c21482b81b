// `babylon-figment/vite`
import { createImporter, type FigmentPluginOptions, type Importer, moduleSource } from './importer.ts';

export type { FigmentPluginOptions } from './importer.ts';

/** The part of Vite's `Plugin` that is used here. */
export interface FigmentVitePlugin {
  name: 'figment';
  enforce: 'pre';
  configResolved(config: { root: string }): void;
  resolveId(id: string): string | undefined;
  load(id: string): Promise<string | undefined>;
}

/** Vite and Rollup leave ids that begin with this character to the plugin that made them. */
const MARK = '\0';

/**
 * Bakes pictures for imports such as
 *
 *   import elf from 'figment:portraits/elf?seed=7&enlarge=8'; // { url, recipe, widthPx, heightPx }
 *
 *   export default defineConfig({ plugins: [figmentVite()] });
 *
 * They are Vite's assets like any other: hashed, and small ones part of the script unless `assetsInlineLimit` is 0. What was
 * baked stays in a cache, so that only new recipes take time.
 */
export function figmentVite(options: FigmentPluginOptions = {}): FigmentVitePlugin {
  let importer: Importer;
  return {
    name: 'figment',
    enforce: 'pre',
    configResolved({ root }) {
      importer = createImporter(root, options);
    },
    resolveId: (id) => (id.startsWith('figment:') ? MARK + id : undefined),
    async load(id) {
      if (!id.startsWith(`${MARK}figment:`)) return undefined;
      const picture = await importer.load(id.slice(MARK.length));
      return moduleSource(picture, `${picture.file.replaceAll('\\', '/')}?url`);
    },
  };
}
