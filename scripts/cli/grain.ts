import { Command } from 'commander';
import { dataOfModelOptions, nameList, realNumber, refuseWithoutData } from './optionParsers.ts';
import type { GrainCommandOptions } from './runGrain.ts';

const DETAILS = `
It looks what the auto-encoder loses of the pictures of each label where little happens in them, such as the grains of sand, and
writes that into the folder's model_index.json as a small picture, a texton; no weight changes. From then on pictures of that label are
made with such grain, by noise of their seed: in all channels at once, so that colour, height and roughness agree. It is for pictures
without transparency, such as materials. Without --data, the grain is taken out again.

Examples:
  figment grain runs/materials --data DIR --split-seed 0
  figment grain runs/materials --data DIR --split-seed 0 --labels sand,rock,plaster`;

/** The command `figment grain`. */
export function grainCommand(): Command {
  const command = new Command('grain')
    .description('give a model the grain of its data, which its auto-encoder loses')
    .argument('<folder>', 'the model folder')
    .option(
      '--quiet <share>',
      'in which share of blocks, the quietest ones, it is measured: the smaller, the less of edges gets in',
      realNumber(0.001, 1),
      0.25,
    )
    .option('--labels <list>', 'the labels that get grain, separated by commas; all of them, unless named', nameList)
    .addHelpText('after', DETAILS);
  for (const option of dataOfModelOptions()) command.addOption(option);
  return command.action(async (folder: string, options: GrainCommandOptions) => {
    refuseWithoutData(command, options);
    await (await import('./runGrain.ts')).giveGrain(folder, options);
  });
}
