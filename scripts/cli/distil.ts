import type { Command } from 'commander';
import { extraDataOption, guidanceIntervalOption, wholeNumber } from './optionParsers.ts';
import { inItsFolder, perceptualWeightOption, runCommand } from './runCommand.ts';
import type { DistilCommandOptions } from './runDistil.ts';

const DETAILS = `
--out gets a whole model folder: the student in unet/, its teacher in unet_teacher/, and all other parts of the model. The
student makes a picture in 4, 2 or 1 passes, with guidance from 1 to 5; whatever else is asked for, the teacher makes.

Examples:
  figment distil portraits --data DIR --minutes 90 --workers 2 --out runs/portraits-student
  figment distil portraits --init-from portraits --data DIR --minutes 30 --workers 2 --out runs/further`;

/** The command `figment distil`. */
export function distilCommand(): Command {
  return runCommand('distil', 'teach a student of a model to make its pictures in few steps of one pass each')
    .argument('<model>', 'the teacher: a shipped model, a model folder or an address')
    .addOption(extraDataOption('more that the model was trained on'))
    .option('--init-from <dir>', 'begin with the student of this model, of a teacher of the same network')
    .option(
      '--guidance-steps <n>',
      'training steps of a first stage that learns guidance alone (default: 0)',
      wholeNumber(0),
    )
    .option(
      '--teacher-steps <n>',
      "steps of the teacher's pictures: a multiple of 4 (default: 16)",
      wholeNumber(4, 1000),
    )
    .addOption(
      guidanceIntervalOption(
        'guide the teacher only between these training timesteps, and let it go on so (default: as it is guided)',
      ),
    )
    .addOption(perceptualWeightOption())
    .addHelpText('after', DETAILS)
    .action(async (model: string, options: DistilCommandOptions) =>
      inItsFolder(async (own: DistilCommandOptions) => (await import('./runDistil.ts')).distil(model, own))(options),
    );
}
