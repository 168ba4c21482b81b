import { ANY } from '../core/attributes.ts';
import { placesLayout } from '../core/palettePlaces.ts';
import { type PaletteConditions, paletteCosts } from '../core/palettePrior.ts';
import { indexOfLabel } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import { expectedColours, type PictureColours, pictureColours } from '../surface/expectedColours.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import type { GeneratedPicture } from './autoencoder.ts';
import { ignoresWords, shownAttributes } from './decidedAttributes.ts';
import { finishEdit } from './edit.ts';

/**
 * The colours of a recipe's picture: those of the model's palette, by what the recipe asks for, and where it leaves that open by
 * what the model's examples decide; null where the model has no palette.
 */
export function coloursOfRecipe(index: ModelIndex, recipe: Recipe): PictureColours | null {
  const { labels, figment } = index;
  const { palette, attributes: vocabulary = {} } = figment;
  if (!palette) return null;
  const costs = paletteCosts(palette, labels.length, vocabulary, conditionsOf(index, recipe));
  return pictureColours(palette, costs, placesLayout(figment.widthPx, figment.heightPx, figment.frames));
}

/** What the colours are to suit: any label and any attributes where the recipe ignores its own. */
function conditionsOf({ labels, figment }: ModelIndex, recipe: Recipe): PaletteConditions {
  const attributes = shownAttributes(labels, figment, recipe);
  if (ignoresWords(recipe)) return { classLabel: labels.length, attributes: attributes.map(() => ANY) };
  const { label, blend } = recipe;
  return {
    classLabel: indexOfLabel(labels, label),
    blend: blend && { classLabel: indexOfLabel(labels, blend.label), amount: blend.amount },
    attributes,
  };
}

/** A generated picture as it is handed out: in the colours of the model's palette, and with what an edit keeps of its image. */
export function finishedPicture(
  { index }: { readonly index: ModelIndex },
  recipe: Recipe,
  { pixels, maps }: GeneratedPicture,
): GeneratedPicture {
  const own = coloursOfRecipe(index, recipe);
  const painted = own ? expectedColours(pixels, own) : pixels;
  return { pixels: finishEdit(recipe, painted), maps };
}
