import { type Site, type SiteOptions, serveSite } from './serveSite.ts';
import { UsageError } from './usageError.ts';

/**
 * Serves a site on the port that --port asks for, or else on the usual one, or else on any that is free.
 *
 * @param port      undefined when none is asked for
 * @param usualPort undefined when there is none
 * @throws          UsageError when the port asked for is taken
 */
export async function serveOnPort(site: SiteOptions, port?: number, usualPort?: number): Promise<Site> {
  try {
    return await serveSite({ ...site, port: port ?? usualPort ?? 0 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (port === undefined) return serveSite(site);
    throw new UsageError(`--port: ${port} is taken; name another, or leave it out`);
  }
}
