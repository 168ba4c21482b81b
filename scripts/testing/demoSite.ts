import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Metafile } from 'esbuild';
import { buildDemoScripts, demoSiteOf } from '../build/demoSite.ts';
import type { SiteOptions } from '../node/serveSite.ts';
import { madeOnce } from './runFolder.ts';

/** Beside the scripts: what esbuild tells of those of the pages. */
const METAFILE = 'meta.json';

let site: SiteOptions | undefined;

/** The demo's site as `npm start` serves it; its scripts are built once a run. */
export async function demoSite(): Promise<SiteOptions> {
  if (site) return site;
  const folder = await built();
  const names = readdirSync(folder).filter((name) => name !== METAFILE);
  const scripts = names.map((name) => ({ name, contents: readFileSync(path.join(folder, name)) }));
  site = demoSiteOf(scripts, await demoMetafile());
  return site;
}

/** What is in the scripts of the demo's pages. */
export async function demoMetafile(): Promise<Metafile> {
  return JSON.parse(readFileSync(path.join(await built(), METAFILE), 'utf8'));
}

function built(): Promise<string> {
  return madeOnce('demo', async (folder) => {
    const { scripts, metafile } = await buildDemoScripts();
    for (const { name, contents } of scripts) writeFileSync(path.join(folder, name), contents);
    writeFileSync(path.join(folder, METAFILE), JSON.stringify(metafile));
  });
}
