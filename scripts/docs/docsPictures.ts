// npm run docs:pictures: the guide's pictures, to docs/guide/images.
import path from 'node:path';
import { Command } from 'commander';
import { loadModelFolder } from '../../runtime/index.ts';
import { endWithError } from '../cli/endWithError.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { buildModel, modelSource } from '../node/openModel.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { PICTURES } from './pictures.ts';

interface PictureOptions {
  out: string;
  only?: string;
}

async function drawPictures({ out, only }: PictureOptions): Promise<void> {
  const backend = await openNodeBackend();
  for (const [name, drawings] of Object.entries(PICTURES)) {
    const wanted = Object.entries(drawings).filter(([picture]) => only === undefined || only === picture);
    if (wanted.length === 0) continue;
    const model = buildModel(await loadModelFolder(modelSource(name)));
    for (const [picture, draw] of wanted) {
      await writeFilesAtomic(out, { [`${picture}.png`]: await draw(model) });
      console.log(path.join(path.relative(process.cwd(), out), `${picture}.png`));
    }
    model.dispose();
  }
  backend.release();
}

await new Command('npm run docs:pictures --')
  .description("paint the guide's pictures with the shipped models")
  .option('--out <folder>', 'where to', path.join(packageRoot(), 'docs/guide/images'))
  .option('--only <name>', `one of ${Object.values(PICTURES).flatMap(Object.keys).join(', ')}`)
  .action(drawPictures)
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
