import type { DiffusionModel } from '../../runtime/index.ts';
import type { ModelInfo } from './painter.ts';

/** The public facts of a loaded model, as plain data that a worker can post. */
export function modelInfo({ index, scheduler, latentShape, hash }: DiffusionModel): ModelInfo {
  const { version: _version, sha256: _sha256, ...entry } = index.figment;
  return { ...entry, labels: index.labels, scheduler, latentShape, hash };
}
