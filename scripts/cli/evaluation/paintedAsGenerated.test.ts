import { describe, expect, it } from 'vitest';
import { numCells, placesLayout } from '../../../runtime/core/palettePlaces.ts';
import { numPaletteRows, type PalettePrior } from '../../../runtime/core/palettePrior.ts';
import { normals, uniforms } from '../../../runtime/core/random.ts';
import { coloursOfRecipe, completeRecipe, type Dataset, recipeModel, rowsOf } from '../../../runtime/index.ts';
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

/** Two subjects as an auto-encoder might give them back, all frames one after another. */
const SUBJECTS = [5, 2];
const frameLength = widthPx * heightPx * 4;
const decoded: Dataset = {
  ...data,
  classLabels: Int32Array.from(SUBJECTS, (subject) => data.classLabels[subject]!),
  attributes: rowsOf(data.attributes!, SUBJECTS),
  images: Uint8Array.from(uniforms(9, 0, SUBJECTS.length * numFrames * frameLength), (value) => 256 * value),
};
const frameAt = ({ images }: Dataset, frame: number) => images.subarray(frame * frameLength, (frame + 1) * frameLength);

describe('pictures that were decoded', () => {
  it('are painted as a generated picture with their frames in a row', () => {
    const { index } = modelWith(PALETTE);
    const painted = paintedAsGenerated({ index }, decoded);
    expect(painted).toEqual({ ...decoded, images: expect.any(Uint8Array) });
    expect(painted.images).toHaveLength(decoded.images.length);
    const tone = (subject: number) => VOCABULARY.tone[Number(data.attributes![0]!.data[subject])]!;
    for (let i = 0; i < SUBJECTS.length * numFrames; i++) {
      const [subject, frame] = [Math.floor(i / numFrames), i % numFrames];
      const row = new Uint8Array(numFrames * frameLength);
      const inRow = (x: number, y: number, of: number) => 4 * (y * numFrames * widthPx + of * widthPx + x);
      const eachPixel = Array.from({ length: widthPx * heightPx }, (_, at) => [at % widthPx, Math.floor(at / widthPx)]);
      for (let of = 0; of < numFrames; of++) {
        const own = frameAt(decoded, subject * numFrames + of);
        for (const [at, [x, y]] of eachPixel.entries()) {
          row.set(own.subarray(4 * at, 4 * at + 4), inRow(x!, y!, of));
        }
      }
      const shows = SUBJECTS[subject]!;
      const asked = { label: labels[data.classLabels[shows]!]!, seed: 1, attributes: { tone: tone(shows) } };
      const recipe = completeRecipe(asked, recipeModel(index, null));
      const expected = expectedColours(row, coloursOfRecipe(index, recipe)!);
      const crop = eachPixel.flatMap(([x, y]) => [...expected.subarray(inRow(x!, y!, frame)).subarray(0, 4)]);
      const pixels = frameAt(painted, i);
      expect([...pixels]).toEqual(crop);
      expect(pixels).not.toEqual(frameAt(decoded, i));
    }
  });

  it('stay as they are where the model has no palette', () => {
    expect(paintedAsGenerated(modelWith(), decoded)).toEqual(decoded);
  });
});
