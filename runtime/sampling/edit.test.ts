import { describe, expect, it } from 'vitest';
import { atop, blend } from '../core/composite.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { finishEdit } from './edit.ts';

const image = Uint8Array.of(200, 0, 0, 255, 9, 8, 7, 0, 0, 0, 90, 128);
const generated = Uint8Array.of(0, 100, 0, 51, 1, 2, 3, 255, 40, 50, 60, 70);
const mask = Uint8Array.of(255, 100, 0);

describe('finishEdit', () => {
  it.each<[string, Pick<Recipe, 'image' | 'mask' | 'keepAlpha'>, Uint8Array]>([
    ['without an image, what was generated', {}, generated],
    ['a variation within the outline', { image, keepAlpha: true }, atop(generated, image)],
    ['a variation of any outline, if asked', { image, keepAlpha: false }, generated],
    ['a masked part with an outline of its own', { image, mask, keepAlpha: false }, blend(image, generated, mask)],
    [
      'a masked part within the outline, if asked',
      { image, mask, keepAlpha: true },
      blend(image, atop(generated, image), mask),
    ],
  ])('gives %s', (_, recipe, expected) => {
    expect([...finishEdit(recipe, generated)]).toEqual([...expected]);
  });

  it('gives every byte of the image where the mask is 0, what hides behind transparency included', () => {
    const kept = new Uint8Array(3);
    for (const keepAlpha of [true, false])
      expect(finishEdit({ image, mask: kept, keepAlpha }, generated)).toEqual(image);
  });
});
