// npm start: builds the demo and serves it on localhost until Ctrl-C.
import { Command } from 'commander';
import { endWithError } from '../cli/endWithError.ts';
import { wholeNumber } from '../cli/optionParsers.ts';
import { showSite } from '../cli/showSite.ts';
import { serveOnPort } from '../node/serveOnPort.ts';
import { buildDemoSite } from './demoSite.ts';

const USUAL_PORT = 5173;

interface StartOptions {
  port?: number;
  open: boolean;
}

async function start({ port, open }: StartOptions): Promise<void> {
  const site = await serveOnPort(await buildDemoSite(), port, USUAL_PORT);
  await showSite(site, 'The tavern is open', 'Ctrl-C closes it', open);
}

await new Command('npm start --')
  .description('build the demo and serve it on localhost')
  .option('--port <n>', `default: ${USUAL_PORT}, or any when it is taken`, wholeNumber(1, 65_535))
  .option('--no-open', 'print the address without opening a browser')
  .exitOverride()
  .action(start)
  .parseAsync()
  .catch(endWithError);
