import {
  albedoOf,
  type DiffusionModel,
  datasetOfPictures,
  type ImageSet,
  numFramesOf,
  REFINE_STRENGTH,
  singleFrames,
} from '../../../runtime/index.ts';
import { withProgress } from '../../node/terminal.ts';
import { contactSheet } from './contactSheet.ts';
import { askedPictures, type Context, everyImage, makersAt } from './context.ts';
import { type FrameMetrics, frameMetrics, repeatRows, showsIn, stillFrames } from './frames.ts';
import { judgeMonotony, judgeVariation } from './judgeHeeding.ts';
import { judgeMaterials } from './judgeMaterials.ts';
import { generateSet, type MakePictures } from './makePictures.ts';
import type { MaterialMetrics } from './materialMetrics.ts';
import {
  byLabel,
  type CopyMetrics,
  compareWithReal,
  copyingPerClass,
  type GuidanceMetrics,
  type Measured,
  measure,
  measureSeams,
  type PipelineMetrics,
  pipelineMetrics,
  type SeamMetrics,
} from './measure.ts';
import { seenByJudge } from './seenByJudge.ts';

/** Generates at each guidance scale, one after the other; the sheet and the search for copies are of one of them. */
export async function judgeGenerated(context: Context) {
  const { model, cvae, whole, dataset, recipe } = context;
  const shownScale = scaleOfSheet(recipe.guidanceScales, model);
  const byGuidance: Record<string, GuidanceMetrics> = {};
  const imagesPerSecond: Record<string, number> = {};
  let copying: CopyMetrics[] | undefined;
  let seam: SeamMetrics | undefined;
  let materials: MaterialMetrics | undefined;
  let sheet = new Uint8Array();
  for (const guidanceScale of recipe.guidanceScales) {
    const { ddpm } = makersAt(context, guidanceScale);
    const { pictures, made, images, metrics, speed } = await judge(context, ddpm, `guidance ${guidanceScale}`);
    byGuidance[guidanceScale] = metrics;
    imagesPerSecond[guidanceScale] = speed;
    if (guidanceScale !== shownScale) continue;
    const sets = { ...context.sets, generated: images };
    if (context.searchesCopies) copying = await searchCopies(context, sets);
    if (model.index.figment.circularPadding) {
      const plain = pictures.map(({ pixels }) => pixels);
      seam = measureSeams(plain, shownScale, whole, context.split);
    }
    if (context.heights) materials = await judgeMaterials(context, { pictures, made }, context.heights, shownScale);
    const text = { model: model.index.figment.name, ...recipe, guidanceScales: [guidanceScale] };
    sheet = new Uint8Array(contactSheet(pictures, whole, text));
  }
  const nearestTrainingImage = copying && {
    guidanceScale: shownScale,
    relative: meanOf(copying, 'generated') / meanOf(copying, 'reconstructedHeldOut'),
    perClass: byLabel(dataset.labels, copying),
  };
  const ddpm = pipelineMetrics(byGuidance[shownScale]!, imagesPerSecond[shownScale]!);
  const monotony = await judgeMonotony(context, shownScale);
  const variation = await judgeVariation(context, shownScale);
  const pipelines = cvae ? { ddpm, ...(await judgePipelines(context, shownScale)) } : undefined;
  return {
    metrics: {
      byGuidance,
      ...(nearestTrainingImage && { nearestTrainingImage }),
      ...(seam && { seam }),
      ...(materials && { materials }),
      ...(monotony && { monotony }),
      ...(variation && { variation }),
      ...(pipelines && { pipelines }),
      generation: { imagesPerSecond },
    },
    sheet,
  };
}

/** How near images of each class are to those of the training; of frames those that stand still are compared. */
function searchCopies(
  { whole, dataset, split }: Context,
  sets: Parameters<typeof copyingPerClass>[2],
): Promise<CopyMetrics[]> {
  const compared = whole.frames ? stillFrames(whole.frames, split, sets) : { split, sets };
  return withProgress('compare', (onProgress) => copyingPerClass(dataset, compared.split, compared.sets, onProgress));
}

/** Judges the pipelines other than ddpm. */
async function judgePipelines(context: Context, guidanceScale: number): Promise<Record<string, PipelineMetrics>> {
  const makers = makersAt(context, guidanceScale);
  const atOnce = await judge(context, makers.cvae!, 'cvae');
  const refined = await judge(context, makers['cvae+ddpm']!, 'cvae+ddpm');
  return {
    cvae: pipelineMetrics(atOnce.metrics, atOnce.speed),
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

/** Makes as many pictures of each label as the recipe says, and has them judged. */
async function judge(context: Context, make: MakePictures, title: string) {
  const { whole, dataset, classifier, real, perClass } = context;
  const { requests, classLabels, attributes, subjects } = askedPictures(context);
  const started = performance.now();
  const pictures = await withProgress(title, (onProgress) => generateSet(make, requests, onProgress));
  const speed = (1000 * pictures.length) / (performance.now() - started);
  const made = seenByJudge(datasetOfPictures(pictures, classLabels, whole));
  const perRow = (attributes?.length ?? 0) / classLabels.length;
  const images: ImageSet = {
    ...everyImage(albedoOf(singleFrames(made))),
    ...(attributes && { attributes: repeatRows(attributes, perRow, numFramesOf(whole)) }),
  };
  const measured = await measure(classifier, images, perClass, repeatRows(subjects, 1, numFramesOf(whole)));
  const frames = framesCompared(context, measured, images, subjects);
  const metrics = { ...compareWithReal(measured, real, dataset.labels), ...(frames && { frames }) };
  return { pictures, made, images, metrics, speed };
}

/** How the frames of subjects agree, beside those of real ones; undefined where there are none. */
function framesCompared(
  { whole: { frames }, classifier, realFrames }: Context,
  measured: Measured,
  images: ImageSet,
  subjects: Int32Array,
): FrameMetrics | undefined {
  if (!frames || !realFrames) return undefined;
  const shows = showsIn(realFrames, subjects);
  const own = frameMetrics(classifier.config, measured.readAttributes, images, frames, shows);
  return { ...own, colourDriftRelativeToReal: own.colourDrift / realFrames.metrics.colourDrift };
}
