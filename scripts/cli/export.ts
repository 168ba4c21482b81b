// figment export onnx|trainer: the options. Each has a file of its own, loaded when it runs.
import { Command } from 'commander';
import type { ExportTrainerCommandOptions } from './exportTrainer.ts';
import { attributesOption } from './optionParsers.ts';

const ONNX_DETAILS = `
--out gets unet.onnx, decoder.onnx and encoder.onnx (of models of latents), conditioning.onnx (of models with attributes, and of students), and
figment.json: labels, schedule, latents and the steps of a sampler. Opset 17, any batch.

Example:
  figment export onnx portraits --out game/portraits`;

const TRAINER_DETAILS = `
--out gets train.py and what it needs (diffusers and accelerate: see requirements.txt there), the configs of the model to come
below model/, and training.json. README.md there tells how to train on many GPUs and machines; what comes out is a model folder.

Example:
  figment export trainer --data data/faces --out cluster/faces`;

/** The command `figment export`. */
export function exportCommand(): Command {
  const onnx = new Command('onnx')
    .description("write a model's networks as ONNX files, for Unity, Unreal, Godot and other engines")
    .argument('<model>', "a shipped model's name, a folder or an https address")
    .requiredOption('--out <dir>', 'folder to write to')
    .addHelpText('after', ONNX_DETAILS)
    .action(async (model: string, { out }: { out: string }) =>
      (await import('./exportOnnx.ts')).exportOnnx(model, out),
    );
  const trainer = new Command('trainer')
    .description('write a PyTorch project that trains a model on a data set, on any number of GPUs and machines')
    .requiredOption('--data <dir>', 'dataset.json with its sheets, or a folder of PNG files for each label')
    .requiredOption('--out <dir>', 'folder to write to')
    .addOption(attributesOption('default: all that the data have'))
    .option(
      '--circular',
      'for seamless tiles: wrap every convolution around the borders, and augment by shifts that do',
    )
    .option('--flip', 'augment by mirroring')
    .option('--overwrite', 'write over a project that --out holds')
    .addHelpText('after', TRAINER_DETAILS)
    .action(async (options: ExportTrainerCommandOptions) =>
      (await import('./exportTrainer.ts')).exportTrainer(options),
    );
  return new Command('export')
    .description('write a model, or the training of one, for other programs')
    .addCommand(onnx)
    .addCommand(trainer);
}
