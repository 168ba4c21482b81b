import type { SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { PIPELINE_NAMES, type PipelineName, type RecipeModel } from '../recipe/recipe.ts';
import type { FigmentEntry, ModelIndex } from '../weights/modelIndex.ts';
import type { DiffusionModel } from './model.ts';

/** The public facts of a model, as plain data that a worker can post. A recipe is completed with them. */
export interface ModelInfo extends Readonly<Omit<FigmentEntry, 'version' | 'sha256'>>, Pick<RecipeModel, 'pipelines'> {
  /** What it can paint: the words that a recipe's `label` may be, at least one. */
  readonly labels: readonly string[];
  /** The noise schedule that it was trained with, and what it predicts. */
  readonly scheduler: SchedulerConfig;
  /** The shape of the latents of one picture. */
  readonly latentShape: readonly [height: number, width: number, channels: number];
  /** The sha-256 of the model's files. */
  readonly hash: string;
}

/** The public facts of a model that is loaded. */
export function modelInfo({ index, scheduler, latentShape, hash }: DiffusionModel): ModelInfo {
  const { version: _version, sha256: _sha256, ...entry } = index.figment;
  return { ...entry, labels: index.labels, pipelines: pipelinesOf(index), scheduler, latentShape, hash };
}

/** What a recipe has to know of a model whose weights need not be there. */
export function recipeModel(index: ModelIndex, scheduler: SchedulerConfig | null): RecipeModel {
  return { ...index.figment, labels: index.labels, scheduler, pipelines: pipelinesOf(index) };
}

/** The pipelines that make a model's pictures: all of them where its index lists a conditional VAE. */
export function pipelinesOf({ figment }: ModelIndex): readonly PipelineName[] {
  return Object.hasOwn(figment.sha256, 'cvae/config.json') ? PIPELINE_NAMES : ['ddpm'];
}
