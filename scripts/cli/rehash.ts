import { Command } from 'commander';

/** The command `figment rehash`. */
export function rehashCommand(): Command {
  return new Command('rehash')
    .description('renew the sha-256 of all files in model_index.json, after a model was changed on purpose')
    .argument('<folder...>', 'model folders, such as one that save_pretrained has written to')
    .action(async (folders: string[]) => {
      const { printable } = await import('../node/terminal.ts');
      const { rehashModel } = await import('../node/rehashModel.ts');
      for (const folder of folders) {
        const numRenewed = await rehashModel(folder);
        const result = numRenewed === 0 ? 'all was as it says' : `${numRenewed} renewed`;
        console.log(printable(`rehash: ${folder}: ${result}`));
      }
    });
}
