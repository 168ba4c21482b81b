// figment export onnx|trainer: the options. Each has a file of its own, loaded when it runs.
import { Command } from 'commander';

const ONNX_DETAILS = `
--out gets unet.onnx, decoder.onnx and encoder.onnx (of models of latents), conditioning.onnx (of models with attributes), and
figment.json: labels, schedule, latents and the steps of a sampler. Opset 17, any batch.

Example:
  figment export onnx portraits --out game/portraits`;

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
  return new Command('export').description('write a model for other programs').addCommand(onnx);
}
