import { Command } from 'commander';
import { trainCommand } from './train.ts';

const program = new Command('figment').description('Generates game art, and trains the models that do.');
program.addCommand(trainCommand());
await program.parseAsync();
