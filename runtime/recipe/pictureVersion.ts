/** Counts up whenever equal recipes of a model give other pictures than before, so that what was stored is made again. */
export const PICTURE_VERSION = 6;
