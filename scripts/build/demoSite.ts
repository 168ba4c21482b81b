import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { publicSources } from '../docs/buildGuide.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { READING_CSP, type SiteFile, type SiteOptions, STRICT_CSP } from '../node/serveSite.ts';
import { BROWSER_BUILD, directImports, WASM_FILE, WORKER_BUILD, wasmPath } from './browserBuild.ts';

export const DEMO_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: {
    main: 'demo-scene/tavern/main.ts',
    lab: 'demo-scene/lab/lab.ts',
    training: 'demo-scene/training-corner/training.css',
    trainingWorker: 'demo-scene/training-corner/trainingWorker.ts',
  },
  loader: { '.html': 'text' },
  splitting: true,
  minify: true,
  plugins: [...BROWSER_BUILD.plugins, directImports(packageRoot())],
} satisfies BuildOptions;

const IN_MEMORY = { outdir: '/', write: false, logLevel: 'silent' } as const; // a failed build throws its messages

/** Builds demo-scene's two pages and their workers: a site to be served, its scripts in memory, models and classifiers beside them. */
export async function buildDemoSite(): Promise<SiteOptions> {
  const demo = path.join(packageRoot(), 'demo-scene');
  const builds = [build({ ...DEMO_BUILD, ...IN_MEMORY }), build({ ...WORKER_BUILD, minify: true, ...IN_MEMORY })];
  const outputs = (await Promise.all(builds)).flatMap(({ outputFiles = [] }) => outputFiles);
  const scripts = outputs.map((file): [string, SiteFile] => [`/${path.basename(file.path)}`, file.contents]);
  return {
    files: {
      ...Object.fromEntries(scripts),
      '/index.html': () => readFile(path.join(demo, 'tavern/index.html')),
      '/lab.html': () => readFile(path.join(demo, 'lab/lab.html')),
      [`/${WASM_FILE}`]: () => readFile(wasmPath),
    },
    folders: {
      '/models/': path.join(packageRoot(), 'assets/models'),
      '/classifiers/': path.join(packageRoot(), 'assets/classifiers'),
      [`${GUIDE}api/`]: path.join(packageRoot(), 'docs/site/api'), // exists once npm run docs was run
    },
    make: guideMaker(),
    crossOriginIsolated: true,
    contentSecurityPolicy: STRICT_CSP,
    policiesBelow: { [GUIDE]: READING_CSP },
  };
}

/** Address of the guide on the demo's site. */
const GUIDE = '/guide/';

/** Makes all of the guide's pages when the first of them is requested. */
function guideMaker(): NonNullable<SiteOptions['make']> {
  let site: Promise<Record<string, string | Uint8Array>> | undefined;
  return async (address) => {
    if (!address.startsWith(GUIDE)) return undefined;
    site ??= import('../docs/buildGuide.ts').then(({ buildGuide }) => buildGuide(publicSources()));
    const files = await site;
    const name = address.slice(GUIDE.length);
    return Object.hasOwn(files, name) ? files[name] : undefined;
  };
}
