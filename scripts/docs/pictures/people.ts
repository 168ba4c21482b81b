// Pictures of portraits that are asked for by character sheets.
import { type DiffusionModel, type PictureOptions, pixelArt } from '../../../runtime/index.ts';
import { paint, paintRows, pictureRows } from './painting.ts';

/** Two portraits of each kind, in rows of half of the kinds. */
export async function kinds(model: DiffusionModel): Promise<Uint8Array> {
  const { labels } = model.index;
  const columns = Math.ceil(labels.length / 2);
  const requests = [1, 101].flatMap((seed) => labels.map((label, i) => ({ label, seed: seed + (i % columns) })));
  return pictureRows(model, await paintRows(model, requests, columns));
}

/** What a sheet can say, at a glance: kinds, one person with every colour of hair, one with every expression. */
export async function people(model: DiffusionModel): Promise<Uint8Array> {
  const { labels } = model.index;
  const requests = [...labels, ...labels].slice(0, 3 * COLUMNS).map((label, i) => ({ label, seed: 1 + i }));
  return pictureRows(model, [
    ...(await paintRows(model, requests, COLUMNS)),
    ...(await variedRows(model, 'hair_colour', WOMAN)),
    ...(await variedRows(model, 'expression', ELF)),
  ]);
}

/** Two people with every colour of hair. */
export async function hair(model: DiffusionModel): Promise<Uint8Array> {
  const woman = variedRows(model, 'hair_colour', WOMAN);
  const orc = variedRows(model, 'hair_colour', { label: 'orc', seed: 8, attributes: { hair_style: 'spiky' } });
  return pictureRows(model, [...(await woman), ...(await orc)]);
}

/** Four people with every expression: each of them stays who they are. */
export async function expressions(model: DiffusionModel): Promise<Uint8Array> {
  const rows: Uint8Array[][] = [];
  for (const person of [
    ELF,
    { label: 'human_male', seed: 5, attributes: { beard: 'full', eye_colour: 'brown' } },
    { label: 'dark_elf', seed: 13, attributes: { eyewear: 'glasses' } },
    { label: 'catfolk', seed: 5, attributes: { hair_colour: 'black' } },
  ]) {
    rows.push(...(await variedRows(model, 'expression', person)));
  }
  return pictureRows(model, rows);
}

/** People who are more and more of another kind. */
export async function blends(model: DiffusionModel): Promise<Uint8Array> {
  const requests = [
    ['catfolk', { label: 'human_female', seed: 7 }] as const,
    ['dogfolk', { label: 'human_male', seed: 4 }] as const,
    ['bearfolk', { label: 'human_male', seed: 14 }] as const,
    ['foxfolk', { label: 'dark_elf', seed: 5 }] as const,
  ].flatMap(([label, person]) => BLEND_AMOUNTS.map((amount) => ({ ...person, blend: { label, amount } })));
  return pictureRows(model, await paintRows(model, requests, BLEND_AMOUNTS.length));
}

/** Portraits as they are painted, and with a palette of their own of fewer and fewer colours. */
export async function palettes(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx, heightPx } = model.index.figment;
  const labels = ['elf', 'goblin', 'human_female', 'vampire', 'human_elder', 'human_male', 'rabbitfolk', 'elf'];
  const portraits = await paint(
    model,
    labels.map((label, i) => ({ label, seed: 21 + i })),
  );
  const rows = [24, 12, 6].map((colours) =>
    portraits.map((portrait) => pixelArt(portrait, widthPx, heightPx, { colours }).pixels as Uint8Array),
  );
  return pictureRows(model, [portraits, ...rows]);
}

const COLUMNS = 7;

const WOMAN: PictureOptions = { label: 'human_female', seed: 6, attributes: { hair_style: 'long' } };
const ELF: PictureOptions = { label: 'elf', seed: 7, attributes: { hair_colour: 'blonde' } };

export const BLEND_AMOUNTS = [0, 0.3, 0.5, 0.6, 0.7, 0.85, 1];

/** Rows in which one attribute goes through all its words while the person stays. */
function variedRows(model: DiffusionModel, name: string, person: PictureOptions): Promise<Uint8Array[][]> {
  const words = (model.index.figment.attributes![name] as string[]).filter((word) => word !== 'none');
  const varied = words.map((word) => ({
    ...person,
    attributes: { ...person.attributes, [name]: word },
    sameAs: { [name]: 'any' },
  }));
  return paintRows(model, varied, COLUMNS);
}
