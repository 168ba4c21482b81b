import { describe, expect, it } from 'vitest';
import { numCells, placesLayout } from '../../../runtime/core/palettePlaces.ts';
import { numPaletteRows, type PalettePrior } from '../../../runtime/core/palettePrior.ts';
import { normals, uniforms } from '../../../runtime/core/random.ts';
import { coloursOfRecipe, completeRecipe, recipeModel } from '../../../runtime/index.ts';
import { expectedColours } from '../../../runtime/surface/expectedColours.ts';
import { tinyFrames, WALK } from '../../../runtime/testing/tinyFrames.ts';
import { tinyModelFiles } from '../../../runtime/testing/tinyModel.ts';
import { paintedAsGenerated } from './paintedAsGenerated.ts';

const data = tinyFrames();
const { widthPx, heightPx, labels } = data;
const VOCABULARY = { tone: ['red', 'blue'] };
const numFrames = WALK.length;

/** Any six colours, more or less likely, each in parts of the picture. */
const PALETTE: PalettePrior = {
  colours: Uint8Array.from(uniforms(5, 0, 18), (value) => 256 * value),
  logits: Int8Array.from(normals(5, 1, 6 * numPaletteRows(labels.length, VOCABULARY)), (value) => 30 * value),
  deviation: 0.2,
  sure: 0.9,
  places: {
    parts: Uint8Array.from(uniforms(5, 3, numCells(placesLayout(widthPx, heightPx, WALK)) * 4), (value) => 90 * value),
    shares: Uint8Array.from(uniforms(5, 4, 6 * 4), (value) => 90 * value),
  },
};

function modelWith(palette?: PalettePrior) {
  const { index } = tinyModelFiles({ attributes: VOCABULARY });
  const size = { widthPx, heightPx, frames: WALK };
  return { index: { ...index, labels, figment: { ...index.figment, ...size, ...(palette && { palette }) } } };
}

/** The frames of two subjects as an auto-encoder might give them back. */
const SUBJECTS = Int32Array.of(5, 2);
const decoded = Array.from({ length: SUBJECTS.length * numFrames }, (_, i) => ({
  pixels: Uint8Array.from(uniforms(9, i, widthPx * heightPx * 4), (value) => 256 * value),
  maps: null,
}));

describe('pictures that were decoded', () => {
  it('are painted as a generated picture with their frames in a row', () => {
    const { index } = modelWith(PALETTE);
    const painted = paintedAsGenerated({ index }, data, SUBJECTS, decoded);
    expect(painted).toHaveLength(decoded.length);
    const tone = (subject: number) => VOCABULARY.tone[Number(data.attributes![0]!.data[subject])]!;
    for (const [i, { pixels }] of painted.entries()) {
      const [subject, frame] = [Math.floor(i / numFrames), i % numFrames];
      const row = new Uint8Array(numFrames * widthPx * heightPx * 4);
      const inRow = (x: number, y: number, of: number) => 4 * (y * numFrames * widthPx + of * widthPx + x);
      const eachPixel = Array.from({ length: widthPx * heightPx }, (_, at) => [at % widthPx, Math.floor(at / widthPx)]);
      for (let of = 0; of < numFrames; of++) {
        const own = decoded[subject * numFrames + of]!.pixels;
        for (const [at, [x, y]] of eachPixel.entries()) {
          row.set(own.subarray(4 * at, 4 * at + 4), inRow(x!, y!, of));
        }
      }
      const shows = SUBJECTS[subject]!;
      const asked = { label: labels[data.classLabels[shows]!]!, seed: 1, attributes: { tone: tone(shows) } };
      const recipe = completeRecipe(asked, recipeModel(index, null));
      const expected = expectedColours(row, coloursOfRecipe(index, recipe)!);
      const crop = eachPixel.flatMap(([x, y]) => [...expected.subarray(inRow(x!, y!, frame)).subarray(0, 4)]);
      expect([...pixels]).toEqual(crop);
      expect(pixels).not.toEqual(decoded[i]!.pixels);
    }
  });

  it('stay as they are where the model has no palette', () => {
    expect(paintedAsGenerated(modelWith(), data, SUBJECTS, decoded)).toEqual(decoded);
  });
});
