import { Command } from 'commander';
import { dataOfModelOptions, nameList, realNumber, refuseWithoutData } from './optionParsers.ts';
import type { RegionsCommandOptions } from './runRegions.ts';

const DETAILS = `
It looks where in the latents of the data each attribute shows, all others alike, and writes that into the folder's
model_index.json; no weight changes. From then on a picture that is varied in an attribute stays as it was outside of its region:
another expression leaves hair and clothes alone. Name attributes that show in the same part of all pictures. Without --data, all
regions are taken out again.

Example:
  figment regions runs/portraits --data DIR --split-seed 0 --attributes expression,eyewear`;

/** The command `figment regions`. */
export function regionsCommand(): Command {
  const command = new Command('regions')
    .description('tell a model where attributes show, so that a change of them leaves the rest of the picture alone')
    .argument('<folder>', 'the model folder');
  for (const option of dataOfModelOptions()) command.addOption(option);
  return command
    .option('--attributes <list>', 'the attributes, which are words', nameList)
    .option(
      '--share <x>',
      'how much of what latents vary an attribute must tell in a cell that is in its region',
      realNumber(0, 1),
      0.005,
    )
    .addHelpText('after', DETAILS)
    .action(async (folder: string, options: RegionsCommandOptions) => {
      refuseWithoutData(command, options);
      await (await import('./runRegions.ts')).giveRegions(folder, options);
    });
}
