/**
 * Says from which streams of a seed's random numbers each purpose draws.
 *
 * The numbers are part of what a seed means: with another one, the same seed gives other pictures and other trainings. No two
 * purposes of one run may have a stream in common, which the test checks for each kind of run; runs of other kinds may.
 */

/** The streams from which one purpose draws: `count` of them, from `first` on. */
export interface Streams {
  first: number;
  count: number;
}

/** So many streams are enough for a purpose that takes one for each step, epoch or class. */
const MANY = 2 ** 28;
/** A purpose that is followed closely by another has fewer. */
const FEWER = 2 ** 24;

/** The stream of a purpose that belongs to a step, an epoch or a class; after the last one the first comes again. */
export function streamAt({ first, count }: Streams, index: number): number {
  return first + (index % count);
}

/** What a picture draws, and the NPC that it is of. */
export const SAMPLING_STREAMS = {
  /** Noise of the diffusion's latents: the first is the start's, the others are of steps (sampling/latentNoise). */
  noise: { first: 0, count: 0x50000000 },
  /** z of the conditional VAE (sampling/conditionalVae). */
  z: { first: 0x50000000, count: 1 },
  /** The white noise of a picture's grain (sampling/grain): as the streams of all recordings, a number that float32 holds exactly. */
  grain: { first: 0x58000000, count: 1 },
  /** The example that decides on open attributes (core/decideAttributes). */
  example: { first: 0x60000000, count: 1 },
  /** Entries that a character sheet leaves out, a stream a name (plugin/npc). */
  character: { first: 0x70000000, count: MANY },
  /** Noise that each tile of a picture has to itself, a stream for each of `noise` (sampling/latentNoise). */
  tileNoise: { first: 0x80000000, count: 0x50000000 },
} satisfies Record<string, Streams>;

/** A network's weights before its first step, a stream a tensor (networks). */
export const WEIGHT_STREAMS = {
  weights: { first: 0, count: MANY },
} satisfies Record<string, Streams>;

/** Which images are held out, and which are taken (dataset, and the command that groups a data set). */
export const SPLIT_STREAMS = {
  /** Images of each class that are held out. */
  heldOut: { first: 0xd1000000, count: FEWER },
  /** Images of each class and group where groups are matched. */
  matched: { first: 0xd2000000, count: FEWER },
  /** The order in which combinations of attributes are held out. */
  combinations: { first: 0xd3000000, count: 1 },
} satisfies Record<string, Streams>;

/**
 * What an evaluation draws (evaluation/imageSet, training/trainNoisyClassifier). The first stream of `images` is that of
 * `combinations`, and may be: the one orders images of a class, the other combinations of attributes.
 */
export const EVALUATION_STREAMS = {
  /** Noise of the held-out latents that a noisy classifier is judged by. */
  noise: { first: 0, count: 1 },
  /** Images of each class that are taken. */
  images: { first: 0xd3000000, count: FEWER },
} satisfies Record<string, Streams>;

/** Which images each step of a training sees (dataset/batches). */
export const ORDER_STREAMS = {
  epoch: { first: 0x80000000, count: MANY },
  round: { first: 0x90000000, count: MANY },
  classOrder: { first: 0xa0000000, count: MANY },
} satisfies Record<string, Streams>;

/** How pictures of a step are altered (dataset/batches); latents are not. */
export const AUGMENT_STREAMS = {
  changes: { first: 0xb0000000, count: MANY },
  jitter: { first: 0xc0000000, count: MANY },
  crop: { first: 0xd0000000, count: FEWER },
} satisfies Record<string, Streams>;

/** Training an auto-encoder (training/trainVae). */
export const VAE_STREAMS = {
  eps: { first: 0x10000000, count: MANY },
  latentNoise: { first: 0x20000000, count: MANY },
  latentNoiseLevel: { first: 0x30000000, count: MANY },
} satisfies Record<string, Streams>;

/** Training a conditional VAE (training/trainConditionalVae). */
export const CONDITIONAL_VAE_STREAMS = {
  drop: { first: 0x50000000, count: MANY },
  eps: { first: 0x70000000, count: MANY },
} satisfies Record<string, Streams>;

/**
 * Training a diffusion (training/diffusionBatch), and a classifier of noisy latents, which is to see them as the diffusion does
 * (training/trainNoisyClassifier).
 */
export const DIFFUSION_STREAMS = {
  posterior: { first: 0x20000000, count: MANY },
  eps: { first: 0x30000000, count: MANY },
  time: { first: 0x40000000, count: MANY },
  drop: { first: 0x50000000, count: MANY },
  roll: { first: 0x60000000, count: MANY },
  /** Where a shift moves timesteps, the places between two of them. */
  withinTime: { first: 0xe0000000, count: MANY },
} satisfies Record<string, Streams>;

/**
 * Training a student, beside what its diffusion draws (training/trainStudent). It sees latents, which nothing alters, and so two
 * of its purposes are where those of pictures are altered in other trainings.
 */
export const STUDENT_STREAMS = {
  guidanceScale: { first: 0x70000000, count: MANY },
  level: { first: 0xc0000000, count: MANY },
  levelTime: { first: 0xd0000000, count: FEWER },
  frame: { first: 0xd8000000, count: FEWER },
} satisfies Record<string, Streams>;

/** Training a linear probe (training/trainProbe). */
export const PROBE_STREAMS = {
  noise: { first: 0x20000000, count: MANY },
  level: { first: 0x30000000, count: MANY },
} satisfies Record<string, Streams>;

/** Training a classifier of pictures (training/trainClassifier). */
export const CLASSIFIER_STREAMS = {
  noise: { first: 0x60000000, count: MANY },
} satisfies Record<string, Streams>;

/** Fitting which colours go with which words, and where they show (training/fitPalettePrior, training/fitPalettePlaces). */
export const PALETTE_STREAMS = {
  order: { first: 0x50000000, count: FEWER - 1 },
  parts: { first: 0x50000000 + FEWER - 1, count: 1 },
  open: { first: 0x51000000, count: MANY - FEWER },
} satisfies Record<string, Streams>;
