import { Command } from 'commander';
import {
  MAX_PROBE_GRID,
  MAX_PROBE_LOGIT,
  MAX_PROBE_RATE,
  PROBE_GRID,
  PROBE_RATE,
} from '../../runtime/core/linearProbe.ts';
import { dataOfModelOptions, factorList, realNumber, refuseWithoutData, wholeNumber } from './optionParsers.ts';
import type { ProbeCommandOptions } from './runProbe.ts';

const DETAILS = `
It fits a linear map that reads labels and words of attributes from the latents of the data, and writes it into the folder's
model_index.json; no weight changes. From then on what a picture's latents show is read before they are decoded, and where it is
not what was asked for, they are moved until it is, as plainly as in real pictures. What the decoder loses again, as it does what is
small, is worth an --emphasis; what shows anyway can do with less. Attributes that are numbers are left alone. Without --data, a probe
is taken out again.

Examples:
  figment probe runs/portraits --data DIR --split-seed 0
  figment probe runs/portraits --data DIR --split-seed 0 --emphasis extras=8,fringe=2`;

/** The command `figment probe`. */
export function probeCommand(): Command {
  const command = new Command('probe')
    .description('give a model a probe: pictures are corrected where they do not show what was asked for')
    .argument('<folder>', 'the model folder')
    .option(
      '--rate <x>',
      'how far latents are moved in each of four steps: 0 for not at all',
      realNumber(0, MAX_PROBE_RATE),
      PROBE_RATE,
    )
    .option(
      '--grid <n>',
      `it sees the means of so many cells a side (default: ${PROBE_GRID}, or as many as latents have and fit into the index)`,
      wholeNumber(1, MAX_PROBE_GRID),
    )
    .option(
      '--emphasis <list>',
      'so many times as plainly as in real pictures it is to show the label, or an attribute: eyes=2,label=0.5',
      factorList(MAX_PROBE_LOGIT),
    )
    .option('--steps <n>', 'training steps (default: 1200)', wholeNumber(1))
    .addHelpText('after', DETAILS);
  for (const option of dataOfModelOptions()) command.addOption(option);
  return command.action(async (folder: string, options: ProbeCommandOptions) => {
    refuseWithoutData(command, options);
    await (await import('./runProbe.ts')).giveProbe(folder, options);
  });
}
