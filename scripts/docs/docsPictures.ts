// npm run docs:pictures: the pictures that shipped models paint for the guide, to docs/guide/images and docs/images.
import path from 'node:path';
import { Command, Option } from 'commander';
import { loadModelFolder } from '../../runtime/index.ts';
import { endWithError } from '../cli/endWithError.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { buildModel, modelSource, openTeacher } from '../node/openModel.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { PICTURES } from './pictures/index.ts';
import { PIXEL_SHEET, SHEETS } from './sheets.ts';

interface DocsPicturesCommandOptions {
  /** The folder of the documents. */
  out: string;
  /** The name of one picture; default: all. */
  only?: string;
}

const FOLDERS = [
  { folder: 'guide/images', pictures: PICTURES },
  { folder: 'images', pictures: SHEETS },
  { folder: 'guide/images', pictures: PIXEL_SHEET },
];

/** All pictures: the name of each, and its file in the folder of the documents. */
export const DRAWN_PICTURES: Readonly<Record<string, string>> = Object.fromEntries(
  FOLDERS.flatMap(({ folder, pictures }) => {
    const names = Object.values(pictures).flatMap(Object.keys);
    return names.map((name) => [name, `${folder}/${name}.png`]);
  }),
);

/** Draws the pictures. One that cannot be drawn is told of, and the others are drawn all the same. */
export async function drawPictures({ out, only }: DocsPicturesCommandOptions): Promise<void> {
  const backend = await openNodeBackend();
  for (const { folder, pictures } of FOLDERS) {
    for (const [name, drawings] of Object.entries(pictures)) {
      const wanted = Object.entries(drawings).filter(([picture]) => only === undefined || only === picture);
      if (wanted.length === 0) continue;
      const source = modelSource(name);
      const model = buildModel(await loadModelFolder(source));
      const teacher = await openTeacher(model, source);
      for (const [picture, draw] of wanted) {
        await write(path.join(out, folder), picture, () => draw(model, teacher ?? model));
      }
      teacher?.dispose();
      model.dispose();
    }
  }
  backend.release();
}

async function write(folder: string, picture: string, draw: () => Promise<Uint8Array>): Promise<void> {
  try {
    await writeFilesAtomic(folder, { [`${picture}.png`]: await draw() });
    console.log(path.join(path.relative(process.cwd(), folder), `${picture}.png`));
  } catch (error) {
    console.error(`docs:pictures: ${picture} is left as it is: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

/** The command `npm run docs:pictures`. */
function picturesCommand(): Command {
  return new Command('npm run docs:pictures --')
    .description("paint the guide's pictures with the shipped models")
    .option('--out <folder>', 'the folder of the documents', path.join(packageRoot(), 'docs'))
    .addOption(new Option('--only <name>', 'one picture').choices(Object.keys(DRAWN_PICTURES)))
    .action(drawPictures);
}

if (process.argv[1] === import.meta.filename) await picturesCommand().exitOverride().parseAsync().catch(endWithError);
