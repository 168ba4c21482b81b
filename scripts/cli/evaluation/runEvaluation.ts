import { stat } from 'node:fs/promises';
import {
  albedoOf,
  type BackendName,
  CLASSIFIER_DEFAULTS,
  createTeacher,
  type Dataset,
  type DatasetSplit,
  type DiffusionModel,
  drawPerClass,
  type ImageSet,
  imagesOfDataset,
  imagesOfPixels,
  loadModelFolder,
  type ModelFiles,
  type ModelPart,
  modelNotes,
  reconstruct,
  type SamplerName,
  sampleDefaultsFor,
  smallestClass,
} from '../../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../../node/atomicWrite.ts';
import { openNodeBackend } from '../../node/nodeBackend.ts';
import { buildCvae, buildModel, modelSource, orUsageError } from '../../node/openModel.ts';
import { readDataset, splitFrom } from '../../node/readDataset.ts';
import { withProgress } from '../../node/terminal.ts';
import { UsageError } from '../../node/usageError.ts';
import { optionalParts } from '../../node/wholeModel.ts';
import { checkOfModel, fitToModel, withAttributesOf } from '../dataOfModel.ts';
import { frechetDistance } from './frechet.ts';
import { type Judge, openJudge } from './judge.ts';
import { type EvaluationRecipe, type Judged, judgeGenerated } from './judgeGenerated.ts';
import { byLabel, type Measured, measure } from './measure.ts';
import { formatMetrics, formatSummary, METRIC_UNITS, type Metrics } from './report.ts';

export interface EvaluateFlags {
  data: string;
  out?: string;
  classifier?: string;
  classifierSteps?: number;
  imagesPerClass: number;
  guidance: number[];
  steps?: number;
  sampler?: SamplerName;
  seed: number;
  heldOut: number;
  splitSeed: number;
  holdOutBy?: string[];
  workers: number;
  backend?: BackendName;
}

/** The work of `figment evaluate`. */
export async function evaluate(name: string, flags: EvaluateFlags): Promise<void> {
  const out = flags.out ?? (await folderOf(name));
  await withEvaluated('evaluate', name, flags, async (evaluated) => {
    await makeWritableFolder(out);
    const { metrics, sheet } = await evaluateModel(evaluated, flags);
    const bytes = new TextEncoder().encode(formatMetrics(metrics));
    await writeFilesAtomic(out, { 'contact-sheet.png': sheet, 'metrics.json': bytes });
    console.log(formatSummary(metrics));
    console.log(`evaluate: wrote metrics.json and contact-sheet.png to ${out}`);
  });
}

/** A model with all its networks, on a backend, and the data that it was trained on. */
export interface Evaluated {
  networks: Judged;
  dataset: Dataset;
  split: DatasetSplit;
  backend: BackendName;
}

/** Opens a model and its data, and has work done with them. */
export async function withEvaluated(
  operation: string,
  name: string,
  flags: Pick<EvaluateFlags, 'data' | 'heldOut' | 'splitSeed' | 'holdOutBy' | 'backend'>,
  work: (evaluated: Evaluated) => Promise<void>,
): Promise<void> {
  const source = modelSource(name);
  const files = await loadModelFolder(source, { acceptChanged: true });
  for (const note of modelNotes(files)) console.log(`${operation}: ${note}`);
  const parts = optionalParts(files.index);
  const read = async (part: ModelPart) =>
    parts.includes(part) ? loadModelFolder(source, { parts: [part], acceptChanged: true }) : null;
  const [cvaeFiles, teacherFiles] = [await read('cvae'), await read('teacher')];
  refuseFrames(files);
  const dataset = fitToModel(files, await readDataset(flags.data));
  checkOfModel(operation, files, dataset);
  const { heldOut, splitSeed, holdOutBy } = flags;
  const split = splitFrom(dataset, { heldOut, seed: splitSeed, holdOutBy });
  checkHeldOut(dataset, split);
  const { backend, reason, release } = await openNodeBackend(flags.backend);
  console.log(`${operation}: ${backend}; ${reason}`);
  const model = buildModel(files);
  const cvae = cvaeFiles && buildCvae(cvaeFiles);
  const teacher = teacherFiles && orUsageError(() => createTeacher(model, teacherFiles));
  try {
    await work({ networks: { model, teacher, cvae }, dataset: withAttributesOf(files, dataset), split, backend });
  } finally {
    teacher?.dispose();
    model.dispose();
    cvae?.dispose();
    release();
  }
}

async function folderOf(model: string): Promise<string> {
  const found = await stat(model).catch(() => null);
  if (found?.isDirectory()) return model;
  throw new UsageError(`evaluate: model ${model} is no folder to write to; say where with --out`);
}

function refuseFrames({ index: { figment } }: ModelFiles): void {
  if (!figment.frames) return;
  throw new UsageError(
    `evaluate: pictures of ${figment.name} have frames, which are not measured yet; look at a bake of it`,
  );
}

function checkHeldOut(dataset: Dataset, { heldOut }: DatasetSplit): void {
  const smallest = smallestClass(labelsOf(dataset, heldOut), dataset.labels.length);
  if (smallest >= 2) return;
  throw new UsageError(`evaluate: a class has ${smallest} held-out images; expected 2 or more, raise --held-out`);
}

function labelsOf(dataset: Dataset, indices: Int32Array): Int32Array {
  return indices.map((image) => dataset.classLabels[image]!);
}

async function evaluateModel(
  { networks, dataset: whole, split, backend }: Evaluated,
  flags: EvaluateFlags,
): Promise<{ metrics: Metrics; sheet: Uint8Array }> {
  const dataset = albedoOf(whole); // what the judge sees
  const { labels } = dataset;
  const { model } = networks;
  return withJudge('evaluate', dataset, split, backend, flags, async ({ classifier, heldOut, real, perClass }) => {
    const train = await measure(classifier, sampleOf(dataset, split.train, perClass), perClass);
    const { l1, pictures } = await withProgress('reconstruct', (onProgress) =>
      reconstruct(model, imagesOfDataset(whole, split.heldOut), onProgress),
    );
    const reconstructedHeldOut = imagesOfPixels(pictures, heldOut.classLabels, dataset);
    const recipe = recipeOf(model, flags);
    const sets = { heldOut, reconstructedHeldOut };
    const generated = await judgeGenerated({ ...networks, dataset, split, sets, classifier, real, perClass, recipe });
    const metrics: Metrics = {
      units: METRIC_UNITS,
      model: { name: model.index.figment.name, sha256: model.hash },
      data: dataOf(dataset, split, flags),
      recipe: { ...recipe, backend },
      classifier: {
        numTrainSteps: classifier.numSteps,
        heldOutAccuracy: real.accuracy.overall,
        heldOutAccuracyPerClass: byLabel(labels, real.accuracy.perClass),
        ...(Object.keys(real.attributes).length > 0 && { heldOutAccuracyPerAttribute: real.attributes }),
      },
      vae: { heldOutL1: l1 },
      frechet: { imagesPerClass: perClass, trainToHeldOut: frechetDistance(train.gaussian, real.gaussian) },
      ...generated.metrics,
    };
    return { metrics, sheet: generated.sheet };
  });
}

/** A judge, and what it says of the held-out pictures. */
export interface Judging {
  classifier: Judge;
  heldOut: ImageSet;
  real: Measured;
  /** How many pictures of each label distances are measured with. */
  perClass: number;
}

/** Reads or trains the judge of a data set, and has work done with it. */
export async function withJudge<T>(
  operation: string,
  dataset: Dataset,
  split: DatasetSplit,
  backend: BackendName,
  flags: Pick<EvaluateFlags, 'classifier' | 'classifierSteps' | 'imagesPerClass' | 'workers'>,
  work: (judging: Judging) => Promise<T>,
): Promise<T> {
  const classifier = await openJudge(dataset, {
    file: flags.classifier,
    indices: split.train,
    numSteps: flags.classifierSteps ?? CLASSIFIER_DEFAULTS.numSteps!,
    numWorkers: backend === 'wasm' ? flags.workers : 1,
  });
  console.log(
    `${operation}: classifier ${classifier.isNew ? 'trained and stored in' : 'read from'} ${classifier.file}`,
  );
  try {
    const heldOut = imagesOfDataset(dataset, split.heldOut);
    const perClass = Math.min(flags.imagesPerClass, smallestClass(heldOut.classLabels, dataset.labels.length));
    return await work({ classifier, heldOut, real: await measure(classifier, heldOut, perClass), perClass });
  } finally {
    classifier.dispose();
  }
}

function sampleOf(dataset: Dataset, indices: Int32Array, perClass: number): ImageSet {
  const drawn = drawPerClass(labelsOf(dataset, indices), dataset.labels.length, perClass, 0);
  return imagesOfDataset(
    dataset,
    drawn.map((position) => indices[position]!),
  );
}

function dataOf(dataset: Dataset, split: DatasetSplit, flags: EvaluateFlags): Metrics['data'] {
  return {
    name: dataset.name,
    numTrainImages: split.train.length,
    numHeldOutImages: split.heldOut.length,
    heldOutShare: flags.heldOut,
    splitSeed: flags.splitSeed,
  };
}

function recipeOf({ index }: DiffusionModel, flags: EvaluateFlags): EvaluationRecipe {
  const { steps: numInferenceSteps, sampler } = flags;
  const asked = { ...(numInferenceSteps && { numInferenceSteps }), ...(sampler && { sampler }) };
  const sampleDefaults = sampleDefaultsFor(asked, index.figment);
  return {
    sampler: flags.sampler ?? sampleDefaults.sampler,
    numInferenceSteps: flags.steps ?? sampleDefaults.numInferenceSteps,
    guidanceScales: flags.guidance,
    imagesPerClass: flags.imagesPerClass,
    firstSeed: flags.seed,
    lastSeed: (flags.seed + flags.imagesPerClass - 1) >>> 0,
  };
}
