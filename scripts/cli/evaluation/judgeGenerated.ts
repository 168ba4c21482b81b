import {
  type ConditionalVae,
  type Dataset,
  type DatasetSplit,
  type DiffusionModel,
  type ImageSet,
  imagesOfPixels,
  REFINE_STRENGTH,
  type SamplerName,
} from '../../../runtime/index.ts';
import { contactSheet } from './contactSheet.ts';
import { type CopyMetrics, copyingPerClass } from './copying.ts';
import { generateSet } from './generateSet.ts';
import { byLabel, compareWithReal, type GuidanceMetrics, type Measured, measure } from './measure.ts';
import type { OpenClassifier } from './openClassifier.ts';
import { type MakePictures, makersOf, type PipelineMetrics, pipelineMetrics } from './pipelines.ts';
import type { Metrics } from './report.ts';
import { measureSeams } from './seams.ts';
import { shown } from './shown.ts';

/** What is judged. */
export interface Judged {
  model: DiffusionModel;
  /** Its VAE that makes pictures in one step, where there is one. */
  cvae: ConditionalVae | null;
}

/** How the pictures are made. */
export type EvaluationRecipe = Omit<Metrics['recipe'], 'backend'>;

/** What it takes to judge what a model generates. */
export interface Context extends Judged {
  dataset: Dataset;
  split: DatasetSplit;
  sets: Record<'heldOut' | 'reconstructedHeldOut', ImageSet>;
  classifier: OpenClassifier;
  real: Measured;
  perClass: number;
  recipe: EvaluationRecipe;
}

/** Generates at each guidance scale, one after the other; the sheet and the search for copies are of one of them. */
export async function judgeGenerated(context: Context) {
  const { model, cvae, dataset, recipe } = context;
  const shownScale = scaleOfSheet(recipe.guidanceScales, model);
  const byGuidance: Record<string, GuidanceMetrics> = {};
  const imagesPerSecond: Record<string, number> = {};
  let copying: CopyMetrics[] = [];
  let seam: Metrics['seam'];
  let sheet = new Uint8Array();
  for (const guidanceScale of recipe.guidanceScales) {
    const { ddpm } = makersAt(context, guidanceScale);
    const { pictures, images, metrics, speed } = await judge(context, ddpm, `guidance ${guidanceScale}`);
    byGuidance[guidanceScale] = metrics;
    imagesPerSecond[guidanceScale] = speed;
    if (guidanceScale !== shownScale) continue;
    const sets = { ...context.sets, generated: images };
    copying = await shown('compare', async (onProgress) => copyingPerClass(dataset, context.split, sets, onProgress));
    if (model.index.figment.circularPadding) seam = measureSeams(pictures, shownScale, dataset, context.split);
    const text = { model: model.index.figment.name, ...recipe, guidanceScales: [guidanceScale] };
    sheet = new Uint8Array(contactSheet(pictures, dataset.labels.length, dataset, text));
  }
  const nearestTrainingImage = {
    guidanceScale: shownScale,
    relative: meanOf(copying, 'generated') / meanOf(copying, 'reconstructedHeldOut'),
    perClass: byLabel(dataset.labels, copying),
  };
  const ddpm = pipelineMetrics(byGuidance[shownScale]!, imagesPerSecond[shownScale]!);
  const pipelines = cvae ? { ddpm, ...(await judgePipelines(context, shownScale)) } : undefined;
  return {
    metrics: {
      byGuidance,
      nearestTrainingImage,
      ...(seam && { seam }),
      ...(pipelines && { pipelines }),
      generation: { imagesPerSecond },
    },
    sheet,
  };
}

/** The pipelines beside ddpm. */
async function judgePipelines(context: Context, guidanceScale: number): Promise<Record<string, PipelineMetrics>> {
  const makers = makersAt(context, guidanceScale);
  const atOnce = await judge(context, makers.vae!, 'vae');
  const refined = await judge(context, makers['cvae+ddpm']!, 'cvae+ddpm');
  return {
    vae: pipelineMetrics(atOnce.metrics, atOnce.speed),
    'cvae+ddpm': pipelineMetrics(refined.metrics, refined.speed, REFINE_STRENGTH),
  };
}

function meanOf(copying: readonly CopyMetrics[], key: 'generated' | 'reconstructedHeldOut'): number {
  return copying.reduce((sum, metrics) => sum + metrics[key].mean, 0) / copying.length;
}

/** The scale nearest to the one that the model is used with. */
function scaleOfSheet(scales: readonly number[], { index }: DiffusionModel): number {
  const usual = index.figment.sampleDefaults.guidanceScale;
  return [...scales].sort((a, b) => Math.abs(a - usual) - Math.abs(b - usual))[0]!;
}

function makersAt({ model, cvae, recipe }: Context, guidanceScale: number) {
  const { numInferenceSteps, sampler } = recipe;
  return makersOf(model, cvae, { guidanceScale, numInferenceSteps, sampler: sampler as SamplerName });
}

/** Makes as many pictures of each label as the recipe says, and has them judged. */
async function judge(context: Context, make: MakePictures, title: string) {
  const { dataset, recipe, classifier, real, perClass } = context;
  const { imagesPerClass } = recipe;
  const started = performance.now();
  const pictures = await shown(title, (onProgress) => generateSet(make, dataset.labels, recipe, onProgress));
  const speed = (1000 * pictures.length) / (performance.now() - started);
  const classLabels = Int32Array.from(pictures.keys(), (i) => Math.floor(i / imagesPerClass));
  const images = imagesOfPixels(pictures, classLabels, dataset);
  const metrics = compareWithReal(await measure(classifier, images, perClass), real, dataset.labels);
  return { pictures, images, metrics, speed };
}
