// How esbuild makes Figment's files for browsers: for the packages, for the demo, for the sizes that are told, and for tests in real browsers.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { BuildOptions, Loader, Plugin } from 'esbuild';
import { packageRoot } from '../node/packageRoot.ts';

/** The tfjs file that the worker loads; the package's other files are for engines without SIMD and for threads. */
export const WASM_FILE = 'tfjs-backend-wasm-simd.wasm';

/** Its path in node_modules. */
export const wasmPath = createRequire(import.meta.url).resolve(`@tensorflow/tfjs-backend-wasm/dist/${WASM_FILE}`);

export const BROWSER_BUILD = {
  absWorkingDir: packageRoot(),
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // For scripts of Node that emscripten's code looks out for; bundlers would take their place.
  define: { __filename: 'undefined', __dirname: 'undefined' },
  plugins: [leanTensorFlow(), withoutStringHashes(), leanWebgpu(), withoutEntryTexts(), modulesOfNode()],
} satisfies BuildOptions;

/** The file beside those of a package that says whose they are, in the place of comments in each of them. */
export const LICENCES_FILE = 'THIRD-PARTY-LICENCES.txt';

/** How files of a package are written. */
export const PACKAGED = { minify: true, metafile: true, legalComments: 'none' } satisfies BuildOptions;

/** Begins files that a page may have without the rest of the package. */
const NOTICE = `/*! See ${LICENCES_FILE} of babylon-figment */`;

/** Code that `babylon-figment` and `babylon-figment/runtime` share lies in common chunks. The page brings its own Babylon. */
export const LIBRARY_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: { plugin: 'plugin/index.ts', runtime: 'runtime/index.ts' },
  splitting: true,
  external: ['@babylonjs/core'],
  plugins: [...BROWSER_BUILD.plugins, directImports(packageRoot())],
} satisfies BuildOptions;

/**
 * One script for pages that load Babylon.js as a script, too, such as its Playground: it takes the global BABYLON and makes
 * the global FIGMENT. The backends that compute on the page's own thread are left out, and steering by classifiers on the GPU;
 * workers have all.
 */
export const GLOBAL_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: { 'babylon.figment': 'plugin/index.ts' },
  splitting: false,
  format: 'iife',
  globalName: 'FIGMENT',
  banner: {
    js: `${NOTICE}\nvar FIGMENT_SCRIPT = document.currentScript ? document.currentScript.src : location.href;`,
  },
  define: { ...BROWSER_BUILD.define, 'import.meta.url': 'FIGMENT_SCRIPT' },
  plugins: [
    ...BROWSER_BUILD.plugins,
    globalBabylon(packageRoot()),
    withoutThreadBackends(),
    directImports(packageRoot()),
  ],
} satisfies BuildOptions;

/** The pane of Babylon's Inspector. It takes from the page what must be there once: the plugin, the Inspector, and its React. */
export const INSPECTOR_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: { inspector: 'plugin/inspector/index.ts' },
  splitting: false,
  external: ['@babylonjs/core', '@babylonjs/inspector', 'react'],
  plugins: [packagedPlugin()],
} satisfies BuildOptions;

/** One file without imports, as bundlers want a worker that they copy. */
export const WORKER_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: { worker: 'plugin/painting/worker.ts' },
  splitting: false,
  banner: { js: NOTICE },
} satisfies BuildOptions;

/** Where tfjs imports and registers the stores of models that a browser has. */
const MODEL_STORES =
  /^import .* from '\.\.\/io\/.*$|^ *try \{\s*ModelStoreManagerRegistry\.[^{}]*\}\s*catch \(err\) \{\s*\}/gm;

/** What the kernels of einsum, ragged and sparse tensors, and of lists of places in a tensor, compute their shapes by. */
const UNCALLED_UTILITIES =
  /tfjs-core[\\/]dist[\\/](backends[\\/]einsum|ops[\\/](ragged_to_dense|gather_nd|scatter_nd|sparse[\\/]sparse_\w+))_util\.js$/;

/**
 * Kernels that Figment never calls, neither to generate nor to train: of images, of pooling, of convolutions that are depthwise,
 * dilated or in three dimensions, of lists of places, of slices with steps, of sorting, of Fourier transforms, and of strings, ragged
 * and sparse tensors.
 */
const UNCALLED_KERNEL =
  /^(AvgPool|MaxPool|Conv3D|Depthwise|FusedDepthwise|Dilation|LRN|CropAndResize|Resize|Rotate|Flip|Transform|Draw|NonMax|Scatter|GatherNd|TensorScatter|TopK|SearchSorted|Unique|Bincount|DenseBincount|Einsum|FFT|IFFT|Multinomial|Ragged|Sparse|String|StaticRegex|BatchToSpace|SpaceToBatch|StridedSlice)/;

/** A list of all kernels of one of tfjs's backends without those that Figment never calls. */
export function withoutUncalledKernels(source: string): string {
  const configs = Array.from(source.matchAll(/^import \{ (\w+) \} from '\.\/kernels\/(\w+)';$/gm));
  const uncalled = configs.filter(([, , kernel]) => UNCALLED_KERNEL.test(kernel!)).map(([, config]) => config);
  return source.replaceAll(new RegExp(`^(import \\{ )?\\s*(${uncalled.join('|')})\\b.*\n`, 'gm'), '');
}

/** What tfjs computes slices by, without what those need that take each second value, or every third: Figment takes none. */
export function withoutSteps(source: string): string {
  const called = ['assertParamsValid', 'isSliceContinous', 'computeFlatOffset', 'parseSliceParams'];
  return source.replaceAll(/^(?:export )?function (\w+)\(.*?^\}\n/gms, (text, name) =>
    called.includes(name) ? text : '',
  );
}

/**
 * The environment of tfjs without what reads flags from the address of the page: a game's address is the game's own, and one with a
 * stray % in it would end the page.
 */
export function withoutUrlFlags(source: string): string {
  return source
    .replace(/^ {4}populateURLFlags\(\) \{.*?^ {4}\}\n/ms, '')
    .replaceAll(/^ *(this\.getQueryParams = getQueryParams|this\.populateURLFlags\(\));\n/gm, '');
}

/**
 * Lets a bundle leave out what Figment never calls of TensorFlow.js but TensorFlow.js brings along when it is imported: its
 * optimizers, its flags in the page's address, its ways to load and save models, sums by Einstein's convention, tensors that are ragged or sparse, lists of
 * places in a tensor, and the wasm module for threads. Where a server imports a bundle for
 * browsers, it finds there what a browser has.
 */
function leanTensorFlow(): Plugin {
  return {
    name: 'lean TensorFlow.js',
    setup(build) {
      build.onLoad({ filter: /tfjs-core[\\/]dist[\\/]index\.js$/ }, () => ({
        contents: `import './base_side_effects'; export * from './base';`,
      }));
      build.onLoad({ filter: /tfjs-core[\\/]dist[\\/]platforms[\\/]platform_node\.js$/ }, () => ({
        contents: `import { env } from '../environment';
          import { PlatformBrowser } from './platform_browser';
          if (!env().get('IS_BROWSER')) env().setPlatform('browser', new PlatformBrowser());`,
      }));
      build.onLoad({ filter: /tfjs-core[\\/]dist[\\/]environment\.js$/ }, ({ path: file }) => ({
        contents: withoutUrlFlags(readFileSync(file, 'utf8')),
      }));
      build.onLoad({ filter: /tfjs-core[\\/]dist[\\/]ops[\\/]slice_util\.js$/ }, ({ path: file }) => ({
        contents: withoutSteps(readFileSync(file, 'utf8')),
      }));
      build.onLoad({ filter: /tfjs-core[\\/]dist[\\/]backends[\\/]kernel_impls\.js$/ }, () => ({
        contents: `export { whereImpl } from './where_impl';`, // the others suppress what is not the largest of an image
      }));
      build.onLoad({ filter: UNCALLED_UTILITIES }, () => ({ contents: 'export {};' }));
      build.onLoad({ filter: /tfjs-backend-(cpu|wasm)[\\/]dist[\\/]register_all_kernels\.js$/ }, ({ path: file }) => ({
        contents: withoutUncalledKernels(readFileSync(file, 'utf8')),
      }));
      build.onLoad({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, () => ({
        contents: `export default {}; export const wasmWorkerContents = '';`,
      }));
      build.onLoad({ filter: /tfjs-core[\\/]dist[\\/]platforms[\\/]platform_browser\.js$/ }, ({ path: file }) => ({
        contents: readFileSync(file, 'utf8').replace(MODEL_STORES, ''),
      }));
      build.onResolve({ filter: /^\.\// }, ({ path: imported, resolveDir }) => {
        const file = `${path.join(resolveDir, imported)}.js`;
        return /tfjs-core[\\/]dist[\\/]io[\\/]/.test(file) ? { path: file, sideEffects: false } : undefined;
      });
    },
  };
}

/**
 * Lets what tfjs starts wasm with find Node's modules where a bundle runs in Node, which no bundler of a page is to look for;
 * in a page they are empty.
 */
function modulesOfNode(): Plugin {
  return {
    name: 'modules of Node',
    setup(build) {
      build.onResolve({ filter: /^(fs|path)$/ }, ({ path: module }) => ({ path: module, namespace: 'node' }));
      build.onLoad({ filter: /./, namespace: 'node' }, ({ path: module }) => ({
        contents: `module.exports = globalThis.process?.getBuiltinModule?.('${module}') ?? {};`,
      }));
    },
  };
}

/** Files whose template literals are shaders: ours, and those of tfjs's WebGPU backend. */
const SHADER_FILES =
  /(runtime[\\/](kernels|surface)[\\/](plan[\\/])?webgpu|tfjs-backend-webgpu[\\/]dist)[\\/].*\.[jt]s$|[\\/]hashTilingShader\.ts$/;

/**
 * Leaves indentation, empty lines and comments out of shaders, which no minifier looks into; and lets tfjs's kernels for
 * WebGPU bring along of those for the CPU what they call.
 */
function leanWebgpu(): Plugin {
  return {
    name: 'lean WebGPU',
    setup(build) {
      const definedIn = definitions(readFileSync(cpuIndex, 'utf8'));
      build.onLoad({ filter: SHADER_FILES }, ({ path: file }) => ({
        contents: tightLines(withDirectCpu(readFileSync(file, 'utf8'), definedIn)),
        loader: file.endsWith('.ts') ? 'ts' : 'js',
      }));
    },
  };
}

/** Leaves out what the entries of recipes are described by, which no page reads. */
function withoutEntryTexts(): Plugin {
  return {
    name: 'without texts of entries',
    setup(build) {
      build.onLoad({ filter: /[\\/]recipe[\\/]entryTexts\.ts$/ }, () => ({ contents: 'export const TEXTS = {};' }));
    },
  };
}

/** What tfjs's backend for the CPU lends to the others. */
const cpuIndex = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-cpu/dist/shared.js');

/** How a WebGPU kernel imports what computes small tensors on the CPU: from one file, which takes all of them. */
const CPU_IMPORT = /import \{ (\w+)CPU(?: as (\w+))? \} from '[./\w]+\/shared';/g;

/** Lets tfjs's kernels for WebGPU import each function for the CPU from its own file, and leaves all else. */
export function withDirectCpu(source: string, definedIn: ReadonlyMap<string, string>): string {
  return source.replaceAll(CPU_IMPORT, (_, name: string, alias = `${name}CPU`) => {
    const file = path.posix.join('@tensorflow/tfjs-backend-cpu/dist', definedIn.get(name)!);
    return `import { ${name} as ${alias} } from '${file}';`;
  });
}

/** A source without indentation, empty lines, and lines that are comments alone. */
export function tightLines(source: string): string {
  return source.replace(/^[ \t]*(?:\/\/.*|\/\*\*.*\*\/)?[ \t]*\n/gm, '').replace(/^[ \t]+/gm, '');
}

/** Takes the plugin from its package. */
function packagedPlugin(): Plugin {
  return {
    name: 'packaged plugin',
    setup(build) {
      build.onResolve({ filter: /^\.\.\/index\.ts$/ }, () => ({ path: 'babylon-figment', external: true }));
    },
  };
}

/** Imports of Babylon.js that load a class when it is needed. */
const LATE_LIST = /\bconst \{ ([^}]*) \} = await import\('([^']+)'\)/g;

/** Takes what the plugin imports of Babylon.js from the global BABYLON. */
function globalBabylon(root: string): Plugin {
  return {
    name: 'global BABYLON',
    setup(build) {
      const names = new Map<string, Set<string>>();
      const note = (from: string, list: string) => {
        const known = names.get(from) ?? new Set();
        for (const name of namesIn(list)) if (!name.startsWith('type ')) known.add(name.split(' as ')[0]!);
        names.set(from, known);
      };
      for (const file of readdirSync(path.join(root, 'plugin'), { recursive: true, encoding: 'utf8' })) {
        if (!/^(?!testing|inspector).*(?<!\.test)\.ts$/.test(file)) continue;
        const source = readFileSync(path.join(root, 'plugin', file), 'utf8');
        for (const [, isType, list, from] of source.matchAll(LIST)) if (!isType) note(from!, list!);
        for (const [, list, from] of source.matchAll(LATE_LIST)) note(from!, list!);
      }
      build.onResolve({ filter: /^@babylonjs\/core\// }, ({ path: from }) => ({ path: from, namespace: 'babylon' }));
      build.onLoad({ filter: /./, namespace: 'babylon' }, ({ path: from }) => {
        return { contents: `export const { ${[...(names.get(from) ?? [])].join(', ')} } = BABYLON;`, loader: 'js' };
      });
    },
  };
}

/**
 * Leaves out the backends that compute on the page's own thread, their kernels, and those of tfjs's WebGPU kernels that only
 * training and steering by a classifier take.
 */
function withoutThreadBackends(): Plugin {
  return {
    name: 'without the backends of the thread',
    setup(build) {
      const filter = /^@tensorflow\/tfjs-backend-(wasm|cpu|webgpu)$|^\.\.\/kernels\/(wasm|cpu)\/index\.ts$/;
      const problem =
        'babylon.figment.js neither computes on this thread nor steers on the GPU; take compute: "worker", or import the package';
      build.onResolve({ filter }, ({ path: from }) => ({ path: from, namespace: 'left-out' }));
      build.onLoad({ filter: /./, namespace: 'left-out' }, () => {
        return { contents: `throw new Error('${problem}'); module.exports = {};`, loader: 'js' };
      });
    },
  };
}

/** `export { a, type B } from './file.ts';` and the same with import; group 1: the word type, 2: names, 3: the file. */
const LIST = /\b(?:import|export) (type )?\{([^}]*)\} from '([^']+)';/g;

/**
 * Lets the plugin and the demo import each name from the file that defines it instead of runtime/index.ts. Otherwise
 * esbuild, whose chunks follow whole files, would put all that the index lists, the training included, into every page.
 */
export function directImports(root: string): Plugin {
  const index = path.join(root, 'runtime/index.ts');
  const folders = ['plugin', 'demo-scene'].map((folder) => path.join(root, folder, path.sep));
  return {
    name: 'direct imports',
    setup(build) {
      const definedIn = definitions(readFileSync(index, 'utf8'));
      build.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
        if (!folders.some((folder) => file.startsWith(folder))) return undefined;
        return { contents: redirect(readFileSync(file, 'utf8'), definedIn), loader: 'ts' as Loader };
      });
    },
  };
}

/**
 * Leaves out how TensorFlow.js hashes strings, with the library of 64-bit integers that it brings along: it is for one
 * operation on strings, and Figment has none.
 */
function withoutStringHashes(): Plugin {
  const contents = `const leftOut = () => { throw new Error('tf.string: hashes of strings are left out of this bundle'); };
    export { leftOut as hexToLong, leftOut as fingerPrint64 };`;
  return {
    name: 'without string hashes',
    setup(build) {
      build.onLoad({ filter: /tfjs-core[/\\]dist[/\\]hash_util\.js$/ }, () => ({ contents, loader: 'js' }));
    },
  };
}

/** The file, relative to the index, of each name that it lists. */
export function definitions(index: string): Map<string, string> {
  const lists = index.matchAll(LIST);
  return new Map(
    Array.from(lists).flatMap(([, , names, file]) => namesIn(names!).map((name) => [name, file!] as const)),
  );
}

/**
 * The source with its imports of values from `…/runtime/index.ts` replaced; those of types go.
 *
 * @throws Error when the index does not list a name
 */
export function redirect(source: string, definedIn: ReadonlyMap<string, string>): string {
  return source.replace(LIST, (statement, isType: string | undefined, names: string, from: string) => {
    if (!from.endsWith('../runtime/index.ts') || isType) return statement;
    const keyword = statement.slice(0, 'import'.length); // or export, as long
    const values = namesIn(names).filter((name) => !name.startsWith('type '));
    return values
      .map((value) => {
        const name = value.split(' as ')[0]!;
        const file = definedIn.get(name);
        if (file === undefined) throw new Error(`build: runtime/index.ts has no "${name}"; list it there`);
        return `${keyword} { ${value} } from '${path.posix.join(path.posix.dirname(from), file)}';`;
      })
      .join(' ');
  });
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
