import { Command } from 'commander';
import { packageVersion } from '../node/packageRoot.ts';
import { coloursFor } from '../node/terminal.ts';
import { averageCommand } from './average.ts';
import { bakeCommand } from './bake.ts';
import { datasetCommand } from './dataset.ts';
import { distilCommand } from './distil.ts';
import { evaluateCommand } from './evaluate.ts';
import { exportCommand } from './export.ts';
import { grainCommand } from './grain.ts';
import { inspectCommand } from './inspect.ts';
import { modelsCommand } from './models.ts';
import { paletteCommand } from './palette.ts';
import { pickCommand } from './pick.ts';
import { probeCommand } from './probe.ts';
import { regionsCommand } from './regions.ts';
import { rehashCommand } from './rehash.ts';
import { trainCommand } from './train.ts';
import { verifyCommand } from './verify.ts';

/** The whole command `figment`. Mistakes in its options are printed as one line, then thrown as a CommanderError. */
export function createProgram(): Command {
  const program = new Command('figment')
    .description('Generates game art with diffusion models, and trains the models that do.')
    .version(packageVersion())
    .option('--debug', 'print where an error came from (as does FIGMENT_DEBUG=1)');
  const commands = [
    bakeCommand(),
    pickCommand(),
    inspectCommand(),
    trainCommand(),
    distilCommand(),
    averageCommand(),
    evaluateCommand(),
    paletteCommand(),
    probeCommand(),
    grainCommand(),
    regionsCommand(),
    verifyCommand(),
    rehashCommand(),
    exportCommand(),
    datasetCommand(),
    modelsCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  configure(program);
  return program;
}

/** Sets up a command and those below it, since `addCommand` passes no settings on. */
function configure(command: Command): void {
  const { red } = coloursFor(process.stderr);
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      outputError: (text, write) => write(`${red(text.trim().replace(/\s*\n\s*/g, ' '))}\n`),
    });
  for (const child of command.commands) configure(child);
}
