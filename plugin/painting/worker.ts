// A web worker that loads a model on wasm and paints what it is asked to, away from the thread that draws.
import {
  addEncoder,
  type BackendChoice,
  type ConditionalVae,
  createConditionalVae,
  createModel,
  createTeacher,
  type DiffusionModel,
  entryForTeacher,
  type GeneratedPicture,
  type ImageTensor,
  loadModelFolder,
  type ModelFiles,
  memorySource,
  modelInfo,
  type NoisyClassifier,
  needsEncoder,
  PAINTING_PARTS,
  type PacedRun,
  type Recipe,
  useWasm,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { decodePixels, encodePixels } from '../latents.ts';
import { finishedPictures, type PainterNetworks, paintBatch } from './paintBatch.ts';
import { openClassifier } from './steering.ts';
import { traceGuidance } from './traceGuidance.ts';
import { sentError } from './workerErrors.ts';
import type { FromWorker, Job, ToWorker } from './workerMessages.ts';

/** The worker's own global scope, typed as far as it is used. */
const scope = globalThis as unknown as {
  postMessage(message: FromWorker, transfer: Transferable[]): void;
  onmessage: (event: { data: ToWorker }) => void;
};

let model: Promise<DiffusionModel> | null = null;
let modelName = '';
/** What was sent besides the model; a picture that needs it waits for it. */
let cvae: Promise<ConditionalVae> | null = null;
let teacher: Promise<DiffusionModel> | null = null;
/** Settles once the model has its encoder. */
let encoder: Promise<void> | null = null;
/** The classifiers that have arrived. `arrivals` ends with the last one on its way, since a page sends it before it names it. */
const classifiers = new Map<string, NoisyClassifier>();
let arrivals: Promise<unknown> = Promise.resolve();
const running = new Map<number, AbortController>();

function post(message: FromWorker, pictures: GeneratedPicture[] = []): void {
  scope.postMessage(
    message,
    pictures.flatMap(({ pixels, maps }) => (maps ? [pixels.buffer, maps.buffer] : [pixels.buffer])),
  );
}

async function load({ files, name, wasmPaths, maxPixels }: ToWorker & { type: 'load' }): Promise<DiffusionModel> {
  await useWasm({ wasmPaths });
  return createModel(await loadModelFolder(memorySource(files, name), { parts: PAINTING_PARTS, maxPixels }));
}

/** @returns sha-256 of the files */
async function addPart({ part, files }: Job & { type: 'part' }): Promise<string> {
  const loading = loadModelFolder(memorySource(files, modelName), { parts: [part] });
  const student = model!; // the backend is there once it is
  const add = async <Part>(create: (loaded: DiffusionModel, files: ModelFiles) => Part) =>
    create(await student, await loading);
  if (part === 'cvae') cvae = add((_, files) => createConditionalVae(files));
  else if (part === 'teacher') teacher = add(createTeacher);
  else encoder = add(addEncoder);
  await { cvae, teacher, vae: encoder }[part];
  return (await loading).hash;
}

/** A message of its own, behind those that have come; timers in a row would wait 4 ms each. */
const { port1: turns, port2: askForTurn } = new MessageChannel();
turns.start();

/** Lets messages in, such as the one that aborts. */
function letMessagesIn(): Promise<void> {
  return new Promise((resolve) => {
    turns.addEventListener('message', () => resolve(), { once: true });
    askForTurn.postMessage(null);
  });
}

/** The page takes a worker that says nothing for dead; while this one computes, it hears no pings. */
const ALIVE_MS = 1000;
let spokeAt = 0;

async function tellAlive(): Promise<void> {
  if (performance.now() - spokeAt < ALIVE_MS) return;
  spokeAt = performance.now();
  post({ type: 'alive' });
}

/** Does one job, which a message may abort meanwhile. */
async function work({ job }: Job, doIt: (loaded: DiffusionModel, run: PacedRun) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  running.set(job, controller);
  try {
    await arrivals;
    await doIt(await model!, { pace: { slice: tellAlive, step: letMessagesIn }, signal: controller.signal });
  } finally {
    running.delete(job);
  }
}

async function addClassifier({ job, name, files }: Job & { type: 'classifier' }): Promise<void> {
  const arrival = model!.then(async (loaded) => {
    const classifier = await openClassifier(name, files, loaded);
    classifiers.get(name)?.dispose();
    classifiers.set(name, classifier);
  });
  arrivals = Promise.allSettled([arrivals, arrival]);
  await arrival;
  post({ type: 'classifierLoaded', job });
}

/** The model and what a recipe needs besides; nobody waits for a part that the recipe does not need. */
async function networksFor(loaded: DiffusionModel, recipe: Recipe): Promise<PainterNetworks> {
  const needsTeacher = entryForTeacher(recipe, loaded.index.figment) !== null;
  if (needsEncoder(recipe)) await encoder;
  return {
    model: loaded,
    cvae: recipe.pipeline ? await cvae : null,
    teacher: needsTeacher ? await teacher : null,
    classifiers,
  };
}

function paint(message: Job & { type: 'paint' }): Promise<void> {
  const { job, recipes, previewEvery } = message;
  return work(message, async (loaded, { pace, signal }) => {
    const onStep = async (step: number, numSteps: number, images: ImageTensor | null) => {
      const previews = images && (await toPictures(loaded, recipes, images));
      post({ type: 'step', job, step, numSteps, previews }, previews ?? []);
    };
    const networks = await networksFor(loaded, recipes[0]!);
    const images = await paintBatch(networks, recipes, { signal, previewEvery, onStep }, pace);
    const pictures = await toPictures(loaded, recipes, images);
    post({ type: 'painted', job, pictures }, pictures);
  });
}

async function toPictures(
  loaded: DiffusionModel,
  recipes: readonly Recipe[],
  images: ImageTensor,
): Promise<GeneratedPicture[]> {
  const pictures = await finishedPictures(loaded, recipes, images);
  images.dispose();
  return pictures;
}

async function obey(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'load': {
      model = load(message);
      modelName = message.name;
      const backend: BackendChoice = { backend: 'wasm', adapter: null, reason: 'A worker paints on wasm.' };
      return post({ type: 'loaded', info: modelInfo(await model), backend });
    }
    case 'part':
      return post({ type: 'partLoaded', job: message.job, hash: await addPart(message) });
    case 'classifier':
      return addClassifier(message);
    case 'paint':
      return paint(message);
    case 'trace':
      return work(message, async (loaded, run) => {
        const norms = await traceGuidance(await networksFor(loaded, message.recipe), message.recipe, run);
        post({ type: 'traced', job: message.job, norms });
      });
    case 'encode':
      return work(message, async (loaded, run) => {
        await encoder;
        post({ type: 'encoded', job: message.job, latents: await encodePixels(loaded, message.pixels, run) });
      });
    case 'decode':
      return work(message, async (loaded, run) => {
        post({ type: 'decoded', job: message.job, pixels: await decodePixels(loaded, message.latents, run) });
      });
    case 'ping':
      return post({ type: 'alive' });
    case 'abort':
      running.get(message.job)?.abort(abortError('generate: aborted'));
  }
}

scope.onmessage = ({ data }) => {
  obey(data).catch((error: Error) => {
    post({ type: 'failed', job: 'job' in data ? data.job : null, ...sentError(error) });
  });
};
