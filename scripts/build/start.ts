// npm start: builds the demo and serves it on localhost until Ctrl-C.
import { once } from 'node:events';
import { Command } from 'commander';
import { openPage } from '../cli/openPage.ts';
import { wholeNumber } from '../cli/optionParsers.ts';
import { describeError } from '../node/describeError.ts';
import { interruptible } from '../node/interrupt.ts';
import { type Site, type SiteOptions, serveSite } from '../node/serveSite.ts';
import { coloursFor } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import { buildDemoSite } from './demoSite.ts';

const USUAL_PORT = 5173;

interface StartOptions {
  port?: number;
  open: boolean;
}

async function start({ port, open }: StartOptions): Promise<void> {
  const { bold, dim } = coloursFor(process.stdout);
  const site = await serveOn(port, await buildDemoSite());
  console.log(`The tavern is open: ${bold(site.url)}  ${dim('(Ctrl-C closes it)')}`);
  if (open) await openPage(site.url);
  await interruptible(async (signal) => {
    if (!signal.aborted) await once(signal, 'abort');
  });
  await site.close();
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

const program = new Command('npm start --')
  .description('build the demo and serve it on localhost')
  .option('--port <n>', `default: ${USUAL_PORT}, or any when it is taken`, wholeNumber(1, 65_535))
  .option('--no-open', 'print the address without opening a browser')
  .exitOverride()
  .action(start);

await program.parseAsync().catch((error) => {
  const { exitCode, message } = describeError(error);
  if (message !== '') console.error(coloursFor(process.stderr).red(`error: ${message}`));
  process.exitCode = exitCode;
});
