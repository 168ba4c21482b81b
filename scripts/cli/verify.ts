// figment verify: its options; verifyCases.ts does the work and is loaded only then.
import { Command, Option } from 'commander';
import type { VerifyCommandOptions } from './verifyCases.ts';

const DETAILS = `
A case is a UNet2DModel or AutoencoderKL folder with case.safetensors, a pipeline folder with case.safetensors and
case.json, or a scheduler's .json with a .safetensors file of the same name. Exit code 1 when a case differs by more
than 2e-4 of the largest magnitude in its output.`;

/** The command `figment verify`. */
export function verifyCommand(): Command {
  return new Command('verify')
    .description('compare networks, samplers and pipelines with results that diffusers recorded')
    .argument('<folder...>', 'cases, or folders that hold cases at any depth')
    .addOption(new Option('--backend <name>', 'default: the fastest here').choices(['webgpu', 'wasm', 'cpu']))
    .addHelpText('after', DETAILS)
    .action(async (paths: string[], options: VerifyCommandOptions) =>
      (await import('./verifyCases.ts')).verifyCases(paths, options),
    );
}
