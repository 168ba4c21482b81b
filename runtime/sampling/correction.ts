// What a recipe asks for, told to the model's probe, by which latents are corrected before they are decoded.
import { type Tensor2D, type Tensor4D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { numProbeWords, probeGroups } from '../core/linearProbe.ts';
import { corrected } from '../networks/corrector.ts';
import { labelShares } from '../recipe/label.ts';
import type { Recipe } from '../recipe/recipe.ts';
import type { ModelIndex } from '../weights/modelIndex.ts';
import { type Asked, ignoresWords, keepsOfImage, shownAttributes } from './decidedAttributes.ts';
import type { DiffusionModel } from './model.ts';
import { recordedInSlices } from './recordedPass.ts';

/** What of a recipe says which words its picture shows. */
type Words = Asked & Pick<Recipe, 'blend'>;

/**
 * Latents of recipes' pictures, corrected where the model has a probe: of pictures of its own size, which begin from no other
 * picture, of which much is to stay, and show what is asked for.
 *
 * @returns through the generator, the corrected latents, which are the caller's to dispose; null where nothing is corrected
 */
export function* correctedInSlices(
  { corrector, latentShape, index }: DiffusionModel,
  recipes: readonly Recipe[],
  latents: Tensor4D,
): Generator<void, Tensor4D | null> {
  const [batch, height, width] = latents.shape;
  const isOwnSize = height === latentShape[0] && width === latentShape[1];
  if (!corrector || !isOwnSize || keepsOfImage(recipes[0]!) || ignoresWords(recipes[0]!)) return null;
  const { asked, known } = wordsOf(index, recipes);
  const shape: [number, number] = [batch, asked.length / batch];
  return yield* recordedInSlices(corrector, {
    name: 'correction',
    inputs: [
      { input: latents, shape: latents.shape },
      { input: asked, shape },
      { input: known, shape },
    ],
    shape: latents.shape,
    pass: (...given) => corrected(corrector, ...(given as [Tensor4D, Tensor2D, Tensor2D])),
    *inSlices() {
      return tidy(() => corrected(corrector, latents, tensor2d(asked, shape), tensor2d(known, shape)));
    },
  });
}

/** The words that recipes ask for, and where they leave them open those that the model's examples decide on: (B, W) each. */
function wordsOf({ labels, figment }: ModelIndex, recipes: readonly Words[]): Record<'asked' | 'known', Float32Array> {
  const vocabulary = figment.attributes ?? {};
  const numWords = numProbeWords(labels.length, vocabulary);
  const [asked, known] = [new Float32Array(recipes.length * numWords), new Float32Array(recipes.length * numWords)];
  for (const [i, recipe] of recipes.entries()) {
    const shown = shownAttributes(labels, figment, recipe);
    for (const { attribute, start, size } of probeGroups(labels.length, vocabulary)) {
      const first = i * numWords + start;
      const shares = attribute === null ? labelShares(labels, recipe) : [[shown[attribute]!, 1] as const];
      if (shares[0]![0] < 0) continue;
      known.fill(1, first, first + size);
      for (const [word, share] of shares) asked[first + word]! += share;
    }
  }
  return { asked, known };
}
