import { describe, expect, it } from 'vitest';
import { RECIPE_MODEL as INFO } from '../testing/recipeModel.ts';
import { shortRecipe } from './change.ts';
import { completeRecipe } from './complete.ts';
import { batchKey, recipeKey } from './keys.ts';

const ELF = { label: 'elf', seed: 7 };
const image = Uint8Array.from({ length: 32 }, (_, i) => 5 * i);
const mask = Uint8Array.of(0, 0, 255, 255, 0, 0, 100, 0);

describe('an edit in a recipe', () => {
  it('is a copy, with the defaults of its kind', () => {
    const own = image.slice();
    const varied = completeRecipe({ ...ELF, image: own }, INFO);
    own.fill(0);
    expect(varied).toMatchObject({ image, strength: 0.75, keepAlpha: true });
    expect(varied).not.toHaveProperty('resamples');
    const repainted = completeRecipe({ ...ELF, image, mask }, INFO);
    expect(repainted).toMatchObject({ image, mask, strength: 1, resamples: 4, keepAlpha: false });
  });

  it('leaves a plain recipe as it was', () => {
    const plain = completeRecipe(ELF, INFO);
    for (const name of ['image', 'mask', 'strength', 'resamples', 'keepAlpha']) expect(plain).not.toHaveProperty(name);
    expect(completeRecipe({ ...ELF, image: undefined }, INFO)).toEqual(plain);
  });

  it('comes back from JSON', () => {
    const recipe = completeRecipe({ ...ELF, image: Uint8ClampedArray.from(image), mask, strength: 0.5 }, INFO);
    const saved = JSON.stringify(shortRecipe(recipe, INFO));
    expect(saved.length).toBeLessThan(200);
    expect(completeRecipe(JSON.parse(saved), INFO)).toEqual(recipe);
    expect(shortRecipe(JSON.parse(saved), INFO)).toEqual(JSON.parse(saved));
  });

  it('is refused of a material, whose maps a picture does not have', () => {
    expect(() => completeRecipe({ ...ELF, image }, { ...INFO, channels: 6 })).toThrow(
      /makes materials, and a picture alone has no maps to begin from; leave out image/,
    );
    expect(completeRecipe(ELF, { ...INFO, channels: 6 })).toEqual(completeRecipe(ELF, INFO));
  });

  it('counts for which picture it is', () => {
    const other = image.map((value) => value + 1);
    const edits = [
      {},
      { image },
      { image: other },
      { image, mask },
      { image, mask: mask.toReversed() },
      { image, strength: 0.5 },
      { image, keepAlpha: false },
      { image, mask, resamples: 2 },
    ];
    const keys = edits.map((edit) => recipeKey(completeRecipe({ ...ELF, ...edit }, INFO)));
    expect(new Set(keys).size).toBe(edits.length);
    expect(Math.max(...keys.map((key) => key.length))).toBeLessThan(200);
  });

  it('is painted together with those of its kind, whatever their pictures', () => {
    const keyOf = (edit: object) => batchKey(completeRecipe({ ...ELF, ...edit }, INFO));
    const other = image.toReversed();
    expect(keyOf({ image })).toBe(keyOf({ image: other }));
    expect(keyOf({ image, mask })).toBe(keyOf({ image: other, mask: mask.toReversed() }));
    const kinds = [{}, { image }, { image, strength: 1 }, { image, strength: 1, keepAlpha: false }, { image, mask }];
    expect(new Set(kinds.map(keyOf)).size).toBe(kinds.length);
  });

  it.each<[string, object, RegExp]>([
    [
      'a picture of another size',
      { image: new Uint8Array(8) },
      /the image is 8 bytes; expected 32, RGBA of 4×2 pixels/,
    ],
    ['a text that is no base64', { image: '?' }, /the image is no base64; give its bytes, or what a saved recipe has/],
    [
      'a text that is longer than any such picture',
      { image: 'A'.repeat(89) },
      /the image is 89 characters; expected base64 of 32/,
    ],
    ['a mask of another size', { image, mask: image }, /the mask is 32 bytes; expected 8, one for each/],
    ['a mask alone', { mask }, /there is a mask but no image/],
    ['a strength alone', { strength: 0.5 }, /there is a strength but no image/],
    ['a strength out of range', { image, strength: -1 }, /strength is -1; expected 0/],
    ['half a resample', { image, mask, resamples: 0.5 }, /resamples is 0.5/],
  ])('refuses %s', (_, edit, message) => {
    expect(() => completeRecipe({ ...ELF, ...edit }, INFO)).toThrow(message);
  });
});
