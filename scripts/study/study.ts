// npm run study: measures what the guide says.
import path from 'node:path';
import { Command, Option } from 'commander';
import { endWithError } from '../cli/endWithError.ts';
import { realNumber, wholeNumber } from '../cli/optionParsers.ts';
import { packageRoot } from '../node/packageRoot.ts';
import type { StudyCommandOptions } from './runStudy.ts';

/** The command `npm run study`. */
export function studyCommand(): Command {
  const at = (...names: string[]) => path.join(packageRoot(), ...names);
  return new Command('npm run study --')
    .description(
      'measure what the guide says: both pipelines, schedules, samplers, guidance; numbers, plots and sheets',
    )
    .requiredOption('--data <dir>', 'the data set of the portraits, or another')
    .option('--model <name>', 'the model of the parts that train none', 'portraits')
    .option('--out <dir>', 'folder of the results', at('docs/study'))
    .option('--work <dir>', 'folder of what is done already: the study goes on from there', at('runs/study'))
    .addOption(
      new Option('--only <list>', 'these parts alone, separated by commas').argParser((text) => text.split(',')),
    )
    .option('--minutes <n>', 'minutes of one thread that each network trains', realNumber(0.001), 4)
    .option('--images-per-class <n>', 'pictures of each label in each case', wholeNumber(2, 10_000), 8)
    .option('--judge-steps <n>', 'steps that a new judge is trained (default: 2000)', wholeNumber(1))
    .option('--workers <n>', 'threads that train the judge on wasm', wholeNumber(1, 64), 1)
    .addOption(new Option('--backend <name>', 'compute on this backend').choices(['webgpu', 'wasm', 'cpu']))
    .action(async (options: StudyCommandOptions) => (await import('./runStudy.ts')).runStudy(options));
}

if (process.argv[1] === import.meta.filename) await studyCommand().exitOverride().parseAsync().catch(endWithError);
