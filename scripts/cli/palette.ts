import { Command } from 'commander';
import { MAX_PARTS } from '../../runtime/core/palettePlaces.ts';
import { MIN_DEVIATION } from '../../runtime/core/palettePrior.ts';
import { dataOfModelOptions, realNumber, refuseWithoutData, wholeNumber } from './optionParsers.ts';
import type { PaletteCommandOptions } from './runPalette.ts';

const DETAILS = `
It counts which colours the pictures of each label and attribute have and where in pictures each shows, looks what the auto-encoder
makes of them, and writes that into the folder's model_index.json; no weight changes. From then on each pixel that the model makes gets the colour that is likeliest there for what was asked for, or with
--sure the one to be expected, which may lie between two. The data must be pixel art of few colours. Without --data, a palette is
taken out again.

Example:
  figment palette runs/portraits --data DIR --split-seed 0`;

/** The command `figment palette`. */
export function paletteCommand(): Command {
  const command = new Command('palette')
    .description('give a model the palette of its data: the colours of each label and attribute')
    .argument('<folder>', 'the model folder')
    .option(
      '--deviation <x>',
      'how far decoded colours lie from those meant, in Oklab: the larger, the more counts what was asked for',
      realNumber(MIN_DEVIATION, 1),
      0.03,
    )
    .option(
      '--sure <p>',
      'how likely a colour is that a pixel gets as it is, where others are mixed: 0 for always the likeliest, 1 for always mixed',
      realNumber(0, 1),
      0,
    )
    .option(
      '--parts <n>',
      'how many parts of pictures, such as hair and irises, say where each colour shows; 0: it may anywhere',
      wholeNumber(0, MAX_PARTS),
      MAX_PARTS,
    )
    .addHelpText('after', DETAILS);
  for (const option of dataOfModelOptions()) command.addOption(option);
  return command.action(async (folder: string, options: PaletteCommandOptions) => {
    refuseWithoutData(command, options);
    await (await import('./runPalette.ts')).givePalette(folder, options);
  });
}
