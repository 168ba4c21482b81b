// npm run sizes: what a page downloads that generates and does not train, measured from the sources as its bundler would
// leave it; exit code 1 when that is too much, or when training code is among it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { BROWSER_BUILD, LIBRARY_BUILD, PACKAGED, WASM_FILE, WORKER_BUILD, wasmPath } from './browserBuild.ts';

export interface PageSize {
  name: string;
  /** Sum over all its files, each compressed by itself. */
  gzipBytes: number;
  /** The size that it may not exceed. */
  limitBytes?: number;
  /** Source files of which some code is in it. */
  sources: string[];
  /** Whether it contains the code that steers by classifiers, as a worker in a single file does. */
  steers?: boolean;
}

export const LIMIT_BYTES = 200 * 1024;

/** Code that a page which only generates has no use for. */
export const TRAINING_CODE =
  /^runtime\/(training|evaluation|verify|testing|dataset)\/|kernels\/gradients\.ts|register_all_gradients/;

/** The part of it that steering by classifiers needs: the gradients of Figment's own kernels, and no others. */
const STEERING_CODE = /kernels\/gradients\.ts/;

/**
 * Chunks that a page which shows portraits on WebGPU never asks for: the other backends, the PNG encoder, what makes surfaces,
 * pixel art, sprites and files of pictures, what steers by classifiers, what reads folders of others than Figment, and the kernels of
 * tfjs that training alone takes.
 */
const OTHER_CHUNKS =
  /tfjs-backend-(wasm|cpu)\/|runtime\/(backends|kernels)\/(plan\/)?(wasm|cpu)\b|fast-png\/|material\/(surfaceMaterial|writeSurface)\.|(pixelArtBrush|textureImage)\.|painting\/steering\.|sprite\/generatedSprites\.|weights\/foreignFiles\.|backends\/allWebgpuKernels\.|kernels\/Conv2DBackpropInput\.|tfjs-backend-webgpu\/dist\/index\./;

const MEASURED = {
  ...PACKAGED,
  write: false,
  outdir: 'out',
  logLevel: 'silent',
} satisfies BuildOptions;

/** Measures the plugin on WebGPU, bundled with a page and by import map, and its worker. */
export async function measurePages(): Promise<PageSize[]> {
  const [bundled, packaged, worker] = await Promise.all([measureBundled(), measurePackaged(), measureWorker()]);
  const gzipBytes = gzip(readFileSync(wasmPath));
  return [bundled, packaged, worker, { name: `${WASM_FILE}, loaded by the worker`, gzipBytes, sources: [] }];
}

/** A page that imports one name, and whose bundler drops the rest. */
async function measureBundled(): Promise<PageSize> {
  const contents = `import { AssetGenerator } from './plugin/index.ts'; globalThis.page = AssetGenerator;`;
  const stdin = { contents, resolveDir: BROWSER_BUILD.absWorkingDir };
  const chunks = await chunksOf({ ...LIBRARY_BUILD, entryPoints: [], stdin });
  return sizeOf('import { AssetGenerator }, bundled, on WebGPU', chunks, LIMIT_BYTES);
}

/** A page that loads plugin.js as it is in the package. */
async function measurePackaged(): Promise<PageSize> {
  return sizeOf('plugin.js by import map, on WebGPU', await chunksOf(LIBRARY_BUILD), LIMIT_BYTES);
}

async function measureWorker(): Promise<PageSize> {
  return { ...sizeOf('worker.js', await chunksOf(WORKER_BUILD)), steers: true };
}

interface Chunks {
  outputs: Metafile['outputs'];
  contents: Map<string, Uint8Array>;
}

async function chunksOf(options: BuildOptions): Promise<Chunks> {
  const { metafile, outputFiles } = await build({ ...options, ...MEASURED });
  const root = BROWSER_BUILD.absWorkingDir;
  const keyOf = (file: string) => path.relative(root, file).replaceAll('\\', '/'); // as in `outputs`, on Windows, too
  const contents = outputFiles.map((file) => [keyOf(file.path), file.contents] as const);
  return { outputs: metafile.outputs, contents: new Map(contents) };
}

/** The size of the first output and of all that it may load, except for other backends. */
function sizeOf(name: string, { outputs, contents }: Chunks, limitBytes?: number): PageSize {
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file) || OTHER_CHUNKS.test(outputs[file]!.entryPoint ?? '')) return;
    loaded.add(file);
    for (const { path: imported, external } of outputs[file]!.imports) if (!external) load(imported);
  };
  load(Object.keys(outputs).find((file) => /\/(stdin|plugin|worker)\.js$/.test(file))!);
  const inputs = [...loaded].flatMap((file) => Object.entries(outputs[file]!.inputs));
  const sources = new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file));
  const gzipBytes = [...loaded].reduce((sum, file) => sum + gzip(contents.get(file)!), 0);
  return { name, gzipBytes, ...(limitBytes === undefined ? {} : { limitBytes }), sources: [...sources] };
}

function gzip(content: Uint8Array): number {
  return gzipSync(content, { level: 9 }).length;
}

/** A line for each page. */
export function formatSizes(pages: readonly PageSize[]): string {
  const lines = pages.map(({ name, gzipBytes, limitBytes }) => {
    const size = `${(gzipBytes / 1024).toFixed(1)} KB`.padStart(9);
    return `${size}  ${name}${limitBytes === undefined ? '' : ` (at most ${limitBytes / 1024} KB)`}`;
  });
  return `gzip sizes:\n${lines.join('\n')}`;
}

/** What is wrong with the pages, in a sentence each. */
export function flawsOf(pages: readonly PageSize[]): string[] {
  return pages.flatMap(({ name, gzipBytes, limitBytes = Number.POSITIVE_INFINITY, sources, steers }) => {
    const training = sources.filter((file) => TRAINING_CODE.test(file) && !(steers && STEERING_CODE.test(file)));
    return [
      ...(gzipBytes > limitBytes ? [`${name}: ${gzipBytes} bytes; expected at most ${limitBytes}`] : []),
      ...(training.length > 0 ? [`${name}: carries training code: ${training.join(', ')}`] : []),
    ];
  });
}

if (process.argv[1] === import.meta.filename) {
  const pages = await measurePages();
  console.log(formatSizes(pages));
  for (const flaw of flawsOf(pages)) {
    console.error(`sizes: ${flaw}`);
    process.exitCode = 1;
  }
}
