// npm start: builds the demo and serves it on localhost until Ctrl-C.
import { Command } from 'commander';
import { endWithError } from '../cli/endWithError.ts';
import { wholeNumber } from '../cli/optionParsers.ts';
import { showSite } from '../cli/showSite.ts';
import { type Site, type SiteOptions, serveSite } from '../node/serveSite.ts';
import { UsageError } from '../node/usageError.ts';
import { buildDemoSite } from './demoSite.ts';

const USUAL_PORT = 5173;

interface StartOptions {
  port?: number;
  open: boolean;
}

async function start({ port, open }: StartOptions): Promise<void> {
  await showSite(await serveOn(port, await buildDemoSite()), 'The tavern is open', 'Ctrl-C closes it', open);
}

/** The port asked for, or else the usual one, or else any. */
async function serveOn(port: number | undefined, site: SiteOptions): Promise<Site> {
  try {
    return await serveSite({ ...site, port: port ?? USUAL_PORT });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    if (port === undefined) return serveSite(site);
    throw new UsageError(`start: port ${port} is taken; name another with --port, or leave it out`);
  }
}

await new Command('npm start --')
  .description('build the demo and serve it on localhost')
  .option('--port <n>', `default: ${USUAL_PORT}, or any when it is taken`, wholeNumber(1, 65_535))
  .option('--no-open', 'print the address without opening a browser')
  .exitOverride()
  .action(start)
  .parseAsync()
  .catch(endWithError);
