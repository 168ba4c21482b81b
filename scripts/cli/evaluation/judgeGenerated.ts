import {
  attributesOf,
  type ConditionalVae,
  composeSheet,
  type Dataset,
  type DatasetSplit,
  type DiffusionModel,
  encodeColumns,
  generate,
  type ImageSet,
  imagesOfPixels,
  type PictureOptions,
  REFINE_STRENGTH,
  type SampleOptions,
  type SamplerName,
  scaleNearest,
} from '../../../runtime/index.ts';
import { encodePng } from '../../node/png.ts';
import { withProgress } from '../../node/terminal.ts';
import type { Judge } from './judge.ts';
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
import type { Metrics } from './report.ts';

/** The networks that are judged. */
export interface Judged {
  model: DiffusionModel;
  /** Of a distilled model, whose recipes may need it. */
  teacher: DiffusionModel | null;
  /** The model's conditional VAE, where it has one. */
  cvae: ConditionalVae | null;
}

/** How the pictures are made. */
export type EvaluationRecipe = Omit<Metrics['recipe'], 'backend'>;

/** What it takes to judge what a model generates. */
export interface Context extends Judged {
  dataset: Dataset;
  split: DatasetSplit;
  sets: Record<'heldOut' | 'reconstructedHeldOut', ImageSet>;
  classifier: Judge;
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
  let seam: SeamMetrics | undefined;
  let sheet = new Uint8Array();
  for (const guidanceScale of recipe.guidanceScales) {
    const { ddpm } = makersAt(context, guidanceScale);
    const { pictures, images, metrics, speed } = await judge(context, ddpm, `guidance ${guidanceScale}`);
    byGuidance[guidanceScale] = metrics;
    imagesPerSecond[guidanceScale] = speed;
    if (guidanceScale !== shownScale) continue;
    const sets = { ...context.sets, generated: images };
    copying = await withProgress('compare', async (onProgress) =>
      copyingPerClass(dataset, context.split, sets, onProgress),
    );
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

function makersAt({ model, teacher, cvae, recipe }: Context, guidanceScale: number) {
  const { numInferenceSteps, sampler } = recipe;
  return makersOf({ model, teacher, cvae }, { guidanceScale, numInferenceSteps, sampler: sampler as SamplerName });
}

/** What it takes to make pictures and have them judged. */
export type JudgeContext = Pick<Context, 'dataset' | 'split' | 'classifier' | 'real' | 'perClass'> & {
  recipe: Pick<EvaluationRecipe, 'imagesPerClass' | 'firstSeed'>;
};

/** Makes pictures of the pipeline ddpm with this sampling, and has them judged. */
export function judgeSampling(networks: Judged, context: JudgeContext, options: SampleOptions, title: string) {
  return judge(context, makersOf(networks, options).ddpm, title);
}

/** Makes as many pictures of each label as the recipe says, and has them judged. */
async function judge(context: JudgeContext, make: MakePictures, title: string) {
  const { dataset, classifier, real, perClass } = context;
  const { requests, classLabels, attributes } = askedPictures(context);
  const started = performance.now();
  const pictures = await withProgress(title, (onProgress) => generateSet(make, requests, onProgress));
  const speed = (1000 * pictures.length) / (performance.now() - started);
  const images = { ...imagesOfPixels(pictures, classLabels, dataset), ...(attributes && { attributes }) };
  const metrics = compareWithReal(await measure(classifier, images, perClass), real, dataset.labels);
  return { pictures, images, metrics, speed };
}

const BATCH = 26;

/**
 * The same number of pictures of every label, with the seeds that `figment bake` would use: counting up from the same first
 * seed for every label. Each is asked for the attributes of a held-out image of its label, one after the other.
 */
function askedPictures({ dataset, split, recipe }: JudgeContext) {
  const { imagesPerClass, firstSeed } = recipe;
  const columns = dataset.attributes ?? [];
  const models = dataset.labels.flatMap((_, label) => {
    const heldOut = split.heldOut.filter((image) => dataset.classLabels[image] === label);
    return Array.from({ length: imagesPerClass }, (_, i) => heldOut[i % heldOut.length]!);
  });
  return {
    requests: models.map(
      (image, i): PictureOptions => ({
        label: dataset.labels[dataset.classLabels[image]!]!,
        seed: (firstSeed + (i % imagesPerClass)) >>> 0,
        ...(columns.length > 0 && { attributes: attributesOf(columns, image) }),
      }),
    ),
    classLabels: Int32Array.from(models, (image) => dataset.classLabels[image]!),
    attributes: columns.length > 0 ? encodeColumns(columns, models) : undefined,
  };
}

/** @param onProgress called with the share done */
async function generateSet(
  make: MakePictures,
  requests: readonly PictureOptions[],
  onProgress: (share: number) => void,
): Promise<Uint8Array[]> {
  const pictures: Uint8Array[] = [];
  while (pictures.length < requests.length) {
    const batch = requests.slice(pictures.length, pictures.length + BATCH);
    const onShare = (share: number) => onProgress((pictures.length + batch.length * share) / requests.length);
    pictures.push(...(await make(batch, onShare)));
  }
  return pictures;
}

const MAX_COLUMNS = 12;
const SCALE = 2;

/**
 * One row a label, the first pictures of each, at twice their size, as a PNG file.
 *
 * @param pictures RGBA bytes, label after label, equally many of each
 * @param recipe   stored in the file's text
 */
function contactSheet(
  pictures: readonly Uint8Array[],
  numLabels: number,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
  recipe: unknown,
): Uint8Array {
  const perLabel = pictures.length / numLabels;
  const columns = Math.min(MAX_COLUMNS, perLabel);
  const chosen = pictures.filter((_, i) => i % perLabel < columns);
  const tiles = chosen.map((picture) => scaleNearest(picture, widthPx, heightPx, SCALE));
  const sheet = composeSheet(tiles, columns, SCALE * widthPx, SCALE * heightPx);
  return encodePng({ ...sheet, text: { recipe: JSON.stringify(recipe) } });
}

/** Makes the pictures of a batch, and reports the share that is done. */
type MakePictures = (requests: readonly PictureOptions[], onShare: (share: number) => void) => Promise<Uint8Array[]>;

/** How each pipeline makes pictures; the two that need a conditional VAE are absent where the model has none. */
function makersOf(
  { model, teacher, cvae }: Judged,
  options: SampleOptions,
): { ddpm: MakePictures; cvae?: MakePictures; 'cvae+ddpm'?: MakePictures } {
  const inSteps = (onShare: (share: number) => void) => ({
    ...options,
    onStep: ({ step, numSteps }: { step: number; numSteps: number }) => onShare(step / numSteps),
  });
  const ddpm: MakePictures = (requests, onShare) => generate({ model, teacher }, requests, inSteps(onShare));
  if (!cvae) return { ddpm };
  return {
    ddpm,
    cvae: (requests) => generate({ cvae }, requests, { pipeline: 'cvae' }),
    'cvae+ddpm': (requests, onShare) =>
      generate({ model, teacher, cvae }, requests, {
        ...inSteps(onShare),
        pipeline: 'cvae+ddpm',
        strength: REFINE_STRENGTH,
      }),
  };
}
