// npm run bench:frames: how long a game's frames take while pictures are made, and while none are.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Command, Option } from 'commander';
import { realNumber, wholeNumber } from '../../../scripts/cli/optionParsers.ts';
import { describeError } from '../../../scripts/node/describeError.ts';
import { interruptible } from '../../../scripts/node/interrupt.ts';
import { packageRoot } from '../../../scripts/node/packageRoot.ts';
import { startProgress } from '../../../scripts/node/terminal.ts';
import type { Activity, FramePath } from './framePage.ts';
import { frameTable, verdict } from './frameTable.ts';
import { type FrameMeasurement, measureFrames } from './measureFrames.ts';

interface BenchOptions {
  path?: FramePath;
  seconds: number;
  rounds: number;
  width: number;
}

/** What is measured on each path, and what has to be known of its numbers. */
const PATHS: Record<FramePath, { activities: Activity[]; note: string }> = {
  worker: {
    activities: ['idle', 'generating', 'busyWorker'],
    note: `SwiftShader draws on the CPU, so that a worker takes cores from it, as it does not from a GPU; the worker that only
computes shows how much of the ratio that is. A display counts in whole frames: compare the means, too. Cores: ${availableParallelism()}.`,
  },
  gpu: {
    activities: ['idle', 'generating'],
    note: `SwiftShader draws and computes on the CPU, one after the other, hundreds of times slower than a GPU: no measure of one.
There, a worker makes the pictures unless the GPU is asked for.`,
  },
};

const ASPECT = 9 / 16;
const model = 'models/portraits/';
const site = { folders: { '/models/': path.join(packageRoot(), 'assets/models') } };

function measure(framePath: FramePath, options: BenchOptions, signal: AbortSignal): Promise<FrameMeasurement> {
  const { seconds, rounds, width } = options;
  const { activities } = PATHS[framePath];
  const progress = startProgress(framePath);
  const numPhases = rounds * activities.length;
  const onPhase = (activity: Activity | null, index: number) =>
    progress.update(index / numPhases, activity ?? 'the page starts');
  const measured = measureFrames({
    path: framePath,
    model,
    site,
    sizePx: [width, Math.round(width * ASPECT)],
    activities,
    numRounds: rounds,
    durationMs: 1000 * seconds,
    signal,
    onPhase,
  });
  return measured.finally(() => progress.stop());
}

async function bench(options: BenchOptions): Promise<void> {
  const paths = options.path ? [options.path] : (['worker', 'gpu'] as const);
  await interruptible(async (signal) => {
    for (const framePath of paths) {
      const measurement = await measure(framePath, options, signal);
      const { engine, reason } = measurement;
      const { note } = PATHS[framePath];
      console.log(`\n${engine}, Chromium. ${reason}\n\n${frameTable(measurement)}\n\n${verdict(measurement)}\n${note}`);
    }
  });
}

await new Command('bench:frames')
  .description('measure the frames of a scene in Chromium while portraits are made, and while none are, in turns')
  .addOption(new Option('--path <where>', 'where pictures are made; default: both').choices(['worker', 'gpu']))
  .option('--seconds <n>', 'length of each phase, 1 to 10', realNumber(1, 10), 5)
  .option('--rounds <n>', 'phases of each kind', wholeNumber(1, 100), 3)
  .option('--width <px>', 'of what is drawn, 16:9; a small one leaves cores to the worker', wholeNumber(16, 4096), 640)
  .action(bench)
  .exitOverride()
  .parseAsync()
  .catch((error) => {
    const { exitCode, message } = describeError(error);
    if (message !== '') console.error(`error: ${message}`);
    process.exitCode = exitCode;
  });
