// What the page and its painting workers tell each other.
import type { BackendChoice, GeneratedPicture, ModelInfo, Recipe } from '../../runtime/index.ts';
import type { Latents } from '../latents.ts';
import type { OptionalPart } from './painter.ts';
import type { SentError } from './workerErrors.ts';

export type ToWorker =
  | {
      type: 'load';
      files: Record<string, Uint8Array>;
      name: string;
      wasmPaths?: string | Record<string, string>;
      maxPixels?: number;
    }
  | { type: 'part'; job: number; part: OptionalPart; files: Record<string, Uint8Array> }
  | { type: 'classifier'; job: number; name: string; files: Record<string, Uint8Array> }
  | { type: 'paint'; job: number; recipes: readonly Recipe[]; previewEvery: number }
  | { type: 'trace'; job: number; recipe: Recipe }
  | { type: 'encode'; job: number; pixels: Uint8Array }
  | { type: 'decode'; job: number; latents: Latents }
  | { type: 'abort'; job: number }
  | { type: 'ping' };

/** What is done in its turn, and may be aborted. */
export type Job = Exclude<ToWorker, { type: 'load' | 'abort' | 'ping' }>;

/** What a worker says of itself once the model is in it. */
export interface Loaded {
  info: ModelInfo;
  backend: BackendChoice;
}

export type FromWorker =
  | ({ type: 'loaded' } & Loaded)
  | { type: 'partLoaded'; job: number; hash: string }
  | { type: 'classifierLoaded'; job: number }
  | { type: 'step'; job: number; step: number; numSteps: number; previews: GeneratedPicture[] | null }
  | { type: 'painted'; job: number; pictures: GeneratedPicture[] }
  | { type: 'traced'; job: number; norms: (number | null)[] }
  | { type: 'encoded'; job: number; latents: Latents }
  | { type: 'decoded'; job: number; pixels: Uint8Array }
  | ({ type: 'failed'; job: number | null } & SentError)
  | { type: 'alive' };

/** What a worker says when a job is done. */
export type AnswerTo<Type extends Job['type']> = Extract<
  FromWorker,
  {
    type: {
      part: 'partLoaded';
      classifier: 'classifierLoaded';
      paint: 'painted';
      trace: 'traced';
      encode: 'encoded';
      decode: 'decoded';
    }[Type];
  }
>;
