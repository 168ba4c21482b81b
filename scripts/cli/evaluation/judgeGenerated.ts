import {
  albedoOf,
  attributesOf,
  classifyImages,
  type Dataset,
  type DatasetSplit,
  type DiffusionModel,
  datasetOfPictures,
  encodeColumns,
  type GeneratedPicture,
  type HeightGuesser,
  type ImageSet,
  imagesOfDataset,
  numFramesOf,
  type PictureOptions,
  REFINE_STRENGTH,
  type SampleOptions,
  type SamplerName,
  singleFrames,
} from '../../../runtime/index.ts';
import { withProgress } from '../../node/terminal.ts';
import { contactSheet } from './contactSheet.ts';
import { type FrameMetrics, frameMetrics, repeatRows, stillFrames } from './frames.ts';
import type { Judge } from './judge.ts';
import {
  type ChannelSeam,
  type MaterialMetrics,
  measureHeights,
  seamsOf,
  type TileCounts,
  withHeldOut,
} from './judgeMaterials.ts';
import { type MonotonyMetrics, monotonyOf, planSweeps } from './judgeMonotony.ts';
import { planVariedSets, type RealSet, type VariationMetrics, variationOf, variedWords } from './judgeVariation.ts';
import { BATCH, generateSet, type Judged, type MakePictures, makersOf } from './makePictures.ts';
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
import { seenByJudge } from './seenByJudge.ts';

/** How the pictures are made. */
export type EvaluationRecipe = Omit<Metrics['recipe'], 'backend'>;

/** Real pictures in the format of the model's, in sets that differ in one attribute alone. */
export interface RealSets {
  dataset: Dataset;
  sets: readonly RealSet[];
}

/** What it takes to judge what a model generates. */
export interface Context extends Judged {
  /** In the format of the model's pictures, with their maps and frames. */
  whole: Dataset;
  /** Which images of `whole` are held out. */
  splitOfWhole: DatasetSplit;
  /** What the classifier sees of it: every frame is an image. */
  dataset: Dataset;
  split: DatasetSplit;
  sets: Record<'heldOut' | 'reconstructedHeldOut', ImageSet>;
  classifier: Judge;
  /** What guesses heights from pictures; models of materials alone have it. */
  heights: (HeightGuesser & { numSteps: number }) | null;
  /** Whether seams are measured, which takes pictures of their own. */
  hasSeams: boolean;
  /** How many seeds of each class have their numeric attributes swept. */
  numSweepSeeds: number;
  /** The attribute that is varied alone, and in how many pictures. */
  vary?: { attribute: string; numIdentities: number };
  /** Real pictures that differ in it alone. */
  varied?: RealSets;
  real: Measured;
  /** How much the frames of held-out subjects agree; null for pictures of one frame. */
  realFrames: FrameMetrics | null;
  perClass: number;
  recipe: EvaluationRecipe;
}

/** Generates at each guidance scale, one after the other; the sheet and the search for copies are of one of them. */
export async function judgeGenerated(context: Context) {
  const { model, cvae, whole, dataset, recipe } = context;
  const shownScale = scaleOfSheet(recipe.guidanceScales, model);
  const byGuidance: Record<string, GuidanceMetrics> = {};
  const imagesPerSecond: Record<string, number> = {};
  let copying: CopyMetrics[] = [];
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
    const { frames } = whole;
    const compared = frames ? stillFrames(frames, context.split, sets) : { split: context.split, sets };
    copying = await withProgress('compare', (onProgress) =>
      copyingPerClass(dataset, compared.split, compared.sets, onProgress),
    );
    if (model.index.figment.circularPadding) {
      const plain = pictures.map(({ pixels }) => pixels);
      seam = measureSeams(plain, shownScale, whole, context.split);
    }
    if (context.heights) materials = await judgeMaterials(context, { pictures, made }, context.heights, shownScale);
    const text = { model: model.index.figment.name, ...recipe, guidanceScales: [guidanceScale] };
    sheet = new Uint8Array(contactSheet(pictures, whole, text));
  }
  const nearestTrainingImage = {
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
      nearestTrainingImage,
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

const TILES: TileCounts = [3, 2];
const HALF = 0.5;

/** @param generated of one tile, and what is seen of them */
async function judgeMaterials(
  context: Context,
  generated: { pictures: readonly GeneratedPicture[]; made: Dataset },
  heights: HeightGuesser & { numSteps: number },
  guidanceScale: number,
): Promise<MaterialMetrics> {
  const { model, whole, split, hasSeams } = context;
  const { circularPadding } = model.index.figment;
  const seams = circularPadding && hasSeams ? await judgeSeams(context, generated.pictures, guidanceScale) : [];
  const real = imagesOfDataset(seenByJudge(whole), split.heldOut);
  const heightFromAlbedo = await measureHeights(heights, everyImage(generated.made), real);
  return { guidanceScale, seams, heightFromAlbedo };
}

/** @param pictures of one tile */
async function judgeSeams(
  context: Context,
  pictures: readonly GeneratedPicture[],
  guidanceScale: number,
): Promise<ChannelSeam[]> {
  const { model, whole, split, recipe } = context;
  const { requests } = askedPictures(context);
  /** Pictures of so many tiles, their noise moved by a share of their size. */
  const tiled = (title: string, asked: readonly PictureOptions[], [across, down]: TileCounts, moved: number) => {
    const [height, width] = model.latentShape;
    const size = { widthPx: across * whole.widthPx, heightPx: down * whole.heightPx };
    const noiseShift = [moved * down * height, moved * across * width] as const;
    const make = makersAt(context, guidanceScale, { ...size, ...(moved > 0 && { noiseShift }) }).ddpm;
    const numAtOnce = Math.max(1, Math.floor(BATCH / (across * down)));
    return withProgress(title, (onProgress) => generateSet(make, asked, onProgress, numAtOnce));
  };
  const moved = await tiled('moved', requests, [1, 1], HALF);
  const seams = withHeldOut(seamsOf({ pictures, moved }, whole, [1, 1]), whole, split);
  const first = requests.filter((_, i) => i % recipe.imagesPerClass === 0);
  const larger = await tiled('tiles', first, TILES, 0);
  const largerMoved = await tiled('moved tiles', first, TILES, HALF);
  return [...seams, ...seamsOf({ pictures: larger, moved: largerMoved }, whole, TILES)];
}

/** How well numbers are heeded; undefined where there are none to ask for. */
async function judgeMonotony(context: Context, guidanceScale: number): Promise<MonotonyMetrics | undefined> {
  const { whole, recipe, numSweepSeeds: numSeeds, classifier } = context;
  const sweeps = planSweeps(whole, { firstSeed: recipe.firstSeed, numSeeds });
  if (sweeps.length === 0) return undefined;
  const requests = sweeps.flatMap((sweep) => sweep.requests);
  const pictures = await readRequests(context, requests, { guidanceScale, title: 'sweep' });
  const names = Object.keys(classifier.config.attributes);
  const meanOver = (frames: readonly ArrayLike<number>[], place: number) =>
    frames.reduce((sum, values) => sum + values[place]!, 0) / frames.length;
  let next = 0;
  const read = sweeps.map(({ attribute, values }) =>
    values.map(() => meanOver(pictures[next++]!, names.indexOf(attribute))),
  );
  return { guidanceScale, seedsPerClass: numSeeds, attributes: monotonyOf(sweeps, read) };
}

/** How well one attribute is changed alone; undefined where none was named. Of frames the first one counts. */
async function judgeVariation(context: Context, guidanceScale: number): Promise<VariationMetrics | undefined> {
  const { whole, splitOfWhole, recipe, vary, varied, classifier } = context;
  if (!vary) return undefined;
  const sets = planVariedSets(whole, splitOfWhole, { ...vary, firstSeed: recipe.firstSeed });
  const requests = sets.flatMap((set) => set.requests);
  const pictures = await readRequests(context, requests, { guidanceScale, title: `vary ${vary.attribute}` });
  const ofPictures = pictures.map(([first]) => first!);
  let next = 0;
  const read = sets.map((set) => set.requests.map(() => ofPictures[next++]!));
  const { attribute } = vary;
  const of = { names: Object.keys(classifier.config.attributes), attribute, words: variedWords(whole, attribute) };
  const real = varied && {
    numIdentities: varied.sets.length,
    ...variationOf(varied.sets, await readRealSets(varied, classifier), of),
  };
  return { guidanceScale, ...vary, ...variationOf(sets, read, of), ...(real && { real }) };
}

/** The attributes that the classifier reads in each picture of each set. */
async function readRealSets({ dataset, sets }: RealSets, classifier: Judge): Promise<Float32Array[][]> {
  const pictures = await readPictures(seenByJudge(dataset), classifier);
  return sets.map(({ images }) => images.map((image) => pictures[image]![0]!));
}

/** Makes pictures, and gives of each the attributes that the classifier reads in each of its frames. */
async function readRequests(
  context: Context,
  requests: readonly PictureOptions[],
  { guidanceScale, title }: { guidanceScale: number; title: string },
): Promise<Float32Array[][]> {
  const { whole, classifier } = context;
  const { ddpm } = makersAt(context, guidanceScale);
  const pictures = await withProgress(title, (onProgress) => generateSet(ddpm, requests, onProgress));
  const classLabels = Int32Array.from(requests, ({ label }) => whole.labels.indexOf(label));
  return readPictures(seenByJudge(datasetOfPictures(pictures, classLabels, whole)), classifier);
}

/** Gives of each picture the attributes that the classifier reads in each of its frames. */
async function readPictures(seen: Dataset, { config, weights }: Judge): Promise<Float32Array[][]> {
  const { attributes } = await classifyImages(config, weights, everyImage(albedoOf(singleFrames(seen))));
  const numAttributes = Object.keys(config.attributes).length;
  const numFrames = numFramesOf(seen);
  const valuesAt = (row: number) => attributes.subarray(row * numAttributes, (row + 1) * numAttributes);
  return Array.from(seen.classLabels, (_, picture) =>
    Array.from({ length: numFrames }, (_, frame) => valuesAt(picture * numFrames + frame)),
  );
}

const everyImage = (dataset: Dataset) => imagesOfDataset(dataset, Int32Array.from(dataset.classLabels.keys()));

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

function makersAt({ model, teacher, cvae, recipe }: Context, guidanceScale: number, more: SampleOptions = {}) {
  const { numInferenceSteps, sampler } = recipe;
  return makersOf(
    { model, teacher, cvae },
    { ...more, guidanceScale, numInferenceSteps, sampler: sampler as SamplerName },
  );
}

/** Makes as many pictures of each label as the recipe says, and has them judged. */
async function judge(context: Context, make: MakePictures, title: string) {
  const { whole, dataset, classifier, real, perClass } = context;
  const { requests, classLabels, attributes } = askedPictures(context);
  const started = performance.now();
  const pictures = await withProgress(title, (onProgress) => generateSet(make, requests, onProgress));
  const speed = (1000 * pictures.length) / (performance.now() - started);
  const made = seenByJudge(datasetOfPictures(pictures, classLabels, whole));
  const perRow = (attributes?.length ?? 0) / classLabels.length;
  const images: ImageSet = {
    ...everyImage(albedoOf(singleFrames(made))),
    ...(attributes && { attributes: repeatRows(attributes, perRow, numFramesOf(whole)) }),
  };
  const measured = await measure(classifier, images, perClass);
  const frames = framesCompared(context, measured, images);
  const metrics = { ...compareWithReal(measured, real, dataset.labels), ...(frames && { frames }) };
  return { pictures, made, images, metrics, speed };
}

/** How the frames of subjects agree, beside those of real ones; undefined where there are none. */
function framesCompared(
  { whole: { frames }, classifier, realFrames }: Context,
  measured: Measured,
  images: ImageSet,
): FrameMetrics | undefined {
  if (!frames || !realFrames) return undefined;
  const own = frameMetrics(classifier.config, measured.readAttributes, images, frames);
  return { ...own, colourDriftRelativeToReal: own.colourDrift / realFrames.colourDrift };
}

/**
 * The same number of pictures of every label, with the seeds that `figment bake` would use: counting up from the same first
 * seed for every label. Each is asked for the attributes of a held-out image of its label, one after the other.
 */
function askedPictures({ whole: dataset, splitOfWhole: split, recipe }: Context) {
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
