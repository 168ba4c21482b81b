// What the entries of a recipe are, for those who write one: the published JSON schema says it. Pages have no use for these texts, and are
// built without.
import { CLASSIFIER_SCALE_DEFAULT, EDIT_DEFAULTS, REFINE_STRENGTH, SAME_FOR } from './defaults.ts';

const { varied, masked } = EDIT_DEFAULTS;

export const TEXTS = {
  seed: 'uint32; it fixes the picture',
  interpolateSeed: 'the second seed',
  interpolateAmount: '0: the first seed alone, 1: the second',
  interpolate: 'begin between the noises of two seeds: a variation',
  blendLabel: 'another label of the model',
  blendAmount: '0: the own label alone, 1: the other',
  blend: 'be in part of another label',
  attributes: "what the picture has besides, of the model's attributes; what is left out can be anything",
  sameAs: 'make the same person as with these attributes instead: { expression: "neutral" }',
  sameFor: `with sameAs: for which share of the steps (default: ${SAME_FOR})`,
  pipeline:
    'ddpm: in steps (default); cvae: in one pass, blurred, for crowds and placeholders; cvae+ddpm: steps that begin from that',
  guidanceScale: "how strongly to follow the label, 1 = off (default: the model's)",
  guidanceInterval: "guide only between these training timesteps; default: the model's",
  guidanceRescale: 'tone down the contrast of strong guidance',
  classifier: 'steers by this classifier',
  classifierLabel: "one of the classifier's labels",
  classifierScale: `how strongly to steer, 0: not at all, below 0: away from the label (default: ${CLASSIFIER_SCALE_DEFAULT})`,
  numInferenceSteps: "denoising steps (default: the model's)",
  sampler: "default: the model's",
  eta: 'noise of the sampler ddim',
  strength: `how far to go, 0: not at all, 1: anywhere, from the image (default: ${varied.strength}, ${masked.strength} with a mask) or the conditional VAE's picture (${REFINE_STRENGTH})`,
  resamples: `with a mask: how often each step is made, so that the new fits (default: ${masked.resamples})`,
  keepAlpha: `keep to the image's outline (default: ${varied.keepAlpha}, ${masked.keepAlpha} with a mask)`,
  widthPx: "a multiple of the model's tile, where its pictures repeat; at most 2^20 pixels in all (default: the tile)",
  heightPx: 'the same for the height',
  sizePx: 'width and height alike',
  label: 'a label of the model',
} as const;
