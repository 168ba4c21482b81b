// The steps of the reverse process as recordings: guidance, network, noise and sampler of a step are one list of commands.
import { dispose, scalar, type Tensor, type Tensor1D, type Tensor2D, type Tensor4D } from '@tensorflow/tfjs-core';
import { abortable, runToEnd } from '../core/slices.ts';
import { guidedPredictionInSlices, type SlicedDenoisingModel } from '../diffusion/guidance.ts';
import { seededNormals } from '../kernels/normals.ts';
import type { Graph, Value } from '../kernels/plan/graph.ts';
import { currentRecorder, type Recorder, replayed } from '../kernels/plan/recordings.ts';
import { oneHotValues } from '../networks/layers.ts';
import { unet2dOfEmbedding } from '../networks/unet2d.ts';
import { classTable, sinesOf, stepEmbeddings, timeChannels } from '../networks/unet2dEmbedding.ts';
import { samplingKey } from '../recipe/keys.ts';
import { noiseStream, seedsOf } from './latentNoise.ts';
import type { DiffusionModel } from './model.ts';
import type { SampleStep, SamplingPlan } from './samplingPlan.ts';

/** What a step computes around the network. */
interface StepNotes {
  /** The same for steps that differ in their factors alone, for which one recording serves. */
  key: string;
  graph: Graph;
  factors: number[];
  /** What the network is given, and what stands for its output. */
  request: Value;
  prediction: Value;
  /** For each image that the network is given, the place of its class in the batch; the batch's size stands for "any". */
  places: readonly number[];
  takesNoise: boolean;
  /** Whether it takes x0Pred of the step before. */
  takesPrevious: boolean;
}

/** Notes of samplings by all that they depend on; those noted first go first. */
const MAX_SAMPLINGS = 32;
const samplings = new WeakMap<DiffusionModel, Map<string, readonly StepNotes[]>>();

/**
 * Makes the steps of a plan by recordings, on backends that have them. Where a classifier, a mask, tiles or a measurement
 * take part, or the networks compute elsewhere, there are none.
 *
 * @param xt the latents to begin with, which take on those after each step
 * @returns  through the generator, the step to go on with; the steps' x0Pred is overwritten by the next
 */
export function* recordedStepsInSlices(
  model: DiffusionModel,
  plan: SamplingPlan,
  xt: Tensor4D,
  signal: AbortSignal | undefined,
): Generator<SampleStep | null, number> {
  const { firstStep, sampler } = plan;
  const recorder = isRecordable(model, plan) ? currentRecorder() : null;
  const notes = recorder && (yield* abortable(notesOf(recorder, model, plan), signal));
  const embeddings = notes && (yield* abortable(embeddingsOf(recorder, model, plan, notes), signal));
  if (!embeddings) return firstStep;
  const x0Pred = recorder.emptyTensor(xt.shape) as Tensor4D;
  try {
    for (const [i, note] of notes.entries()) {
      const inputs = [
        xt,
        ...(note.takesNoise ? [seedsOf(plan)] : []),
        ...(note.takesPrevious ? [x0Pred] : []),
        embeddings.rows[i]!,
      ];
      const graph = () => graphOf(recorder, model, note);
      const slices = replayed(model, note.key, graph, inputs, [xt, x0Pred], note.factors);
      if (!(yield* abortable(slices, signal))) {
        if (i > 0) sampler.remember?.(firstStep + i - 1, x0Pred);
        return firstStep + i;
      }
      const isLast = i === notes.length - 1;
      yield { step: i + 1, numSteps: notes.length, x0Pred: isLast ? xt : x0Pred, guidanceNorm: null };
    }
    return sampler.timesteps.length;
  } finally {
    dispose([x0Pred, ...embeddings.tensors]);
  }
}

function isRecordable(
  { elsewhere }: DiffusionModel,
  { isRecorded, classifierGuide, measure, recipes, tiles, firstStep, sampler }: SamplingPlan,
): boolean {
  const isPlain = !classifierGuide && !measure && !recipes[0]!.mask && tiles[0] * tiles[1] === 1;
  return isRecorded && isPlain && !elsewhere && firstStep < sampler.timesteps.length;
}

/** The notes of all steps, which are made when there are none, a step in each slice; null when they cannot be. */
function* notesOf(
  recorder: Recorder,
  model: DiffusionModel,
  plan: SamplingPlan,
): Generator<void, readonly StepNotes[] | null> {
  const { recipes, firstStep, latentShape, condition } = plan;
  const classes = condition.classesAt(firstStep);
  const places = classes.map((label, i) => (label === condition.nullLabel ? recipes.length : i));
  const key = [samplingKey(recipes[0]!), firstStep, latentShape, places].join('|');
  const known = samplings.get(model) ?? new Map<string, readonly StepNotes[]>();
  samplings.set(model, known);
  const notes = known.get(key) ?? (yield* newNotes(recorder, plan, places));
  if (!notes) return null;
  if (!known.has(key) && known.size >= MAX_SAMPLINGS) known.delete(known.keys().next().value!);
  known.set(key, notes);
  return notes;
}

function* newNotes(recorder: Recorder, plan: SamplingPlan, places: number[]): Generator<void, StepNotes[] | null> {
  const notes: StepNotes[] = [];
  try {
    for (let index = plan.firstStep; index < plan.sampler.timesteps.length; index++) {
      notes.push(noteStep(recorder, plan, places, index, notes[notes.length - 1]));
      yield;
    }
    return notes;
  } catch (error) {
    if (recorder.isUnplanned(error)) return null;
    throw error;
  } finally {
    plan.sampler.dispose(); // what a multistep method remembers are tensors of the notes
  }
}

function noteStep(
  recorder: Recorder,
  { sampler, guidance, latentShape }: SamplingPlan,
  places: number[],
  index: number,
  before: StepNotes | undefined,
): StepNotes {
  let asked: Pick<StepNotes, 'request' | 'prediction' | 'places'> | null = null;
  const graph = recorder.traced((newInput) => {
    const xt = newInput([places.length, ...latentShape]) as Tensor4D;
    const stepNoise = sampler.needsNoise
      ? seededNormals<Tensor4D>(newInput([places.length]) as Tensor1D, scalar(noiseStream('step', index, 0)), xt.shape)
      : undefined;
    // biome-ignore lint/correctness/useYield: nothing is computed
    const predict: SlicedDenoisingModel<Tensor4D> = function* (x, _times, classes) {
      const output = newInput(x.shape) as Tensor4D;
      const { valueOfTraced } = recorder;
      asked = { request: valueOfTraced(x), prediction: valueOfTraced(output), places: Array.from(classes) };
      return output;
    };
    const [t, any] = [sampler.timesteps[index]!, places.length];
    const input = sampler.scaleInput(xt, index);
    const output = runToEnd(guidedPredictionInSlices(predict, input, t, places, any, guidance));
    const next = sampler.step(output, index, xt, stepNoise);
    return [next.xt, next.x0Pred];
  });
  const carried = graph.inputs.flatMap((input) => input.carried ?? []);
  const isFromBefore = carried.every((value) => value === before?.graph.outputs[1]);
  if (!isFromBefore || carried.length > 1) recorder.refuse('a step that remembers more than x0Pred of the one before');
  return {
    ...asked!,
    key: `step ${asked!.places.length} ${recorder.structureOf(graph)}`,
    graph,
    factors: graph.factors.map(({ numbers }) => numbers![0]!),
    takesNoise: sampler.needsNoise,
    takesPrevious: carried.length > 0,
  };
}

/** The whole of a step: what was noted, around the network. */
function graphOf(recorder: Recorder, { unet, index }: DiffusionModel, note: StepNotes): Graph {
  const { graph, request, prediction, places } = note;
  const { config, weights } = unet;
  const options = { circular: index.figment.circularPadding };
  const network = recorder.traced((newInput) => {
    const [x, emb] = [newInput(request.shape) as Tensor4D, newInput([places.length, timeChannels(config)]) as Tensor2D];
    return [unet2dOfEmbedding(config, weights, x, emb, options)];
  });
  return recorder.around(graph, network, request, prediction);
}

/** The embeddings of all steps. */
interface Embeddings {
  tensors: Tensor[];
  /** What the network is given at each step. */
  rows: { tensor: Tensor; offset: number }[];
}

/** Computes the embeddings of steps whose network is told the same at once; null when they cannot be recorded. */
function* embeddingsOf(
  recorder: Recorder,
  model: DiffusionModel,
  plan: SamplingPlan,
  notes: readonly StepNotes[],
): Generator<void, Embeddings | null> {
  const { condition, firstStep } = plan;
  const made: Embeddings = { tensors: [], rows: [] };
  const classes = notes.map(({ places }, i) => {
    const labels = condition.classesAt(firstStep + i);
    return places.map((place) => labels[place] ?? condition.nullLabel);
  });
  let isDone = false;
  try {
    for (const key of new Set(classes.map(String))) {
      const indices = [...notes.keys()].filter((i) => String(classes[i]) === key);
      const ofStep = classes[indices[0]!]!;
      const tensor = recorder.emptyTensor([indices.length * ofStep.length, timeChannels(model.unet.config)]);
      made.tensors.push(tensor);
      if (!(yield* embed(model, plan, indices, ofStep, tensor))) return null;
      for (const [n, i] of indices.entries()) made.rows[i] = { tensor, offset: (n * tensor.size) / indices.length };
    }
    isDone = true;
    return made;
  } finally {
    if (!isDone) dispose(made.tensors);
  }
}

function embed(
  model: DiffusionModel,
  { condition, sampler, firstStep }: SamplingPlan,
  indices: readonly number[],
  classes: readonly number[],
  result: Tensor,
): Generator<void, boolean> {
  const { config, weights } = model.unet;
  const { vectors } = condition;
  const sines = sinesOf(
    config,
    indices.map((i) => sampler.timesteps[firstStep + i]!),
  );
  const rows = vectors ?? classTable(config, weights);
  const numRows = rows?.shape[0] ?? 1;
  const chosenRows = rows ? oneHotValues(classes, numRows) : new Float32Array(classes.length);
  const shapes: [number, number][] = [
    [indices.length, sines.length / indices.length],
    [classes.length, numRows],
  ];
  if (vectors) shapes.push(vectors.shape);
  const graph = (recorder: Recorder) =>
    recorder.traced((newInput) => {
      const [given, chosen, table] = shapes.map(newInput) as Tensor2D[];
      return [stepEmbeddings(config, weights, given!, chosen!, table ?? null)];
    });
  const inputs = [sines, chosenRows, vectors];
  return replayed(
    model,
    `embeddings ${shapes.join(' ')}`,
    graph,
    inputs.filter((input) => input !== null),
    [result],
  );
}
