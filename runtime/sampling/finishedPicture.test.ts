import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { numPaletteRows, type PalettePrior } from '../core/palettePrior.ts';
import { normals, uniforms } from '../core/random.ts';
import { expectedColours } from '../surface/expectedColours.ts';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { completeAll } from './completeAll.ts';
import { coloursOfRecipe } from './finishedPicture.ts';
import { generate } from './generate.ts';
import { createModel } from './model.ts';

const VOCABULARY = { hair: ['black', 'red'], wear: { min: 0, max: 1 } };

/** Any twelve colours, more or less likely. */
function palette(numLabels: number): PalettePrior {
  const numRows = numPaletteRows(numLabels, VOCABULARY);
  return {
    colours: Uint8Array.from(uniforms(5, 0, 36), (value) => 256 * value),
    logits: Int8Array.from(normals(5, 1, 12 * numRows), (value) => 20 * value),
    deviation: 0.2,
    sure: 0.9,
    offsets: Int8Array.from(normals(5, 2, 36), (value) => 20 * value),
    places: {
      parts: Uint8Array.from(uniforms(5, 3, 16 * 16 * 4), (value) => 90 * value),
      shares: Uint8Array.from(uniforms(5, 4, 12 * 4), (value) => 90 * value),
    },
  };
}

function modelOf(hasPalette: boolean) {
  const files = tinyModelFiles({ attributes: VOCABULARY });
  const { index } = files;
  const figment = { ...index.figment, ...(hasPalette && { palette: palette(index.labels.length) }) };
  return createModel({ ...files, index: { ...index, figment } });
}

const ELF = { label: 'elf', seed: 7, attributes: { hair: 'red', wear: 0.3 } };

describe('a model with a palette', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('makes the pictures of one without, each pixel in the colour to be expected for what is asked for', async () => {
    const [plain, model] = [modelOf(false), modelOf(true)];
    const requests = [ELF, { ...ELF, attributes: { hair: 'black' } }];
    const [raw, made] = [await generate(plain, requests), await generate(model, requests)];
    const { recipes } = completeAll({ model }, requests, {});
    for (const [i, recipe] of recipes.entries()) {
      expect(made[i]).toEqual(expectedColours(raw[i]!, coloursOfRecipe(model.index, recipe)!));
      expect(made[i]).not.toEqual(raw[i]);
      const anywhere = { ...coloursOfRecipe(model.index, recipe)!, places: null };
      expect(made[i]).not.toEqual(expectedColours(raw[i]!, anywhere));
    }
    expect(coloursOfRecipe(plain.index, recipes[0]!)).toBeNull();
    for (const one of [plain, model]) one.dispose();
  });

  it('asks each label and word for other colours, and keeps what an edit keeps', async () => {
    const model = modelOf(true);
    const requests = [
      ELF,
      { ...ELF, label: 'orc' },
      { ...ELF, attributes: {} },
      { ...ELF, blend: { label: 'orc', amount: 0.5 } },
    ];
    const { recipes } = completeAll({ model }, requests, {});
    const costs = recipes.map((recipe) => coloursOfRecipe(model.index, recipe)!.entries.join());
    expect(new Set(costs).size).toBe(4);
    const unguided = completeAll({ model }, requests, { guidanceScale: 0 }).recipes;
    expect(new Set(unguided.map((recipe) => coloursOfRecipe(model.index, recipe)!.entries.join())).size).toBe(1);
    const image = Uint8Array.from(uniforms(9, 0, 16 * 16 * 4), (value) => 256 * value);
    const mask = new Uint8Array(16 * 16);
    expect((await generate(model, [{ ...ELF, image, mask }]))[0]).toEqual(image);
    model.dispose();
  });
});
