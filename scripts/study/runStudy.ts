import path from 'node:path';
import {
  type BackendName,
  CLASSIFIER_DEFAULTS,
  type Dataset,
  type DatasetSplit,
  drawPerClass,
  imagesOfDataset,
  loadModelFolder,
  smallestClass,
  splitHeldOut,
} from '../../runtime/index.ts';
import { openJudge } from '../cli/evaluation/judge.ts';
import { measure } from '../cli/evaluation/measure.ts';
import { interruptible } from '../node/interrupt.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { buildModel, modelSource } from '../node/openModel.ts';
import { readDataset } from '../node/readDataset.ts';
import { startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import type { CaseResult, StudyContext, StudyPart } from './part.ts';
import { guidancePart, stepsPart, variancePart } from './parts/sampling.ts';
import { klWeightPart, pipelinesPart, predictionPart, schedulePart } from './parts/training.ts';
import { CaseStore, writeResults } from './results.ts';

export interface StudyCommandOptions {
  data: string;
  model: string;
  out: string;
  work: string;
  only?: string[];
  minutes: number;
  imagesPerClass: number;
  judgeSteps?: number;
  workers: number;
  backend?: BackendName;
}

/** The split of the shipped models' trainings. */
const SPLIT = { heldOut: 0.05, seed: 1 };

/** The work of `npm run study`. */
export async function runStudy(command: StudyCommandOptions): Promise<void> {
  const parts = partsNamed(command.only);
  const dataset = await readDataset(command.data);
  const split = splitHeldOut(dataset, SPLIT.heldOut, SPLIT.seed);
  const backend = await openNodeBackend(command.backend);
  const model = buildModel(await loadModelFolder(modelSource(command.model)));
  const judge = await openJudge(dataset, {
    indices: split.train,
    numSteps: command.judgeSteps ?? CLASSIFIER_DEFAULTS.numSteps!,
    numWorkers: backend.backend === 'wasm' ? command.workers : 1,
  });
  try {
    const heldOut = imagesOfDataset(dataset, split.heldOut);
    const perClass = Math.min(command.imagesPerClass, smallestClass(heldOut.classLabels, dataset.labels.length));
    const real = { measured: await measure(judge, heldOut, perClass), perClass };
    const { imagesPerClass, minutes, work } = command;
    const training = trainingImages(dataset, split);
    const context: StudyContext = { model, dataset, split, training, judge, real, imagesPerClass, minutes, work };
    await interruptible(async (signal) => {
      for (const part of parts) await runPart(part, context, command.out, signal);
    });
  } finally {
    judge.dispose();
    model.dispose();
    backend.release();
  }
}

/** So few that each is seen several times in some minutes of training. */
const TRAINING_IMAGES_PER_CLASS = 400;

function trainingImages({ classLabels, labels }: Dataset, { train }: DatasetSplit): Int32Array {
  const ofTraining = train.map((image) => classLabels[image]!);
  const drawn = drawPerClass(ofTraining, labels.length, TRAINING_IMAGES_PER_CLASS, SPLIT.seed);
  return drawn.map((position) => train[position]!);
}

function partsNamed(names: readonly string[] | undefined): StudyPart[] {
  const unknown = names?.find((name) => !PARTS.some((part) => part.name === name));
  if (unknown === undefined) return PARTS.filter(({ name }) => !names || names.includes(name));
  throw new UsageError(
    `study: there is no part "${unknown}"; expected some of ${PARTS.map(({ name }) => name).join(', ')}`,
  );
}

/** Measures the cases that are not done yet, and writes numbers, plots and sheet. */
async function runPart(part: StudyPart, context: StudyContext, out: string, signal: AbortSignal): Promise<void> {
  const { dataset, judge } = context;
  const settings = { ...part.settings(context), data: dataset.name, judgeSteps: judge.numSteps };
  const store = new CaseStore(context.work, part.name, settings, dataset);
  const progress = startProgress(`study ${part.name}`);
  const results: Record<string, CaseResult> = {};
  try {
    for (const [i, name] of part.cases.entries()) {
      const report = (share: number) => {
        signal.throwIfAborted();
        progress.update((i + share) / part.cases.length, name);
      };
      const done = await store.read(name);
      results[name] = done ?? (await part.measure(context, name, report));
      if (!done) await store.write(name, results[name]);
    }
  } finally {
    progress.stop();
  }
  await writeResults(out, part, settings, results, dataset);
  console.log(`study ${part.name}: ${part.cases.length} cases, in ${path.join(out, `${part.name}.json`)}`);
}

/** All parts, in the order of the guide. */
export const PARTS: readonly StudyPart[] = [
  klWeightPart,
  pipelinesPart,
  schedulePart,
  predictionPart,
  variancePart,
  stepsPart,
  guidancePart,
];
