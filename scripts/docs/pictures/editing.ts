// Pictures of portraits that are edited: varied as a whole, and painted again around the face.
import type { DiffusionModel } from '../../../runtime/index.ts';
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

/** Faces that stay while all around them is painted again. */
export async function inpainting(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx, heightPx } = model.index.figment;
  const rows: Uint8Array[][] = [];
  for (const [label, seed] of [
    ['human_female', 6],
    ['elf', 7],
  ] as const) {
    const [original] = await paint(model, [{ label, seed }]);
    const mask = Uint8Array.from({ length: widthPx * heightPx }, (_, i) =>
      isFace(i % widthPx, Math.floor(i / widthPx)) ? 0 : 255,
    );
    const requests = Array.from({ length: 6 }, (_, i) => ({ label, seed: 30 + i, image: original!, mask }));
    rows.push([original!, ...(await paint(model, requests))]);
  }
  return pictureRows(model, rows);
}

/** Whether a pixel lies in the face, from the brows to the chin. */
const isFace = (x: number, y: number) => x >= 20 && x < 49 && y >= 27 && y < 53;
