import { buildDemoSite } from '../build/demoSite.ts';
import type { SiteOptions } from '../node/serveSite.ts';

let site: Promise<SiteOptions> | undefined;

/** The demo's site as `npm start` serves it, built once for all suites of a worker. */
export function demoSite(): Promise<SiteOptions> {
  site ??= buildDemoSite();
  return site;
}
