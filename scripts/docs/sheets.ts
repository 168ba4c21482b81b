// Sheets of portraits, for the chapters on how to use Figment.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  attributesOfRecipe,
  composeSheet,
  type DiffusionModel,
  generate,
  loadModelFolder,
  type PictureOptions,
  scaleSheet,
} from '../../runtime/index.ts';
import { buildModel, modelSource } from '../node/openModel.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { decodePng, encodePng } from '../node/png.ts';
import { type Draw, IN_TWENTY_STEPS } from './pictures/painting.ts';

/** The sheet of docs/images by the model that paints them and by the name of their file. */
export const SHEETS: Record<string, Record<string, Draw>> = { portraits: { editing } };

/** The sheet of docs/guide/images that needs a model of the visitor's own training. */
export const PIXEL_SHEET: Record<string, Record<string, Draw>> = { portraits: { pixels } };

/** Tiles of every sheet have this size, and larger ones their own. */
const TILE_PX = 64;
const COLUMNS = 12;
/** How many times as large the sheet of docs/images shows its pictures. */
const SCALE = 2;

const seedsFrom = (seed: number, count: number) => Array.from({ length: count }, (_, i) => seed + i);

/** Hair for the same elf; all else of her is told as her seed has decided on it. */
const HAIR = [
  ['long', 'red'],
  ['bob', 'white'],
  ['spiky', 'blonde'],
  ['ponytail', 'teal'],
  ['bun', 'auburn'],
  ['shaggy', 'purple'],
  ['braids', 'ginger'],
  ['afro', 'brown'],
] as const;

/** An elf and eight sisters of hers, which her teacher paints, and the same elf with other hair. */
async function editing(model: DiffusionModel, teacher: DiffusionModel): Promise<Uint8Array> {
  const label = 'elf';
  const [elf] = await generate(model, [{ label, seed: 7 }]);
  const mask = await hairMask(model);
  const requests = (edit: Partial<PictureOptions>) =>
    seedsFrom(10, 8).map((seed) => ({ label, seed, image: elf!, ...edit }));
  const sisters = await generate(teacher, requests({}), { strength: 0.8, ...IN_TWENTY_STEPS });
  const { labels, figment } = model.index;
  const { fringe: _fringe, ...known } = attributesOfRecipe({ labels, ...figment }, { label, seed: 7 });
  const hair = await generate(
    model,
    HAIR.map(([hair_style, hair_colour], i) => ({
      ...requests({ mask })[i]!,
      attributes: { ...known, hair_style, hair_colour },
    })),
  );
  return sheetOf(model, [
    [elf!, ...sisters],
    [elf!, ...hair],
  ]);
}

/** Where the chapter on diffusion trains its model of pixels. */
const PIXEL_MODEL = 'runs/pixels';

/** Portraits of a model of pixels, and of the shipped model of latents. */
async function pixels(model: DiffusionModel): Promise<Uint8Array> {
  const folder = path.join(packageRoot(), PIXEL_MODEL);
  if (!existsSync(folder)) {
    throw new Error(`there is no ${PIXEL_MODEL}; train it by the commands of docs/guide/14-diffusion.md`);
  }
  const small = buildModel(await loadModelFolder(modelSource(folder)));
  const labels = small.index.labels.filter((label) => model.index.labels.includes(label)).slice(0, COLUMNS / 2);
  const requests = labels.flatMap((label) => seedsFrom(7, 2).map((seed) => ({ label, seed })));
  const ownOptions = { sampler: 'ddpm', numInferenceSteps: 250, guidanceScale: 1.5 } as const;
  const rows = [
    enlarged(small, await generate(small, requests, ownOptions)),
    enlarged(model, await generate(model, requests)),
  ];
  small.dispose();
  return encodePng(composeSheet(rows.flat(), requests.length, TILE_PX, TILE_PX));
}

/** The pictures of a model as tiles of a sheet. */
function enlarged({ index }: DiffusionModel, pictures: readonly Uint8Array[]): Uint8Array[] {
  const { widthPx, heightPx } = index.figment;
  return pictures.map((picture) => {
    const one = composeSheet([picture], 1, widthPx, heightPx);
    return new Uint8Array(scaleSheet(one, TILE_PX / widthPx).pixels);
  });
}

/** The mask of the examples, a byte a pixel of the model. */
async function hairMask({ index }: DiffusionModel): Promise<Uint8Array> {
  const { widthPx, heightPx } = index.figment;
  const file = path.join(packageRoot(), 'assets/examples/hair.png');
  const { width, height, channels, pixels } = decodePng(await readFile(file), file);
  return Uint8Array.from({ length: widthPx * heightPx }, (_, i) => {
    const x = Math.floor(((i % widthPx) * width) / widthPx);
    const y = Math.floor((Math.floor(i / widthPx) * height) / heightPx);
    return pixels[(y * width + x) * channels]!;
  });
}

function sheetOf({ index }: DiffusionModel, rows: Uint8Array[][]): Uint8Array {
  const { widthPx, heightPx } = index.figment;
  const sheet = composeSheet(rows.flat(), rows[0]!.length, widthPx, heightPx);
  return encodePng(scaleSheet(sheet, SCALE));
}
