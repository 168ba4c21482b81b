import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { TRAINING_CODE } from './pageSizes.ts';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const FOLDERS = ['runtime', 'plugin', 'demo-scene', 'scripts'];

// Packages by what they are; each folder may import some.
const TFJS = /^@tensorflow\/tfjs-core(\/|$)|^#stock-gradients$/;
const TFJS_BACKENDS = /^@tensorflow\/tfjs-backend-(cpu|wasm|webgpu)(\/|$)|^#webgpu-backend$/;
const BABYLON = /^@babylonjs\/core(\/|$)/;
const NODE = /^node:/;
/** What the pane of Babylon's Inspector is made of. */
const INSPECTOR = /^(@babylonjs\/inspector|react)$/;
/** Small packages that the plugin brings along. */
const PLUGIN_PACKAGES = /^(idb-keyval|fast-png)$/;

/** All folders of runtime, the stages of the line, and what each may import of the others. */
const STAGES: Record<string, string[]> = {
  core: [],
  kernels: ['core'],
  backends: ['kernels'],
  dataset: ['core'],
  weights: ['core'],
  diffusion: ['core'],
  networks: ['core', 'kernels', 'weights'],
  surface: ['core'],
  recipe: ['core', 'diffusion'],
  sampling: ['core', 'kernels', 'recipe', 'diffusion', 'networks', 'surface', 'weights'],
  training: ['core', 'kernels', 'dataset', 'diffusion', 'networks', 'weights'],
  verify: ['core', 'recipe', 'diffusion', 'networks', 'sampling', 'weights'],
  evaluation: ['core', 'recipe', 'dataset', 'networks', 'sampling', 'weights'],
};

/** Stages that read untrusted JSON: recipes, data sets, configs, and in core what several of them have. */
const VALIDATING = ['core', 'recipe', 'dataset', 'diffusion', 'networks', 'weights'];

function filesIn(folder: string): string[] {
  const entries = readdirSync(path.join(root, folder), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    const isForeign = file === 'runtime/kernels/wasm/assembly' || entry.name === 'node_modules';
    if (entry.isDirectory()) return isForeign ? [] : filesIn(file);
    return file.endsWith('.ts') && !file.endsWith('.d.ts') ? [file] : [];
  });
}

/** plugin and demo-scene may not exist yet: git keeps no empty folders. */
const sources = FOLDERS.filter((folder) => existsSync(path.join(root, folder))).flatMap((folder) => filesIn(folder));
/** The campaign attacks every room, as tests do. */
const isTest = (file: string) =>
  file.endsWith('.test.ts') || /^((runtime|plugin|demo-scene|scripts)\/testing|scripts\/campaign)\//.test(file);
const topFolder = (file: string) => file.split('/')[0]!;
const stageOf = (file: string) => (file.split('/').length > 2 ? file.split('/')[1]! : '');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Import {
  from: string;
  /** A file of this project, or a package's name. */
  to: string;
  isFile: boolean;
}

/** All imports as written, those of types included: `import … from`, `export … from`, `import '…'` and `import('…')`. */
function importsOf(file: string): Import[] {
  const code = read(file).replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|`[^`]*`/gm, '');
  const found = code.matchAll(/(?:\bfrom|^import|\bimport\()\s*'([^']+)'/gm);
  return Array.from(found, ([, target]) => {
    const isFile = target!.startsWith('.');
    const to = isFile ? path.posix.join(path.posix.dirname(file), target!) : target!;
    return { from: file, to, isFile };
  });
}

const imports = sources.flatMap(importsOf);
const outsideTests = imports.filter(({ from }) => !isTest(from));
const list = (wrong: Import[]) => wrong.map(({ from, to }) => `${from} imports ${to}`);

describe('imports', () => {
  it('are found by this test', () => {
    expect(sources.length).toBeGreaterThan(100);
    expect(list(importsOf('runtime/backends/wasm.ts'))).toEqual(
      expect.arrayContaining([
        'runtime/backends/wasm.ts imports @tensorflow/tfjs-core',
        'runtime/backends/wasm.ts imports runtime/kernels/wasm/index.ts',
      ]),
    );
    const missing = imports.filter(({ to, isFile }) => isFile && to.endsWith('.ts') && !sources.includes(to));
    expect(list(missing)).toEqual([]);
  });

  it('of runtime: its own files, tfjs and, where JSON is read, valibot; nothing of Node', () => {
    const wrong = outsideTests.filter(({ from, to, isFile }) => {
      if (topFolder(from) !== 'runtime') return false;
      if (isFile) return topFolder(to) !== 'runtime' || isTest(to);
      const mayBackend = stageOf(from) === 'backends' || stageOf(from) === 'kernels';
      const mayValidate = VALIDATING.includes(stageOf(from));
      return !(TFJS.test(to) || (mayValidate && to === 'valibot') || (mayBackend && TFJS_BACKENDS.test(to)));
    });
    expect(list(wrong)).toEqual([]);
  });

  it('between the stages of runtime follow the line', () => {
    const wrong = outsideTests.filter(({ from, to, isFile }) => {
      const stage = stageOf(from);
      if (topFolder(from) !== 'runtime' || !isFile || stage === '') return false;
      return stageOf(to) !== stage && !STAGES[stage]!.includes(stageOf(to));
    });
    expect(list(wrong)).toEqual([]);
    const stages = new Set(sources.filter((file) => topFolder(file) === 'runtime' && !isTest(file)).map(stageOf));
    expect([...stages].filter((stage) => stage !== '' && !STAGES[stage])).toEqual([]);
  });

  it('of runtime/index.ts come from outside runtime alone', () => {
    const inside = imports.filter(({ from, to }) => topFolder(from) === 'runtime' && to === 'runtime/index.ts');
    expect(list(inside)).toEqual([]);
  });

  it('of plugin and demo-scene: the layer below, and Babylon', () => {
    const wrong = outsideTests.filter(({ from, to, isFile }) => {
      if (topFolder(from) !== 'plugin' && topFolder(from) !== 'demo-scene') return false;
      const below = topFolder(from) === 'plugin' ? ['runtime/index.ts'] : ['plugin/index.ts', 'runtime/index.ts'];
      if (isFile) return topFolder(to) !== topFolder(from) && !below.includes(to);
      const mayImport = [BABYLON, stageOf(from) === 'inspector' ? INSPECTOR : PLUGIN_PACKAGES];
      return NODE.test(to) || (topFolder(from) === 'plugin' && !mayImport.some((packages) => packages.test(to)));
    });
    expect(list(wrong)).toEqual([]);
  });

  it("of the Inspector's pane: the plugin's public names, as those who install both; nobody imports the pane", () => {
    const isPane = (file: string) => file.startsWith('plugin/inspector/');
    const wrong = outsideTests.filter(({ from, to, isFile }) => {
      return isFile && (isPane(from) ? !isPane(to) && to !== 'plugin/index.ts' : isPane(to));
    });
    expect(list(wrong)).toEqual([]);
  });

  it('of scripts: runtime/index.ts and the cases that verify runs, never the plugin', () => {
    const wrong = outsideTests.filter(({ from, to, isFile }) => {
      if (topFolder(from) !== 'scripts' || !isFile || topFolder(to) === 'scripts') return false;
      const isLight = /^runtime\/(core|recipe)\//.test(to); // without tensors, so that --help does not wait for them
      return to !== 'runtime/index.ts' && !isLight && !to.startsWith('package');
    });
    expect(list(wrong)).toEqual([]);
  });

  it('of published scripts go one way, from cli and bundlers over bake to node, and never to the tools', () => {
    const below: Record<string, string[]> = {
      cli: ['cli', 'bake', 'node'],
      bundlers: ['bundlers', 'bake', 'node'],
      bake: ['bake', 'node'],
      node: ['node'],
    };
    const wrong = outsideTests.filter(({ from, to, isFile }) => {
      const rooms = topFolder(from) === 'scripts' ? below[stageOf(from)] : undefined;
      return rooms && isFile && topFolder(to) === 'scripts' && !rooms.includes(stageOf(to));
    });
    expect(list(wrong)).toEqual([]);
  });

  it('make no circles, of types neither', () => {
    expect(circlesOf(imports.filter(({ isFile }) => isFile))).toEqual([]);
  });
});

/** Every way along imports that comes back to where it began. */
function circlesOf(edges: Import[]): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, trail: string[]) => {
    if (trail.includes(file)) circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (trail.includes(file) || done.has(file)) return;
    for (const { to } of edges.filter(({ from }) => from === file)) visit(to, [...trail, file]);
    done.add(file);
  };
  for (const { from } of edges) visit(from, []);
  return circles;
}

describe('files', () => {
  it('export their names one by one', () => {
    expect(sources.filter((file) => /^export \*/m.test(read(file)))).toEqual([]);
  });

  it('of runtime touch neither the page nor the process', () => {
    const globals = /\b(document|window|localStorage|HTMLElement|OffscreenCanvas|process|Buffer|__dirname)\b\s*[.(]/;
    const code = (file: string) => read(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'[^'\n]*'|`[^`]*`/gm, '');
    const wrong = sources.filter((file) => topFolder(file) === 'runtime' && !isTest(file) && globals.test(code(file)));
    expect(wrong).toEqual([]);
  });

  it('that say which Node is needed name one that has import.meta.filename and Dirent.parentPath', () => {
    const { packages } = JSON.parse(read('package-lock.json'));
    const manifests = [
      ...['package.json', 'scripts/package.json'].map((file) => JSON.parse(read(file))),
      packages[''],
      packages.scripts,
    ];
    for (const { engines } of manifests) expect(engines).toEqual({ node: '>=20.12' });
    expect(read('CONTRIBUTING.md')).toContain('Node 20.12 or later');
  });

  it('are not called utils', () => {
    expect(sources.filter((file) => /\b(utils?|helpers?)\.ts$/.test(file))).toEqual([]);
  });
});

describe('the rules of a recipe', () => {
  it('load no tensors, so that a command that only checks them starts at once', async () => {
    const contents = `import { completeRecipe } from './runtime/recipe/complete.ts'; globalThis.page = completeRecipe;`;
    expect(bundled(await bundle(contents)).filter((file) => file.includes('@tensorflow'))).toEqual([]);
  });
});

describe('a page that only generates', () => {
  it('carries what it uses, nothing of the training, and no gradients', async () => {
    const names = 'createModel, generate, loadModelFolder, selectBackend, urlSource';
    const files = bundled(await bundle(page(names)));
    expect(files).toEqual(expect.arrayContaining(['runtime/sampling/generate.ts', 'runtime/networks/unet2d.ts']));
    expect(files.filter((file) => TRAINING_CODE.test(file))).toEqual([]);
  });
});

describe('a page that trains', () => {
  it('carries the gradients', async () => {
    const contents = page('vaeTrainer');
    const files = bundled(await bundle(contents));
    expect(files).toEqual(
      expect.arrayContaining([
        'runtime/kernels/gradients.ts',
        'node_modules/@tensorflow/tfjs-core/dist/register_all_gradients.js',
      ]),
    );
  });
});

describe('a worker that computes on wasm', () => {
  it('carries no other backend in its one file', async () => {
    const files = bundled(await bundle(page('createModel, sample, useWasm'), { splitting: false }));
    expect(files).toEqual(
      expect.arrayContaining([
        'runtime/kernels/wasm/index.ts',
        'node_modules/@tensorflow/tfjs-backend-wasm/dist/backend_wasm.js',
      ]),
    );
    // tfjs's wasm backend itself uses some of the cpu backend's functions.
    const others = /tfjs-backend-webgpu|tfjs-backend-cpu\/dist\/backend_cpu|^runtime\/(backends|kernels)\/(webgpu|cpu)/;
    expect(files.filter((file) => others.test(file))).toEqual([]);
  });
});

/** The source of a page that uses these names. */
function page(names: string): string {
  return `import { ${names} } from './runtime/index.ts'; globalThis.page = { ${names} };`;
}

async function bundle(contents: string, { splitting = true } = {}): Promise<Metafile> {
  const result = await build({
    stdin: { contents, resolveDir: root, loader: 'ts' },
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    splitting,
    format: 'esm',
    platform: 'browser',
    outdir: 'unused',
    logLevel: 'silent',
  });
  return result.metafile;
}

/** Files of which something is left in any chunk. */
function bundled({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  return [...new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file))];
}
