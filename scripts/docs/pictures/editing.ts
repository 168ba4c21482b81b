// Pictures of portraits that are edited: varied as a whole, and painted again around the face.
import { attributesOfRecipe, type DiffusionModel } from '../../../runtime/index.ts';
import { IN_TWENTY_STEPS, paint, pictureRows } from './painting.ts';

/** A portrait, and what its teacher makes of it at growing strengths, which a student of four steps would tell apart by quarters. */
export async function variation(model: DiffusionModel, teacher: DiffusionModel): Promise<Uint8Array> {
  const rows: Uint8Array[][] = [];
  for (const [label, seed] of [
    ['goblin', 5],
    ['human_female', 19],
  ] as const) {
    const [original] = await paint(model, [{ label, seed }]);
    const row = [original!];
    for (const strength of [0.4, 0.6, 0.8, 0.9, 1]) {
      const options = { strength, keepAlpha: false, ...IN_TWENTY_STEPS };
      row.push(...(await paint(teacher, [{ label, seed: seed + 100, image: original! }], options)));
    }
    rows.push(row);
  }
  return pictureRows(model, rows);
}

/** What the new hair is to be: where it is left open, two colours may meet. */
const NEW_HAIR = [
  { hair_style: 'long', hair_colour: 'red' },
  { hair_style: 'bun', hair_colour: 'brown' },
  { hair_style: 'ponytail', hair_colour: 'blonde' },
  { hair_style: 'bob', hair_colour: 'teal' },
  { hair_style: 'afro', hair_colour: 'black' },
  { hair_style: 'braids', hair_colour: 'auburn' },
];

/** What is told of a face that stays, so that ears and brow get its skin, and a collar is one. */
const OF_THE_FACE = ['gender', 'age', 'skin', 'eye_colour', 'expression', 'clothes', 'clothes_colour'];

/** Faces that stay while all around them is painted again. */
export async function inpainting(model: DiffusionModel): Promise<Uint8Array> {
  const { labels, figment } = model.index;
  const { widthPx, heightPx } = figment;
  const mask = Uint8Array.from({ length: widthPx * heightPx }, (_, i) =>
    outsideFace(i % widthPx, Math.floor(i / widthPx)),
  );
  const rows: Uint8Array[][] = [];
  for (const [label, seed] of [
    ['human_female', 6],
    ['elf', 7],
  ] as const) {
    const [original] = await paint(model, [{ label, seed }]);
    const known = Object.entries(attributesOfRecipe({ labels, ...figment }, { label, seed }));
    const attributes = Object.fromEntries(known.filter(([name]) => OF_THE_FACE.includes(name)));
    const requests = NEW_HAIR.map((hair, i) => ({
      ...{ label, seed: 30 + i, image: original!, mask },
      attributes: { ...attributes, ...hair },
    }));
    rows.push([original!, ...(await paint(model, requests))]);
  }
  return pictureRows(model, rows);
}

/** The mask at a pixel: 0 in an oval from the brows to the chin, 255 outside of it, and in between along its edge. */
function outsideFace(x: number, y: number): number {
  const distance = Math.hypot((x - 34) / 13, (y - 39.5) / 13.5);
  return Math.round(255 * Math.min(1, Math.max(0, (distance - 0.9) / 0.2)));
}
