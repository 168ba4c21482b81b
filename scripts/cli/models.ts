// figment models: its options; copyModel.ts does the work and is loaded only then.
import { Command } from 'commander';

/** The command `figment models`. */
export function modelsCommand(): Command {
  const models = new Command('models').description('list the models that are installed, and copy them to a site');
  models
    .command('list', { isDefault: true })
    .description('list what is installed')
    .action(async () => (await import('./copyModel.ts')).listModels());
  models
    .command('copy')
    .description('copy what a page fetches of a model or a classifier to a folder of its name')
    .argument('<name>', 'of an installed model, or of a classifier')
    .argument('<folder>', 'what the web server shows, such as public/models')
    .action(async (name: string, folder: string) => (await import('./copyModel.ts')).copyModel(name, folder));
  return models;
}
