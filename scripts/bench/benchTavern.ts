// npm run bench:tavern: how long a first visitor of the demo waits, and how many frames a second there are.
import { Command, Option } from 'commander';
import { buildDemoSite } from '../build/demoSite.ts';
import { endWithError } from '../cli/endWithError.ts';
import { realNumber, wholeNumber } from '../cli/optionParsers.ts';
import { serveSite } from '../node/serveSite.ts';
import { launchChromium } from '../testing/chromium.ts';
import { type Milestone, type TavernVisit, visitTavern } from './visitTavern.ts';

const WORDS: Readonly<Record<Milestone, string>> = {
  engine: 'the scripts are there, and Babylon draws',
  room: 'the room, in plain colours',
  painter: 'the model of the faces is ready',
  'first face': 'the first face',
  faces: 'all faces',
  ready: 'guests, things and materials, too',
};

interface BenchTavernCommandOptions {
  width: number;
  height: number;
  seconds: number;
  quality?: string;
  json?: boolean;
}

async function benchTavern({ width, height, seconds, quality, json }: BenchTavernCommandOptions): Promise<void> {
  const site = await serveSite(await buildDemoSite());
  const browser = await launchChromium({ webgpu: false, compositing: 'cpu' });
  try {
    const url = quality === undefined ? site.url : `${site.url}?quality=${quality}`;
    const visit = await visitTavern(browser, { url, viewport: { width, height }, lookOnS: seconds });
    console.log(json ? JSON.stringify(visit, null, 2) : describeVisit(visit));
  } finally {
    await browser.close();
    await site.close();
  }
}

function describeVisit({ reached, fps, resolution, adapter, backend }: TavernVisit): string {
  const rows = reached.map(({ milestone, atMs, fetchedBytes, fps: meanwhile }) => {
    const frames = meanwhile === null ? '' : meanwhile.toFixed(0);
    return `| ${WORDS[milestone]} | ${(atMs / 1000).toFixed(1)} s | ${(fetchedBytes / 1e6).toFixed(1)} MB | ${frames} |`;
  });
  return [
    `${adapter} draws, ${backend} paints.`,
    '',
    '| what is there | after | fetched by then | frames a second meanwhile |',
    '|---|---|---|---|',
    ...rows,
    '',
    `Afterwards ${fps.toFixed(0)} frames a second, drawn at ${resolution}.`,
  ].join('\n');
}

await new Command('bench:tavern')
  .description(
    'visit the demo in Chromium, drawn by the CPU: when is what there, and how many frames a second are there?',
  )
  .option('--width <px>', 'of the window', wholeNumber(100, 4096), 1280)
  .option('--height <px>', 'of the window', wholeNumber(100, 4096), 720)
  .option('--seconds <n>', 'how long to look on when everything is painted', realNumber(1, 60), 10)
  .addOption(new Option('--quality <name>', 'default: as the page chooses').choices(['high', 'low']))
  .option('--json', 'print JSON')
  .action(benchTavern)
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
