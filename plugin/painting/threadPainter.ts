import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import {
  addEncoder,
  assertPictures,
  type BackendChoice,
  type BackendName,
  type ConditionalVae,
  coloursOfRecipe,
  compilationDone,
  compileOnly,
  completeRecipe,
  createConditionalVae,
  createModel,
  createTeacher,
  type DiffusionModel,
  hasEncoder,
  type ImageTensor,
  loadModelFolder,
  type ModelInfo,
  memorySource,
  modelInfo,
  type NoisyClassifier,
  PAINTING_PARTS,
  type Pace,
  type PacedRun,
  type PictureColours,
  type Recipe,
  registerSteeringKernels,
  submitKernels,
  texelImages,
  tuneRecordings,
  uploadTexels,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import type { Latents } from '../latents.ts';
import { decodePixels, encodePixels } from '../latents.ts';
import { FrameBudget, GpuLimit } from './frameBudget.ts';
import { finishedPictures, type PainterNetworks, paintBatch } from './paintBatch.ts';
import type { OptionalPart, Painter, PaintOptions, Picture, WorkOptions } from './painter.ts';
import { PixelPicture } from './pixelPicture.ts';
import { TexelPicture } from './texelPicture.ts';
import { traceGuidance } from './traceGuidance.ts';

const GPU_BATCH_SIZE = 8;

/**
 * While pipelines compile, nobody may use them: tfjs refuses one that is not ready. It never rejects, since all wait for it. Who has
 * waited goes on in the same turn as they look, not by way of an async function: another compilation may begin in between.
 */
let compilation: Promise<void> | null = null;

function endCompilation(): void {
  compilation = null;
}

/** By what a painter of this page computes on this thread. */
interface BackendUse {
  name: BackendName;
  /** On a scene's device. */
  isOnDevice: boolean;
}

const uses = new Set<BackendUse>();

/** The backend of each painter of this page that computes on this thread: of all, or of those that use no scene's device. */
export function backendsInUse(offDevice = false): BackendName[] {
  return [...uses].flatMap(({ name, isOnDevice }) => (offDevice && isOnDevice ? [] : [name]));
}

/** Counts a painter among those of a backend. @returns takes it out again */
function joinBackend(use: BackendUse): () => void {
  uses.add(use);
  return () => uses.delete(use);
}

export interface ThreadPainterOptions {
  /** What painting may take of each frame, on this thread and on the device. */
  frameBudgetMs: number;
  /** The scene's device, when tfjs computes on it: pictures stay there. */
  device: GPUDevice | null;
  /** The engine of whose frames painting takes its part; without one, of the window's. */
  engine?: AbstractEngine;
  maxPixels?: number;
}

/** Paints on this thread in slices, with the tfjs backend that is current: the GPU of the scene, or the CPU in Node. */
export class ThreadPainter implements Painter {
  readonly info: ModelInfo;
  readonly batchSize: number;
  readonly numLanes = 1;
  private readonly life = new AbortController();
  private readonly pace: Pace;
  private readonly limit: GpuLimit | null;
  private cvae: ConditionalVae | null = null;
  private teacher: DiffusionModel | null = null;
  private readonly classifiers = new Map<string, NoisyClassifier>();
  private readonly leave: () => void;
  private readonly colours = new WeakMap<Recipe, PictureColours | null>();
  private numBusy = 0;
  private isSound = false;

  static async CreateAsync(
    files: Record<string, Uint8Array>,
    name: string,
    backend: BackendChoice,
    options: ThreadPainterOptions,
  ): Promise<ThreadPainter> {
    const model = createModel(
      await loadModelFolder(memorySource(files, name), { parts: PAINTING_PARTS, maxPixels: options.maxPixels }),
    );
    return new ThreadPainter(model, name, backend, options);
  }

  private constructor(
    private readonly model: DiffusionModel,
    private readonly name: string,
    readonly backend: BackendChoice,
    private readonly options: ThreadPainterOptions,
  ) {
    this.info = modelInfo(model);
    const { device, frameBudgetMs } = options;
    this.leave = joinBackend({ name: backend.backend, isOnDevice: device !== null });
    this.batchSize = device ? GPU_BATCH_SIZE : 1;
    this.limit = device && new GpuLimit(device, frameBudgetMs, submitKernels);
    const budget = this.newBudget();
    this.pace = {
      slice: async () => {
        do {
          while (compilation) await compilation;
          await budget.turnAsync();
        } while (compilation); // one may have begun in the meantime
      },
      step: async () => budget.pause(),
    };
  }

  async warmUpAsync(): Promise<void> {
    if (!this.options.device) return; // nothing to compile
    while (compilation) await compilation;
    const own = this.run((signal) => this.compile(signal));
    compilation = own.then(endCompilation, endCompilation);
    return own;
  }

  async addPartAsync(part: OptionalPart, files: Record<string, Uint8Array>): Promise<string> {
    return this.run(async () => {
      const loaded = await loadModelFolder(memorySource(files, this.name), { parts: [part] });
      if (part === 'vae') addEncoder(this.model, loaded);
      else if (part === 'cvae') this.cvae ??= createConditionalVae(loaded);
      else this.teacher ??= createTeacher(this.model, loaded);
      await this.warmUpAsync();
      return loaded.hash;
    });
  }

  addClassifierAsync(name: string, files: Record<string, Uint8Array>): Promise<void> {
    return this.run(async (signal) => {
      const { openClassifier } = await import('./steering.ts');
      await registerSteeringKernels();
      const classifier = await openClassifier(name, files, this.model);
      this.classifiers.get(name)?.dispose();
      this.classifiers.set(name, classifier);
      signal.throwIfAborted();
    });
  }

  /**
   * Guided denoising steps and a decode, compiled ahead; from a picture of the VAE where there is one. Of three steps of a
   * multistep method, the first, the second and the last have each their own arithmetic.
   */
  private async compile(signal: AbortSignal): Promise<void> {
    const any = { label: this.info.labels[0]!, seed: 0 };
    const inSteps = { ...any, numInferenceSteps: 3, guidanceScale: 2 };
    const asked = this.info.student ? any : inSteps;
    await this.compilePainting(completeRecipe(asked, this.info), signal);
    const refined = { ...asked, pipeline: 'cvae+ddpm', strength: 0.5 } as const;
    if (this.cvae && hasEncoder(this.model)) await this.compilePainting(completeRecipe(refined, this.info), signal);
    if (this.teacher) await this.compilePainting(completeRecipe(inSteps, this.info), signal);
    await compilationDone();
    await tuneRecordings();
    const quick = this.info.student ? {} : { numInferenceSteps: 1 };
    if (!this.isSound) await this.tryOut(completeRecipe({ ...asked, ...quick }, this.info), signal);
  }

  private async compilePainting(recipe: Recipe, signal: AbortSignal): Promise<void> {
    const images = await paintBatch(this.networks, [recipe], { signal }, this.ownPace(), compileOnly);
    for (const picture of compileOnly(() => this.toTexels(images, [recipe]))) picture.dispose();
    images.dispose();
  }

  /** Paints a picture that nobody sees and checks its values, so that later ones need not be read back to be checked. */
  private async tryOut(recipe: Recipe, signal: AbortSignal): Promise<void> {
    const images = await paintBatch(this.networks, [recipe], { signal }, this.ownPace());
    await this.assertSound(images).finally(() => images.dispose());
  }

  /** A pace that does not wait for the end of the warm-up. */
  private ownPace(): Pace {
    const budget = this.newBudget();
    return { slice: () => budget.turnAsync() };
  }

  private newBudget(): FrameBudget {
    const { frameBudgetMs, engine } = this.options;
    return new FrameBudget(frameBudgetMs, engine, this.limit);
  }

  /** Looks at the values of a first picture, which tell whether the weights are whole. */
  private async assertSound(images: ImageTensor): Promise<void> {
    if (this.isSound) return;
    await assertPictures(this.model, images);
    this.isSound = true;
  }

  async paintAsync(recipes: readonly Recipe[], options: PaintOptions = {}): Promise<Picture[]> {
    const { previewEvery, onStep } = options;
    const report = async (step: number, numSteps: number, images: ImageTensor | null) => {
      const previews = images && (await this.toPictures(recipes, images));
      onStep?.({ step, numSteps, previews });
      for (const preview of previews ?? []) preview.dispose();
    };
    return this.run(async (signal) => {
      const images = await paintBatch(this.networks, recipes, { signal, previewEvery, onStep: report }, this.pace);
      return this.toPictures(recipes, images);
    }, options);
  }

  traceAsync(recipe: Recipe, options?: WorkOptions): Promise<(number | null)[]> {
    return this.run((signal) => traceGuidance(this.networks, recipe, this.paced(signal)), options);
  }

  encodeAsync(pixels: Uint8Array, options?: WorkOptions): Promise<Latents> {
    return this.run((signal) => encodePixels(this.model, pixels, this.paced(signal)), options);
  }

  decodeAsync(latents: Latents, options?: WorkOptions): Promise<Uint8Array> {
    return this.run((signal) => decodePixels(this.model, latents, this.paced(signal)), options);
  }

  dispose(): void {
    if (this.life.signal.aborted) return;
    this.leave();
    this.life.abort(abortError(`generate: the generator of ${this.info.name} was disposed`));
    this.freeWhenIdle();
  }

  /** Runs work that uses the model, which lives until the last such work has ended. */
  private async run<Result>(
    work: (signal: AbortSignal) => Promise<Result>,
    options: WorkOptions = {},
  ): Promise<Result> {
    const life = this.life.signal;
    life.throwIfAborted();
    this.numBusy++;
    try {
      return await work(options.signal ? AbortSignal.any([life, options.signal]) : life);
    } finally {
      this.numBusy--;
      void this.limit?.endFrameAsync();
      this.freeWhenIdle();
    }
  }

  private get networks(): PainterNetworks {
    return { model: this.model, teacher: this.teacher, cvae: this.cvae, classifiers: this.classifiers };
  }

  private paced(signal: AbortSignal): PacedRun {
    return { pace: this.pace, signal };
  }

  private freeWhenIdle(): void {
    if (!this.life.signal.aborted || this.numBusy > 0) return;
    this.teacher?.dispose();
    this.model.dispose();
    this.cvae?.dispose();
    for (const classifier of this.classifiers.values()) classifier.dispose();
    this.classifiers.clear();
  }

  /** Owns `images` from here on. */
  private async toPictures(recipes: readonly Recipe[], images: ImageTensor): Promise<Picture[]> {
    const [, heightPx, widthPx] = images.shape;
    const isOnDevice = this.options.device !== null;
    try {
      if (isOnDevice && !recipes[0]!.image) {
        await this.assertSound(images);
        while (compilation) await compilation;
        return this.toTexels(images, recipes);
      }
      const finished = await finishedPictures(this.model, recipes, images);
      if (!isOnDevice) return finished.map((picture) => new PixelPicture(picture, widthPx, heightPx));
      // What is kept of an image is laid over on this thread; the result joins the other pictures on the device, byte for byte.
      return finished.map(({ pixels }) => {
        const picture = uploadTexels(pixels, widthPx, heightPx);
        return new TexelPicture({ widthPx, heightPx, picture, maps: null });
      });
    } finally {
      images.dispose();
    }
  }

  /** Pictures of the model's palette get its colours. */
  private toTexels(images: ImageTensor, recipes: readonly Recipe[]): Picture[] {
    const colours = recipes.map((recipe) => this.coloursOf(recipe));
    return texelImages(this.model, images, colours).map((image) => new TexelPicture(image));
  }

  /** Worked out once for all previews of a recipe. */
  private coloursOf(recipe: Recipe): PictureColours | null {
    const known = this.colours.get(recipe);
    if (known !== undefined) return known;
    const colours = coloursOfRecipe(this.model.index, recipe);
    this.colours.set(recipe, colours);
    return colours;
  }
}
