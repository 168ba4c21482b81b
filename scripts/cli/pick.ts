// figment pick: its options; runPick.ts does the work and is loaded only then.
import { Command, Option } from 'commander';
import { pageOrigin, wholeNumber } from './optionParsers.ts';
import type { PickCommandOptions } from './runPick.ts';

/** The command `figment pick`. */
export function pickCommand(): Command {
  return new Command('pick')
    .description("choose a bake file's pictures on a page in the browser; their seeds are written into the file")
    .argument('<file>', 'a bake file (.json or .jsonc)')
    .option(
      '--candidates <n>',
      'pictures to choose from for each label, besides those of the file',
      wholeNumber(0, 1000),
      24,
    )
    .option('--port <n>', 'default: any that is free', wholeNumber(1, 65_535))
    .option(
      '--page <address>',
      'a page on this machine whose Inspector may choose, too, such as http://localhost:5173',
      pageOrigin,
    )
    .option('--no-open', 'print the address without opening a browser')
    .addOption(new Option('--backend <name>', 'default: the fastest here').choices(['webgpu', 'wasm', 'cpu']))
    .action(async (file: string, options: PickCommandOptions) => (await import('./runPick.ts')).runPick(file, options));
}
