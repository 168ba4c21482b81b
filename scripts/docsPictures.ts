// npm run docs:pictures: the guide's pictures, to docs/guide/images.
import path from 'node:path';
import { Command } from 'commander';
import { loadModelFolder } from '../runtime/index.ts';
import { PICTURES } from './docs/pictures.ts';
import { writeFilesAtomic } from './io/atomicWrite.ts';
import { endWithError } from './io/endWithError.ts';
import { openNodeBackend } from './io/nodeBackend.ts';
import { buildModel, modelSource } from './io/openModel.ts';
import { packageRoot } from './io/packageRoot.ts';

interface PictureOptions {
  out: string;
  only?: string;
}

async function drawPictures({ out, only }: PictureOptions): Promise<void> {
  const backend = await openNodeBackend();
  const model = buildModel(await loadModelFolder(modelSource('portraits')));
  for (const [name, draw] of Object.entries(PICTURES)) {
    if (only !== undefined && only !== name) continue;
    await writeFilesAtomic(out, { [`${name}.png`]: await draw(model) });
    console.log(path.join(path.relative(process.cwd(), out), `${name}.png`));
  }
  model.dispose();
  backend.release();
}

await new Command('npm run docs:pictures --')
  .description("paint the guide's pictures with the shipped portraits model")
  .option('--out <folder>', 'where to', path.join(packageRoot(), 'docs/guide/images'))
  .option('--only <name>', `one of ${Object.keys(PICTURES).join(', ')}`)
  .action(drawPictures)
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
