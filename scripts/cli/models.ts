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
    .usage('<models...> <folder>')
    .description('copy what a page fetches of models or classifiers to a folder of the name of each')
    .argument(
      '<models...>',
      'models or classifiers, by name or folder, and at last the folder to copy to: what the web server shows, such as public/models',
    )
    .action(async (places: string[]) => (await import('./copyModel.ts')).copyModels(places));
  return models;
}
