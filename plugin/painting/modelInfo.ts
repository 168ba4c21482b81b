import { type DiffusionModel, PIPELINE_NAMES, type PipelineName } from '../../runtime/index.ts';
import type { ModelInfo } from './painter.ts';

/** The public facts of a loaded model, as plain data that a worker can post. */
export function modelInfo({ index, scheduler, latentShape, hash }: DiffusionModel): ModelInfo {
  const { version: _version, sha256, ...entry } = index.figment;
  const pipelines: readonly PipelineName[] = Object.hasOwn(sha256, 'cvae/config.json') ? PIPELINE_NAMES : ['ddpm'];
  return { ...entry, labels: index.labels, pipelines, scheduler, latentShape, hash };
}
