import {
  assertGuidance,
  createSampler,
  type DiffusionModel,
  generate,
  type ImageRequest,
  indexOfLabel,
  loadModelFolder,
  type ModelFiles,
  parseSchedulerConfig,
  type SampleOptions,
  type SamplerName,
  type SheetTile,
} from '../runtime/index.ts';
import type { BakeOptions } from './bake.ts';
import { planSheet, type Recipe, writeImage, writeSheet } from './io/bakeFiles.ts';
import { UsageError } from './io/cliErrors.ts';
import { InterruptError, interruptible, letEventsIn } from './io/interrupt.ts';
import { labelFileName } from './io/labelFileName.ts';
import { openNodeBackend } from './io/nodeBackend.ts';
import { buildModel, modelSource } from './io/openModel.ts';
import { packageVersion } from './io/packageRoot.ts';
import { type Progress, startProgress } from './io/progress.ts';
import { makeWritableFolder } from './io/writableFolder.ts';

/** figment bake */
export async function bakeImages(model: string, options: BakeOptions): Promise<void> {
  await interruptible(async (signal) => {
    const files = await loadModelFolder(modelSource(model), { signal });
    const plan = planBake(files, options);
    await makeWritableFolder(options.out);
    await bake(files, plan, options, signal);
  });
}

/** What to make, checked as far as can be before anything long begins. */
interface BakePlan {
  requests: ImageRequest[];
  sampling: SampleOptions & { guidanceScale: number; numInferenceSteps: number; sampler: SamplerName };
  sheet: ReturnType<typeof planSheet> | null;
}

function planBake({ index, schedulerConfig }: ModelFiles, options: BakeOptions): BakePlan {
  const labels = options.label ?? index.labels;
  if (labels.length === 0) throw new UsageError(`bake: the model ${index.figment.name} has no labels to draw`);
  for (const label of labels) indexOfLabel(index.labels, label);
  const lastSeed = options.seed + options.count - 1;
  if (lastSeed >= 2 ** 32)
    throw new UsageError(`bake: seeds would count up to ${lastSeed}; expected at most ${2 ** 32 - 1}`);
  const seeds = Array.from({ length: options.count }, (_, i) => options.seed + i);
  const requests = labels.flatMap((label) => seeds.map((seed) => ({ label, seed })));
  for (const { label, seed } of requests) labelFileName(label, seed);
  const sampling = samplingOptions(index.figment.sampleDefaults, options);
  checkSampling(sampling, schedulerConfig, index.figment.name);
  const { widthPx, heightPx } = index.figment;
  const sheet = options.sheet
    ? planSheet(labels.length, options.count, widthPx * options.scale, heightPx * options.scale)
    : null;
  return { requests, sampling, sheet };
}

type SampleDefaults = ModelFiles['index']['figment']['sampleDefaults'];

function samplingOptions(defaults: SampleDefaults, options: BakeOptions): BakePlan['sampling'] {
  return {
    guidanceScale: options.guidance ?? defaults.guidanceScale,
    numInferenceSteps: options.steps ?? defaults.numInferenceSteps,
    sampler: options.sampler ?? (defaults.sampler as SamplerName),
    ...(options.eta === undefined ? {} : { eta: options.eta }),
    ...(options.guidanceInterval === undefined ? {} : { guidanceInterval: options.guidanceInterval }),
    ...(options.guidanceRescale === undefined ? {} : { guidanceRescale: options.guidanceRescale }),
  };
}

function checkSampling(sampling: BakePlan['sampling'], schedulerConfig: unknown, modelName: string): void {
  assertGuidance('bake', sampling);
  if (sampling.eta !== undefined && sampling.sampler !== 'ddim') {
    throw new UsageError(`bake: --eta is for the sampler ddim, not ${sampling.sampler}; add --sampler ddim`);
  }
  const scheduler = parseSchedulerConfig(schedulerConfig, `${modelName}/scheduler/scheduler_config.json`);
  createSampler(sampling.sampler, scheduler, sampling).dispose();
}

async function bake(files: ModelFiles, plan: BakePlan, options: BakeOptions, signal: AbortSignal): Promise<void> {
  const backend = await openNodeBackend(options.backend);
  try {
    const model = buildModel(files);
    try {
      const { tiles, durationMs } = await bakeAll(model, plan, options, signal);
      if (plan.sheet) await writeSheet(options.out, tiles, plan.sheet, packageVersion());
      const { sampler, numInferenceSteps, guidanceScale } = plan.sampling;
      const perImage = (durationMs / plan.requests.length).toFixed(durationMs < 10_000 ? 1 : 0);
      console.log(`bake: ${backend.backend}: ${backend.reason}`);
      console.log(`bake: ${sampler}, ${numInferenceSteps} steps, guidance ${guidanceScale}, ${perImage} ms an image`);
      console.log(
        `bake: ${numbered(plan.requests.length, 'image')}${plan.sheet ? ' and a sheet' : ''} in ${options.out}`,
      );
    } finally {
      model.dispose();
    }
  } finally {
    backend.release();
  }
}

interface Baked {
  tiles: SheetTile[]; // empty when no sheet was asked for
  durationMs: number; // of the computation, without writing
}

async function bakeAll(
  model: DiffusionModel,
  plan: BakePlan,
  options: BakeOptions,
  signal: AbortSignal,
): Promise<Baked> {
  const { requests } = plan;
  const progress = startProgress('bake');
  const tiles: SheetTile[] = [];
  let durationMs = 0;
  let numDone = 0;
  try {
    for (; numDone < requests.length; numDone = Math.min(numDone + options.batch, requests.length)) {
      const batch = requests.slice(numDone, numDone + options.batch);
      const start = performance.now();
      const onStep = progressOf(progress, numDone, batch.length, requests.length);
      const images = await generate(model, batch, { ...plan.sampling, signal, onStep });
      durationMs += performance.now() - start;
      for (const [i, pixels] of images.entries()) {
        const tile = await writeOne(model, batch[i]!, pixels, plan, options);
        if (plan.sheet) tiles.push(tile);
      }
    }
    progress.update(1, `${numDone}/${requests.length} images`);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new InterruptError(
      `bake: interrupted; ${numbered(numDone, 'image')} of ${requests.length} in ${options.out}`,
    );
  } finally {
    progress.stop();
  }
  return { tiles, durationMs };
}

/** Shows a batch's steps, and lets Ctrl-C be noticed between them. */
function progressOf(progress: Progress, numDone: number, batchSize: number, numImages: number) {
  return async ({ step, numSteps }: { step: number; numSteps: number }) => {
    progress.update((numDone + (batchSize * step) / numSteps) / numImages, `${numDone}/${numImages} images`);
    await letEventsIn();
  };
}

function writeOne(
  { index, hash }: DiffusionModel,
  request: ImageRequest,
  pixels: Uint8Array,
  { sampling }: BakePlan,
  { out, scale }: BakeOptions,
): Promise<SheetTile> {
  const { name, widthPx, heightPx } = index.figment;
  const recipe = { figment: 1, model: name, hash, ...request, ...sampling } as Recipe;
  return writeImage(out, { pixels, widthPx, heightPx, recipe }, scale);
}

function numbered(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
