import type { BackendChoice, ModelInfo, Recipe } from '../../runtime/index.ts';
import type { Latents } from '../latents.ts';
import type { PictureTarget } from '../texture/texelTexture.ts';

/** One finished or half-denoised picture, wherever its values live. */
export interface Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Memory it holds, for caches with a limit. */
  readonly sizeBytes: number;
  /** Whether it is of a material, whose maps were made with it. */
  readonly hasMaps: boolean;
  /** Shows it in a texture with its top left corner at (x, y); synchronous, also on the GPU. */
  drawInto(target: PictureTarget, x?: number, y?: number): void;
  /** Shows its maps, where it has them: height, roughness, metallic. */
  drawMapsInto(target: PictureTarget): void;
  /** RGBA bytes, sRGB, straight alpha, top row first. On the GPU path this and edits bring pixels to the CPU, nothing else. */
  readPixelsAsync(): Promise<Uint8Array>;
  /** Frees what it holds on the GPU; it is not used afterwards. */
  dispose(): void;
}

export interface PaintStep {
  /** Steps done, from 1; 0 with the VAE's pictures of the pipeline cvae+ddpm. */
  step: number;
  numSteps: number;
  /** The pictures as the network sees them now, one for each recipe, valid until the callback returns; null in between. */
  previews: readonly Picture[] | null;
}

export interface WorkOptions {
  signal?: AbortSignal;
}

export interface PaintOptions extends WorkOptions {
  /** A preview after every n-th step; 0: never. */
  previewEvery?: number;
  onStep?: (step: PaintStep) => void;
}

/**
 * What is fetched when a recipe needs it: the VAE of the other pipelines than ddpm, the teacher of a distilled model, and for
 * pictures that are taken in the whole auto-encoder of a model that came with its decoder alone.
 */
export type OptionalPart = 'cvae' | 'teacher' | 'vae';

/** Runs one model somewhere: on the scene's GPU device, in workers, or on this thread. */
export interface Painter {
  readonly info: ModelInfo;
  readonly backend: BackendChoice;
  /** How many recipes one batch may hold. */
  readonly batchSize: number;
  /** How many batches are painted at once. */
  readonly numLanes: number;
  /** Compiles all it needs, so that the first picture takes no longer than the next. */
  warmUpAsync(): Promise<void>;
  /**
   * Puts another network of the model's folder beside it, ready to paint.
   *
   * @param files of that part of the folder, path → bytes
   * @returns     sha-256 of the files
   * @throws      Error naming the file that is wrong
   */
  addPartAsync(part: OptionalPart, files: Record<string, Uint8Array>): Promise<string>;
  /**
   * Paints recipes that differ in label, seed, interpolation, image and mask alone.
   * @throws the signal's reason when aborted, between steps or before the decode; nothing stays allocated then
   */
  paintAsync(recipes: readonly Recipe[], options?: PaintOptions): Promise<Picture[]>;
  /** How far guidance moves the predicted noise at each step; null where it took one pass. @throws as `paintAsync` */
  traceAsync(recipe: Recipe, options?: WorkOptions): Promise<(number | null)[]>;
  /** The mean of the latents that stand for a picture of the model's size. @throws the signal's reason when aborted */
  encodeAsync(pixels: Uint8Array, options?: WorkOptions): Promise<Latents>;
  /** The picture that latents of the model's shape stand for: RGBA bytes. @throws the signal's reason when aborted */
  decodeAsync(latents: Latents, options?: WorkOptions): Promise<Uint8Array>;
  /**
   * Puts a classifier beside the model, for recipes that name it.
   * @param files a classifier's folder, path → bytes
   * @throws RangeError when it does not fit the model; ModelFileError
   */
  addClassifierAsync(name: string, files: Record<string, Uint8Array>): Promise<void>;
  /** Frees the model; what is being painted rejects with an AbortError. */
  dispose(): void;
}
