import type { Attributes, Vocabulary } from '../core/attributes.ts';
import type { SampleDefaults, StudentFacts } from '../core/sampleDefaults.ts';
import type { SamplerName } from '../core/samplingBounds.ts';
import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import type { PictureBytes } from './bytes.ts';
import type { ModelWords } from './modelWords.ts';

/**
 * What makes a picture:
 *
 * - `ddpm`: the diffusion model, in steps.
 * - `cvae`: the conditional VAE of the model folder, in one pass of its decoder: blurred, and at once.
 * - `cvae+ddpm`: the conditional VAE's picture first; the diffusion model begins from it, noised to `strength`, and takes
 *   that share of its steps.
 */
export type PipelineName = 'ddpm' | 'cvae' | 'cvae+ddpm';

export const PIPELINE_NAMES: readonly PipelineName[] = ['ddpm', 'cvae', 'cvae+ddpm'];

/** Where a picture's first noise lies: on the arc (slerp) from the noise of its own seed to that of another. */
export interface Interpolation {
  /** The other seed, a uint32. */
  seed: number;
  /** 0 is the noise of the own seed, 1 that of the other. Noise that a sampler adds in each step is drawn from the own seed. */
  amount: number;
}

/** Another label that is mixed into a picture's own, and its share. */
export interface LabelBlend<Words extends ModelWords = ModelWords> {
  /** Another of the model's labels. */
  label: Words['label'];
  /** 0 is the own label alone, 1 the other. */
  amount: number;
}

/** What one picture of a batch may have for itself. */
export interface PictureOptions<Words extends ModelWords = ModelWords> {
  /** One of the model's labels. */
  label: Words['label'];
  /** Another label that it is to be in part: brick that is overgrown, `{ label: 'grass', amount: 0.4 }`. */
  blend?: LabelBlend<Words>;
  /**
   * What the picture has besides, by name: `{ hair_colour: 'red', wear: 0.4 }`, of the model's attributes. On what is left
   * out the seed decides, by the model's examples; of a model without examples it can be anything.
   */
  attributes?: Words['attributes'];
  /**
   * Makes the same person, or thing, as the recipe with these attributes instead: `sameAs: { expression: 'neutral' }`, or
   * `'any'` for one that the other leaves out. The first steps, which settle what a picture shows, are made with them, and
   * the others with the attributes asked for. Where the model knows in which region an attribute shows, all else is as there.
   */
  sameAs?: Attributes;
  /** For which share of the steps `sameAs` holds, from the first step on, 0 … 1. Default 0.2, which of four steps is none. */
  sameFor?: number;
  /** uint32; it fixes the picture, whatever else is made in the same batch. Drawn at random when absent. */
  seed?: number;
  /** Begins between the noises of two seeds: a variation, the closer to the first the smaller the amount. */
  interpolate?: Interpolation;
  /**
   * A picture to begin from, of the size that is made: RGBA bytes, sRGB, straight alpha, top row first; or the same as
   * base64, as saved recipes have it.
   */
  image?: PictureBytes;
  /** Which part of the image to make new: one byte a pixel, 0 (keep) … 255 (make new), soft in between. */
  mask?: PictureBytes;
}

/** What all pictures of a batch have alike. Every option has a default: the model's own, where it names one. */
export interface SamplingOptions {
  /** Default `ddpm`. The others need a model folder with a conditional VAE. */
  pipeline?: PipelineName;
  /** w, 0 … 20: 0 ignores the label, 1 is off, above 1 exaggerates the label (Ho & Salimans 2022, arXiv:2207.12598). */
  guidanceScale?: number;
  /** Training timesteps, both ends included, within which guidance acts; default: the model's (Kynkäänniemi et al. 2024, arXiv:2404.07724). */
  guidanceInterval?: readonly [tMin: number, tMax: number];
  /** 0 … 1: how far to restore the contrast that strong guidance exaggerates (Lin et al. 2023, arXiv:2305.08891). */
  guidanceRescale?: number;
  /** The name of a classifier that steers the model (Dhariwal & Nichol 2021, arXiv:2105.05233). */
  classifier?: string;
  /** One of the classifier's labels. */
  classifierLabel?: string;
  /** How strongly to steer, −100 … 100: 0 is off, below 0 leads away from the label. Default 10. */
  classifierScale?: number;
  /** Denoising steps, 1 … 1000. */
  numInferenceSteps?: number;
  sampler?: SamplerName;
  /** For the sampler ddim, which is then the default: 0 (deterministic) … 1 (as noisy as ddpm). */
  eta?: number;
  /**
   * How far from the beginning to go, 0 (not at all) … 1 (anywhere). Of n steps the last round(strength · n) are taken,
   * from the image, noised to where they begin (SDEdit, Meng et al. 2022, arXiv:2108.01073). Default 0.75 from an image, 1
   * with a mask, and 0.6 from the picture of the conditional VAE.
   */
  strength?: number;
  /**
   * With a mask: how often each step is made, 1 … 100, so that what is new fits what is kept (RePaint, Lugmayr et al.
   * 2022, arXiv:2201.09865). Default 4.
   */
  resamples?: number;
  /** Whether an edit keeps the image's outline. Default: true without a mask, false with one. */
  keepAlpha?: boolean;
  /** Multiples of the model's tile, for a model whose pictures repeat. Default: the model's own size. */
  widthPx?: number;
  heightPx?: number;
  /** Width and height alike. */
  sizePx?: number;
}

/** What to make. Only the label has no default. */
export interface RecipeOptions<Words extends ModelWords = ModelWords> extends PictureOptions<Words>, SamplingOptions {}

/** Changes of a recipe: an entry that is there and undefined goes back to its default. */
export type RecipeChanges<Words extends ModelWords = ModelWords> = {
  [Entry in keyof RecipeOptions]?: RecipeOptions<Words>[Entry] | undefined;
};

/** What a picture begins from, and how far it goes from there. */
export type PictureEditOptions = Pick<RecipeOptions, 'image' | 'mask' | 'strength' | 'resamples' | 'keepAlpha'>;

/** The entries by which a classifier steers the model: which classifier, towards which label, and how strongly. */
export type Steering = Pick<RecipeOptions, 'classifier' | 'classifierLabel' | 'classifierScale'>;

/**
 * All that fixes a picture of a given model, frozen. `completeRecipe` makes it, once, where a request comes in; from there on it
 * travels unchanged to the sampler. What would be without effect is left out: `pipeline` where it is ddpm, the size where
 * it is the model's own, steps and guidance where the pipeline takes no steps.
 */
export interface Recipe<Words extends ModelWords = ModelWords> {
  readonly label: Words['label'];
  readonly blend?: Readonly<LabelBlend<Words>>;
  /** In the order of the model's; absent where nothing is asked for. */
  readonly attributes?: Words['attributes'];
  /** Only the attributes that differ from those asked for. */
  readonly sameAs?: Attributes;
  readonly sameFor?: number;
  readonly seed: number;
  readonly interpolate?: Readonly<Interpolation>;
  readonly pipeline?: Exclude<PipelineName, 'ddpm'>;
  readonly guidanceScale?: number;
  readonly guidanceInterval?: readonly [tMin: number, tMax: number];
  readonly guidanceRescale?: number;
  readonly classifier?: string;
  readonly classifierLabel?: string;
  readonly classifierScale?: number;
  readonly numInferenceSteps?: number;
  readonly sampler?: SamplerName;
  readonly eta?: number;
  readonly image?: Uint8Array;
  readonly mask?: Uint8Array;
  readonly strength?: number;
  readonly resamples?: number;
  readonly keepAlpha?: boolean;
  readonly widthPx?: number;
  readonly heightPx?: number;
}

/** What a recipe has to know of the model that it is for. */
export interface RecipeModel {
  readonly name: string;
  readonly labels: readonly string[];
  /** What can be asked for besides the label; absent: nothing. */
  readonly attributes?: Vocabulary;
  /** Values of a pixel: 6 of a material, whose maps are made with it. Absent: a picture. */
  readonly channels?: number;
  /** The width of a picture, or of the tile that pictures are multiples of. */
  readonly widthPx: number;
  readonly heightPx: number;
  readonly circularPadding: boolean;
  /** null: the model knows no "any", and so takes no guidance. */
  readonly nullLabel?: number | null;
  readonly sampleDefaults: SampleDefaults;
  /** What the student of a distilled model has learned. Whatever else is asked for, its teacher makes. */
  readonly student?: StudentFacts;
  /** null where only the conditional VAE is loaded, which has no steps. */
  readonly scheduler: SchedulerConfig | null;
  readonly pipelines: readonly PipelineName[];
}

/** Classifiers that a recipe may name, with their labels. */
export type KnownClassifiers = ReadonlyMap<string, { readonly labels: readonly string[] }>;

/** Entries that say how steps are taken. The pipeline cvae takes none. */
export const OF_STEPS = [
  'blend',
  'sameAs',
  'sameFor',
  'guidanceScale',
  'guidanceRescale',
  'guidanceInterval',
  'numInferenceSteps',
  'sampler',
  'eta',
  'classifier',
] as const satisfies readonly (keyof RecipeOptions)[];
