import { Command } from 'commander';
import { realNumber } from './optionParsers.ts';
import type { AverageCommandOptions } from './runAverage.ts';

const DETAILS = `
Every weight of the new model lies between those of the two. Where one was trained on from the other, the new one often has the best
of both, such as what a perceptual loss has taught without its roughness. All that is no weight, such as the palette, is the model's.

Example:
  figment average items runs/items --share 0.25 --out runs/between`;

/** The command `figment average`. */
export function averageCommand(): Command {
  return new Command('average')
    .description('make a model of the weights between those of two, one of which was trained on from the other')
    .argument('<model>', 'a shipped model, a model folder or an address')
    .argument('<other>', 'another one of the same networks, words and latents')
    .requiredOption('--out <dir>', 'folder to write the model to, in which there is none yet')
    .option('--share <x>', 'how much of the other there is: 0 for the model … 1 for the other', realNumber(0, 1), 0.5)
    .addHelpText('after', DETAILS)
    .action(async (model: string, other: string, options: AverageCommandOptions) => {
      await (await import('./runAverage.ts')).average(model, other, options);
    });
}
