import { Command } from 'commander';

const DETAILS = `
Exit code 1 when nothing of it runs, not even an auto-encoder on which a model can be trained.

Examples:
  figment inspect portraits
  figment inspect downloads/ddpm-cifar10-32`;

/** The command `figment inspect`. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description('tell what a model folder is, what of it runs here and what does not, and why')
    .argument('<model>', "a shipped model's name, a folder or an https address")
    .addHelpText('after', DETAILS)
    .action(async (model: string) => (await import('./inspectModel.ts')).inspectModel(model));
}
