// `babylon-figment-cli/esbuild`
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';
import { createImporter, type FigmentPluginOptions, moduleSource } from './importer.ts';

export type { FigmentPluginOptions } from './importer.ts';

const MODULE = 'figment';
const PICTURE = 'figment-picture';

/**
 * Bakes pictures at build time for imports such as
 *
 *   import elf from 'figment:portraits/elf?seed=7&enlarge=8'; // { url, recipe, widthPx, heightPx }
 *
 *   await esbuild.build({ entryPoints: ['main.ts'], bundle: true, outdir: 'dist', plugins: [figmentEsbuild()] });
 *
 * Each becomes a file in the output folder. What was baked stays in a cache, so that only new recipes take time.
 */
export function figmentEsbuild(options: FigmentPluginOptions = {}): Plugin {
  return {
    name: 'figment',
    setup(build) {
      const importer = createImporter(build.initialOptions.absWorkingDir ?? process.cwd(), options);
      build.onResolve({ filter: /^figment:/ }, ({ path }) => ({ path, namespace: MODULE }));
      build.onLoad({ filter: /./, namespace: MODULE }, async ({ path }) => {
        let watchFiles: string[] = [];
        try {
          watchFiles = importer.watchFiles(path);
          const picture = await importer.load(path);
          const { file } = picture;
          return { contents: moduleSource(picture, file), loader: 'js', resolveDir: dirname(file), watchFiles };
        } catch (error) {
          return { errors: [{ text: error instanceof Error ? error.message : String(error) }], watchFiles };
        }
      });
      build.onResolve({ filter: /./, namespace: MODULE }, ({ path }) => ({ path, namespace: PICTURE }));
      build.onLoad({ filter: /./, namespace: PICTURE }, async ({ path }) => ({
        contents: await readFile(path),
        loader: 'file',
      }));
    },
  };
}
