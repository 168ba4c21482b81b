// The numbers that hold where neither a recipe nor its model gives one.

/** How strongly a classifier steers, unless told otherwise. */
export const CLASSIFIER_SCALE_DEFAULT = 10;

/** How far from the conditional VAE's picture `cvae+ddpm` begins, unless told otherwise. */
export const REFINE_STRENGTH = 0.6;

/** For which share of the steps a picture is made as that which it is to be the same as, unless told otherwise. */
export const SAME_FOR = 0.2;

/** How an image is edited, unless told otherwise. */
export const EDIT_DEFAULTS = {
  varied: { strength: 0.8, keepAlpha: true },
  masked: { strength: 1, keepAlpha: false, resamples: 4 },
} as const;
