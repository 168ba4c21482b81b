import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { publicSources } from '../docs/buildGuide.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { READING_CSP, type SiteFile, type SiteOptions, STRICT_CSP } from '../node/serveSite.ts';
import { BROWSER_BUILD, directImports, WASM_FILE, WORKER_BUILD, wasmPath } from './browserBuild.ts';
import { withSiteList } from './siteList.ts';

const DEMO_BUILD = {
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

/** What keeps the site in the browser: a script without imports, as older browsers want a service worker. */
const SERVICE_WORKER_BUILD = {
  ...BROWSER_BUILD,
  entryPoints: { serviceWorker: 'demo-scene/shared/serviceWorker.ts' },
  format: 'iife',
} satisfies BuildOptions;

/** Scripts and style sheets of pages; they are named by what they contain. Others name the workers, and must know how. */
const PAGE_FILE = /^(main|lab)\.(js|css)$/;

const IN_MEMORY = { outdir: '/', write: false, logLevel: 'silent' } as const; // a failed build throws its messages

/** A script or style sheet of the demo's pages, or one of its workers. */
interface DemoScript {
  name: string;
  contents: Uint8Array;
}

/** Builds demo-scene's two pages and their workers: a site to be served, its scripts in memory, models and classifiers beside them. */
export async function buildDemoSite(): Promise<SiteOptions> {
  const { scripts, metafile } = await buildDemoScripts();
  return demoSiteOf(scripts, metafile);
}

/** The scripts by themselves, and what esbuild tells of those of the pages. */
export async function buildDemoScripts(): Promise<{ scripts: DemoScript[]; metafile: Metafile }> {
  const [pages, ...workers] = await Promise.all([
    build({ ...DEMO_BUILD, ...IN_MEMORY, metafile: true }),
    ...[WORKER_BUILD, SERVICE_WORKER_BUILD].map((options) => build({ ...options, minify: true, ...IN_MEMORY })),
  ]);
  const outputs = [pages, ...workers].flatMap(({ outputFiles }) => outputFiles);
  const scripts = outputs.map(({ path: file, contents }) => ({ name: path.basename(file), contents }));
  return { scripts, metafile: pages.metafile };
}

/** The site of these scripts. @param metafile what esbuild tells of those of the pages */
export function demoSiteOf(built: readonly DemoScript[], metafile: Metafile): SiteOptions {
  const demo = path.join(packageRoot(), 'demo-scene');
  const names = new Map(built.map((script) => [script.name, hashedName(script)]));
  const scripts = built.map((script): [string, SiteFile] => [`/${hashedName(script)}`, script.contents]);
  const page = (file: string, script: string) => async () => {
    const html = await readFile(path.join(demo, file), 'utf8');
    const [, ...chunks] = loadedAtOnce(metafile, script).map((output) => path.basename(output));
    const preloads = chunks.map((chunk) => `    <link rel="modulepreload" href="${chunk}">\n`).join('');
    return html
      .replace(/(?<=(?:href|src)=")[\w.]+(?=")/g, (name) => names.get(name) ?? name)
      .replace('  </head>', `${preloads}  </head>`);
  };
  return withSiteList({
    files: {
      ...Object.fromEntries(scripts),
      '/index.html': page('tavern/index.html', 'main.js'),
      '/lab.html': page('lab/lab.html', 'lab.js'),
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
    caching: true,
  });
}

/** A script and all that it imports at once, directly or not: a page that names them all has them in one go. */
export function loadedAtOnce({ outputs }: Metafile, script: string): string[] {
  const loaded = new Set<string>();
  const load = (file: string) => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const { path: imported, kind } of outputs[file]!.imports) if (kind === 'import-statement') load(imported);
  };
  load(Object.keys(outputs).find((file) => path.basename(file) === script)!);
  return [...loaded];
}

/** The name of a built file, which for files of pages says what is in it, as esbuild names chunks. */
function hashedName({ name, contents }: DemoScript): string {
  if (!PAGE_FILE.test(name)) return name;
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 8).toUpperCase();
  return name.replace('.', `-${hash}.`);
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
