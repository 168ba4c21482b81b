// Pictures of the tiny model, for tests of sampling.

import type { PictureOptions } from '../recipe/recipe.ts';
import { type GenerateOptions, generate } from '../sampling/generate.ts';
import { createModel, type DiffusionModel } from '../sampling/model.ts';
import { type TinyModelOptions, tinyModelFiles } from './tinyModel.ts';

export const ELF: PictureOptions & { seed: number } = { label: 'elf', seed: 7 };
export const ORC: PictureOptions & { seed: number } = { label: 'orc', seed: 7 };
export const GOBLIN: PictureOptions & { seed: number } = { label: 'goblin', seed: 4_294_967_295 };

/** Largest difference between the bytes of two pictures. */
export function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((top, value, i) => Math.max(top, Math.abs(value - b[i]!)), 0);
}

/** Runs with a model that is there meanwhile. */
export async function withModel<T>(
  run: (model: DiffusionModel) => Promise<T>,
  options: TinyModelOptions = {},
): Promise<T> {
  const model = createModel(tinyModelFiles(options));
  try {
    return await run(model);
  } finally {
    model.dispose();
  }
}

export function make(requests: PictureOptions[], options: GenerateOptions = {}): Promise<Uint8Array[]> {
  return withModel((model) => generate(model, requests, options));
}
