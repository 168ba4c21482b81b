import { type DiffusionModel, FAMILIES, type Family } from '../../runtime/index.ts';
import type { ModelInfo } from './painter.ts';

/** The public facts of a loaded model, as plain data that a worker can post. */
export function modelInfo({ index, scheduler, latentShape, hash }: DiffusionModel): ModelInfo {
  const { version: _version, sha256, ...entry } = index.figment;
  const families: readonly Family[] = Object.hasOwn(sha256, 'vae_prior/config.json') ? FAMILIES : ['ddpm'];
  return { ...entry, labels: index.labels, families, scheduler, latentShape, hash };
}
