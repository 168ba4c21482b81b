// The options of every command that trains and has a folder for its run.
import { Command, Option } from 'commander';
import { MAX_SEED } from '../../runtime/core/random.ts';
import { nameList, realNumber, wholeNumber } from './optionParsers.ts';
import type { RunFolderOptions } from './runFolder.ts';

/** A command with the options that all trainings have: where, how long, and on what. */
export function runCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption(
      '--data <dir>',
      'data set: a folder with dataset.json and sheets, or one folder of PNG files per class',
    )
    .requiredOption('--out <dir>', 'folder of this run: model, checkpoint, log and preview sheets')
    .option('--steps <n>', 'stop after this many steps in all; either this or --minutes is needed', wholeNumber(1))
    .option('--minutes <n>', 'stop after this many minutes of training in all', realNumber(0.01))
    .option('--batch <n>', 'images a step', wholeNumber(1))
    .option('--micro-batch <n>', 'images whose gradients are computed at once', wholeNumber(1))
    .option('--learning-rate <x>', 'highest learning rate', realNumber(0, 1))
    .option('--workers <n>', 'threads on wasm; the result does not depend on it', wholeNumber(1, 64), 1)
    .addOption(new Option('--backend <name>', 'compute on this backend').choices(['webgpu', 'wasm', 'cpu']))
    .option('--seed <n>', 'seed of weights, batches and noise', wholeNumber(0, MAX_SEED), 0)
    .option('--split-seed <n>', 'seed of the split (default: --seed)', wholeNumber(0, MAX_SEED))
    .option('--held-out <share>', 'share of each class kept away from training', realNumber(0, 0.9), 0.05)
    .addOption(
      new Option(
        '--hold-out-by <list>',
        'keep whole combinations of these attributes away from training, separated by commas: hair_style,clothes',
      ).argParser(nameList),
    )
    .option('--resume', 'go on from the checkpoint in --out')
    .addOption(
      new Option('--overwrite', 'start over in an --out that holds a run or a model, and lose it').conflicts('resume'),
    )
    .option('--preview-minutes <n>', 'minutes between preview sheets', realNumber(0.1), 5)
    .option('--flip', 'augment by mirroring')
    .option('--balanced', 'draw all classes equally often');
}

/** Runs a training that has the folder of its run to itself. */
export function inItsFolder<Options extends RunFolderOptions>(run: (options: Options) => Promise<void>) {
  return async (options: Options) => (await import('./runFolder.ts')).inRunFolder(options, () => run(options));
}

/** The option of the trainings whose pictures a classifier looks at. */
export function perceptualWeightOption(): Option {
  const text =
    'weight of how differently a classifier of the data sees the images, which is trained first: what tells words apart';
  return new Option('--perceptual-weight <x>', text).argParser(realNumber(0)).default(0);
}
