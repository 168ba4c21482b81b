import { Command, Option } from 'commander';
import { MAX_PROBE_RATE, PROBE_RATE } from '../../runtime/core/linearProbe.ts';
import { MAX_SEED } from '../../runtime/core/random.ts';
import { nameList, realNumber, wholeNumber } from './optionParsers.ts';
import type { ProbeFlags } from './runProbe.ts';

const DETAILS = `
It fits a linear map that reads labels and words of attributes from the latents of the data, and writes it into the folder's
model_index.json; no weight changes. From then on what a picture's latents show is read before they are decoded, and where it is
not what was asked for, they are moved until it is. Attributes that are numbers are left alone. Without --data, a probe is taken
out again.

Example:
  figment probe runs/portraits --data DIR --split-seed 0`;

/** The command `figment probe`. */
export function probeCommand(): Command {
  return new Command('probe')
    .description('give a model a probe: pictures are corrected where they do not show what was asked for')
    .argument('<folder>', 'the model folder')
    .option('--data <dir>', 'the data set that the model was trained on')
    .option('--extra-data <dir>', 'more that it was trained on; none of it is held out')
    .option(
      '--rate <x>',
      'how far latents are moved in each of four steps: 0 for not at all',
      realNumber(0, MAX_PROBE_RATE),
      PROBE_RATE,
    )
    .option('--steps <n>', 'training steps', wholeNumber(1), 1200)
    .option('--held-out <share>', 'share of each class kept away, as in training', realNumber(0, 0.9), 0.05)
    .addOption(new Option('--hold-out-by <list>', 'the attributes that the training held out by').argParser(nameList))
    .option('--split-seed <n>', 'seed of that split: the --seed of the training', wholeNumber(0, MAX_SEED), 0)
    .addHelpText('after', DETAILS)
    .action(async (folder: string, flags: ProbeFlags) => (await import('./runProbe.ts')).giveProbe(folder, flags));
}
