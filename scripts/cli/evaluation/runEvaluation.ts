import { basename } from 'node:path';
import {
  albedoOf,
  type BackendName,
  createTeacher,
  type Dataset,
  type DatasetSplit,
  type DiffusionModel,
  loadModelFolder,
  MATERIAL_CHANNELS,
  type ModelFiles,
  type ModelPart,
  modelNotes,
  nextSeed,
  type SamplerName,
  sampleDefaultsFor,
  smallestClass,
} from '../../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../../node/atomicWrite.ts';
import { openNodeBackend } from '../../node/nodeBackend.ts';
import { buildCvae, buildModel, modelSource, shippedModelFolder } from '../../node/openModel.ts';
import { framesAsPictures } from '../../node/readDataset.ts';
import { isFolder } from '../../node/shippedFolders.ts';
import { printable } from '../../node/terminal.ts';
import { orUsageError, UsageError } from '../../node/usageError.ts';
import { optionalParts } from '../../node/wholeModel.ts';
import { checkAskable, readDataOfModel, readOthers, withAttributesOf } from '../dataOfModel.ts';
import { heldOutOthers } from '../trainingCheckpoint.ts';
import type { Context, EvaluationRecipe, RealSets, RealSweeps } from './context.ts';
import { openHeightJudge } from './heightJudge.ts';
import { openJudge } from './judge.ts';
import { judgeGenerated } from './judgeGenerated.ts';
import type { Judged } from './makePictures.ts';
import { labelsOf, measureReal, realMetrics } from './measureReal.ts';
import { formatMetrics, formatSummary, METRIC_UNITS, type Metrics } from './report.ts';
import { seenByJudge } from './seenByJudge.ts';
import { realSweeps } from './sweeps.ts';
import { realSets, variedWords } from './variedSets.ts';

export interface EvaluateCommandOptions {
  data: string;
  extraData?: string[];
  testData?: string;
  out?: string;
  classifier?: string;
  classifierSteps?: number;
  /** 0: nothing is asked of materials beside what is asked of all pictures. */
  heightSteps: number;
  copies: boolean;
  seams: boolean;
  sweepSeeds: number;
  sweptData?: string;
  vary?: string;
  identities: number;
  variedData?: string;
  imagesPerClass: number;
  guidance: number[];
  guidanceInterval?: [number, number];
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
export async function evaluate(name: string, command: EvaluateCommandOptions): Promise<void> {
  const source = modelSource(name);
  const files = await loadModelFolder(source, { acceptChanged: true });
  for (const note of modelNotes(files)) console.log(printable(`evaluate: ${note}`));
  const parts = optionalParts(files.index);
  const read = async (part: ModelPart) =>
    parts.includes(part) ? loadModelFolder(source, { parts: [part], acceptChanged: true }) : null;
  const [cvaeFiles, teacherFiles] = [await read('cvae'), await read('teacher')];
  const out = command.out ?? folderOf(name);
  const { dataset, split } = await readDataOfModel('evaluate', files, { ...command, seed: command.splitSeed });
  checkHeldOut(dataset, split);
  if (command.testData === undefined && (await heldOutOthers(name, { dataset, split }))) {
    console.log(
      `evaluate: ${name} was trained on pictures that are held out here, which makes it look better than it is; give the --held-out, --split-seed, --hold-out-by and --extra-data of its training`,
    );
  }
  await makeWritableFolder(out);
  const backend = await openNodeBackend(command.backend);
  console.log(`evaluate: ${backend.backend}; ${backend.reason}`);
  const model = buildModel(files);
  const cvae = cvaeFiles && buildCvae(cvaeFiles);
  const teacher = teacherFiles && orUsageError(() => createTeacher(model, teacherFiles));
  try {
    const judged = withAttributesOf(files, dataset);
    checkAskable('evaluate', files, judged);
    if (command.vary !== undefined) variedWords(judged, command.vary);
    const compared = {
      varied: await readRealSets(files, judged, command),
      swept: await readRealSweeps(files, judged, command),
    };
    const { backend: name } = backend;
    const { metrics, sheet } = await evaluateModel({ model, teacher, cvae }, judged, split, name, command, compared);
    const bytes = new TextEncoder().encode(formatMetrics(metrics));
    await writeFilesAtomic(out, { 'contact-sheet.png': sheet, 'metrics.json': bytes });
    console.log(printable(formatSummary(metrics)));
    console.log(`evaluate: wrote metrics.json and contact-sheet.png to ${out}`);
  } finally {
    teacher?.dispose();
    model.dispose();
    cvae?.dispose();
    backend.release();
  }
}

/** @throws UsageError for a shipped model, whatever folder of that name lies here, and for an address */
function folderOf(model: string): string {
  if (shippedModelFolder(model) === undefined && isFolder(model)) return model;
  throw new UsageError(
    `evaluate: model ${model} is a shipped one or an address, no folder to write to; say where with --out`,
  );
}

/** Real pictures that differ in one attribute alone; undefined where none are named. @throws UsageError when there are none among them */
async function readRealSets(
  files: ModelFiles,
  judged: Dataset,
  { vary, variedData }: EvaluateCommandOptions,
): Promise<RealSets | undefined> {
  if (variedData === undefined) return undefined;
  if (vary === undefined) {
    throw new UsageError('evaluate: --varied-data shows how one attribute varies; say which with --vary');
  }
  const dataset = await readOthers('evaluate', files, judged, variedData, '--varied-data');
  const sets = realSets(dataset, vary);
  if (sets.length > 0) return { dataset, sets };
  throw new UsageError(
    `evaluate: --varied-data ${variedData}: no two pictures differ in ${vary} alone; name a data set of subjects with several words of it`,
  );
}

/** Real pictures that differ in one number alone; undefined where none are named. @throws UsageError when there are none among them */
async function readRealSweeps(
  files: ModelFiles,
  judged: Dataset,
  { sweptData, sweepSeeds }: EvaluateCommandOptions,
): Promise<RealSweeps | undefined> {
  if (sweptData === undefined) return undefined;
  if (sweepSeeds === 0) {
    throw new UsageError(
      'evaluate: --swept-data is compared with sweeps, of which there are none; raise --sweep-seeds',
    );
  }
  const dataset = await readOthers('evaluate', files, judged, sweptData, '--swept-data');
  const unknown = dataset.labels.filter((label) => !files.index.labels.includes(label));
  if (unknown.length > 0) {
    throw new UsageError(
      `evaluate: --swept-data ${sweptData}: the model knows no label ${unknown.join(', ')}; name a data set of its labels`,
    );
  }
  const sweeps = realSweeps(dataset);
  if (sweeps.length > 0) return { dataset, sweeps };
  throw new UsageError(
    `evaluate: --swept-data ${sweptData}: no three pictures in a row differ in one growing number alone; name a data set of subjects with several values of it`,
  );
}

function checkHeldOut(dataset: Dataset, { heldOut }: DatasetSplit): void {
  const smallest = smallestClass(labelsOf(dataset, heldOut), dataset.labels.length);
  if (smallest >= 2) return;
  throw new UsageError(
    `evaluate: a class has ${smallest} held-out images; expected 2 or more; train again and raise --held-out both times, or give --test-data`,
  );
}

async function evaluateModel(
  { model, teacher, cvae }: Judged,
  whole: Dataset,
  splitOfWhole: DatasetSplit,
  backend: BackendName,
  command: EvaluateCommandOptions,
  others: Pick<Context, 'varied' | 'swept'>,
): Promise<{ metrics: Metrics; sheet: Uint8Array }> {
  const { dataset: single, split } = framesAsPictures({ dataset: whole, split: splitOfWhole });
  const seen = seenByJudge(single);
  const dataset = albedoOf(seen);
  const classifier = await openJudge(dataset, {
    file: command.classifier,
    indices: split.train,
    numSteps: command.classifierSteps,
    numWorkers: backend === 'wasm' ? command.workers : 1,
  });
  console.log(`evaluate: classifier ${classifier.isNew ? 'trained and stored in' : 'read from'} ${classifier.file}`);
  const heights = await openHeights(seen, split, classifier.file, backend, model, command);
  try {
    const data = { whole, dataset, split };
    const measured = await measureReal(model, classifier, data, command.imagesPerClass);
    const { sets, real, realFrames, perClass } = measured;
    const recipe = recipeOf(model, command);
    const { vary: attribute, identities: numIdentities, sweepSeeds: numSweepSeeds } = command;
    const vary = attribute === undefined ? undefined : { attribute, numIdentities };
    const asked = { searchesCopies: command.copies, hasSeams: command.seams, numSweepSeeds, vary };
    const judges = { classifier, heights, ...asked, ...others };
    const compared = { whole, splitOfWhole, dataset, split, sets, real, realFrames, perClass };
    const generated = await judgeGenerated({ model, teacher, cvae, ...judges, ...compared, recipe });
    const metrics: Metrics = {
      units: METRIC_UNITS,
      model: { name: model.index.figment.name, sha256: model.hash },
      data: dataOf(whole, splitOfWhole, command),
      recipe: { ...recipe, backend },
      ...realMetrics(measured, classifier, whole),
      ...generated.metrics,
    };
    return { metrics, sheet: generated.sheet };
  } finally {
    classifier.dispose();
    heights?.dispose();
  }
}

/** The network that guesses heights, of models of materials alone; null where none is asked for. */
async function openHeights(
  seen: Dataset,
  { train: indices }: DatasetSplit,
  classifierFile: string,
  backend: BackendName,
  { index }: DiffusionModel,
  { heightSteps: numSteps, workers }: EvaluateCommandOptions,
) {
  if (seen.channels !== MATERIAL_CHANNELS || numSteps === 0) return null;
  const numWorkers = backend === 'wasm' ? workers : 1;
  const circular = index.figment.circularPadding;
  return openHeightJudge(seen, { classifierFile, indices, numSteps, numWorkers, circular });
}

function dataOf(dataset: Dataset, split: DatasetSplit, command: EvaluateCommandOptions): Metrics['data'] {
  return {
    name: dataset.name,
    numTrainImages: split.train.length,
    numHeldOutImages: split.heldOut.length,
    heldOutShare: command.heldOut,
    splitSeed: command.splitSeed,
    ...(command.testData !== undefined && { testData: basename(command.testData) }),
  };
}

function recipeOf({ index }: DiffusionModel, command: EvaluateCommandOptions): EvaluationRecipe {
  const { steps: numInferenceSteps, sampler, guidanceInterval } = command;
  const interval = guidanceInterval && { guidanceInterval };
  const asked = { ...(numInferenceSteps && { numInferenceSteps }), ...(sampler && { sampler }), ...interval };
  const sampleDefaults = sampleDefaultsFor(asked, index.figment);
  return {
    sampler: command.sampler ?? sampleDefaults.sampler,
    numInferenceSteps: command.steps ?? sampleDefaults.numInferenceSteps,
    // Without a null label there is no guidance.
    guidanceScales: index.figment.nullLabel === null ? [1] : command.guidance,
    ...interval,
    imagesPerClass: command.imagesPerClass,
    firstSeed: command.seed,
    lastSeed: nextSeed(command.seed, command.imagesPerClass - 1),
  };
}
