import { Logger } from '@babylonjs/core/Misc/logger.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Scene } from '@babylonjs/core/scene.js';
import {
  changeRecipe,
  completeRecipe,
  definedOf,
  imageSize,
  MATERIAL_CHANNELS,
  type ModelInfo,
  type OnProgress,
  PICTURE_VERSION,
  type Recipe,
  type RecipeChanges,
  type RecipeOptions,
  recipeKey,
  withoutDefaults,
} from '../runtime/index.ts';
import { abortError } from './abortError.ts';
import { LruCache } from './cache/lruCache.ts';
import { PixelStore } from './cache/pixelStore.ts';
import { assertLatents, assertPixels, type Latents } from './latents.ts';
import { type ClassifierInfo, LoadedClassifiers } from './loading/classifiers.ts';
import { type LoadOptions, loadModelBytes, type ModelBytes, type ModelLocation } from './loading/loadModelBytes.ts';
import {
  isPaintOrder,
  joinOrders,
  type Order,
  orderBatchKey,
  orderKey,
  type PaintOrder,
  previewEveryOf,
} from './orders.ts';
import { createPainter, PAINTER_DEFAULTS } from './painting/createPainter.ts';
import { CurrentPainter } from './painting/currentPainter.ts';
import { LazyParts } from './painting/lazyParts.ts';
import type { Painter, PaintStep, Picture } from './painting/painter.ts';
import { PixelPicture } from './painting/pixelPicture.ts';
import {
  checkPictureSourceOptions,
  PICTURE_SOURCE_DEFAULTS,
  type PictureSourceOptions,
} from './pictureSourceOptions.ts';
import { GenerationQueue } from './queue.ts';
import { checkRequest, type RequestOptions, type Waiting } from './request.ts';
import { assertAlive, watchScene } from './sceneLife.ts';
import { warnOfUnknown } from './unknownEntries.ts';
import { untilAborted } from './untilAborted.ts';

/** Makes a model's pictures for a scene: one queue, one memory of what is finished, one painter at a time. */
export class PictureSource {
  /** Told when the queue has grown or shrunk. */
  readonly onQueueChangedObservable = new Observable<number>();
  /** Told when the GPU came back after a loss: textures are drawn again. */
  readonly onRestoredObservable = new Observable<PictureSource>();
  /** The model's address, or the name it was given. */
  readonly name: string;
  private readonly parts: LazyParts;
  /** Gives a picture for a PaintOrder, else what the work gives. */
  private readonly queue: GenerationQueue<Order, unknown, PaintStep>;
  private numWorks = 0;
  private readonly finished: LruCache<Picture>;
  private readonly store: PixelStore | null;
  private readonly removeObservers: () => void;
  private readonly painter: CurrentPainter;
  /** The model's files, of which another painter is made after a lost device; null once they are freed. */
  private files: ModelBytes['files'] | null;
  private readonly classifiers = new LoadedClassifiers();
  /** What it may take of a frame on the thread that draws, in milliseconds. */
  readonly frameBudgetMs: number;
  /** Unknown entries of which it has warned. */
  private readonly warned = new Set<string>();
  private isDead = false;
  /** While another painter is being made after a lost device, and textures wait to be drawn again. */
  private isRestoring = false;

  /**
   * Loads a model.
   *
   * @throws MissingFileError, ModelFileError naming the file; RangeError for a number out of range; the signal's reason when
   *         aborted; an AbortError when the scene is disposed meanwhile
   */
  static async LoadAsync(
    location: ModelLocation,
    scene: Scene,
    options: PictureSourceOptions = {},
  ): Promise<PictureSource> {
    checkPictureSourceOptions(options);
    const bytes = await loadModelBytes(location, options);
    assertAlive(scene);
    const painter = await createPainter(bytes.files, bytes.name, scene, options);
    try {
      options.signal?.throwIfAborted();
      assertAlive(scene);
      return new PictureSource(bytes, scene, painter, options);
    } catch (error) {
      painter.dispose();
      throw error;
    }
  }

  private constructor(
    bytes: ModelBytes,
    readonly scene: Scene,
    painter: Painter,
    options: PictureSourceOptions,
  ) {
    const { cacheBytes, storeBytes } = { ...PICTURE_SOURCE_DEFAULTS, ...definedOf(options) };
    const { name } = bytes;
    this.name = name;
    this.frameBudgetMs = options.frameBudgetMs ?? PAINTER_DEFAULTS.frameBudgetMs;
    this.files = bytes.files;
    this.parts = new LazyParts(bytes);
    this.painter = new CurrentPainter(painter, () => this.createAnotherAsync(options));
    this.finished = new LruCache({ maxBytes: cacheBytes, onEvict: disposeLater });
    const canStore = storeBytes > 0 && typeof indexedDB !== 'undefined';
    this.store = canStore ? new PixelStore({ maxBytes: storeBytes, onWarning: Logger.Warn }) : null;
    this.queue = new GenerationQueue({
      run: (orders, { signal, onStep }) => this.runAsync(orders, signal, onStep),
      keyOf: orderKey,
      join: joinOrders,
      batchKeyOf: orderBatchKey,
      batchSize: painter.batchSize,
      numLanes: painter.numLanes,
      onLengthChange: (length) => this.onQueueChangedObservable.notifyObservers(length),
    });
    this.removeObservers = watchScene(scene, {
      onEnd: () => this.end(),
      onLost: () => this.lose(),
      onRestored: () => this.restore(),
    });
  }

  /** A painter that has all that the one before it had. */
  private async createAnotherAsync(options: PictureSourceOptions): Promise<Painter> {
    const painter = await createPainter(this.files!, this.name, this.scene, options);
    try {
      await this.classifiers.addAllTo((title, own) => painter.addClassifierAsync(title, own));
      await this.parts.addAllTo(painter);
      return painter;
    } catch (error) {
      painter.dispose();
      throw error;
    }
  }

  get info(): ModelInfo {
    return this.painter.latest.info;
  }

  get backend(): Painter['backend'] {
    return this.painter.latest.backend;
  }

  get queueLength(): number {
    return this.queue.length;
  }

  get isDisposed(): boolean {
    return this.isDead;
  }

  /** @throws as `AssetGenerator.warmUpAsync` */
  async warmUpAsync(
    asked: Partial<RecipeOptions>,
    { onProgress, signal }: Pick<LoadOptions, 'onProgress' | 'signal'>,
  ): Promise<void> {
    this.assertUsable();
    signal?.throwIfAborted();
    this.checkEntries(asked);
    const prepare = async () => {
      await this.missingClassifier(asked, onProgress);
      await this.addPartsFor(asked, onProgress);
      signal?.throwIfAborted();
      await this.painter.warmUpAsync();
    };
    await untilAborted(prepare(), signal);
  }

  /** @throws RecipeError for entries that no recipe can have; those of a classifier are known to be right once it is loaded */
  private checkEntries(asked: Partial<RecipeOptions>): void {
    const { classifier: _c, classifierLabel: _l, classifierScale: _s, ...others } = definedOf(asked);
    this.complete({ label: this.info.labels[0]!, ...others });
  }

  /** @throws as `AssetGenerator.loadClassifierAsync` */
  async loadClassifierAsync(
    location: ModelLocation,
    name?: string,
    options: LoadOptions = {},
  ): Promise<ClassifierInfo> {
    this.assertUsable();
    return this.classifiers.loadAsync(location, name, options, (title, files, signal) =>
      this.painter.useAsync(signal, (painter) => painter.addClassifierAsync(title, files)),
    );
  }

  /** Loads the classifier of a recipe where it is an address that is not known yet, else null: nothing to wait for. */
  missingClassifier(
    { classifier }: Pick<RecipeOptions, 'classifier'>,
    onProgress?: OnProgress,
  ): Promise<ClassifierInfo> | null {
    if (typeof classifier !== 'string' || this.classifiers.known.has(classifier)) return null; // the recipe is checked later
    return this.loadClassifierAsync(classifier, undefined, { onProgress });
  }

  /** The one place where what a scene asks for becomes a recipe. @throws RecipeError for what the model can't make */
  complete(options: RecipeOptions): Recipe {
    this.assertUsable();
    const recipe = completeRecipe(options, this.info, this.classifiers.known);
    this.warnOfUnknown(options);
    return recipe;
  }

  /**
   * Completes a recipe of which something is changed. What it had only by default may have another one then.
   *
   * @param recipe null where there was none; then the changes are the recipe
   * @param before entries that hold where neither recipe nor changes have them
   */
  completeChanged(recipe: RecipeOptions | null, changes: RecipeChanges, before: Partial<RecipeOptions> = {}): Recipe {
    const kept = recipe && withoutDefaults(recipe, this.info);
    return this.complete({ ...before, ...changeRecipe<RecipeOptions>(kept, changes) });
  }

  /**
   * Gives a picture: from memory, from the store of an earlier visit, or painted. It is lent: use it before the next
   * `await`, or copy it.
   *
   * @throws RangeError for a number of `options` out of range; the signal's reason; an AbortError when the source, its scene or
   *         engine is disposed
   */
  async pictureAsync(recipe: Recipe, options: RequestOptions = {}): Promise<Picture> {
    this.assertUsable();
    checkRequest(options);
    const { priority, signal, previewEvery = 0, onStep, onQueued } = options;
    signal?.throwIfAborted();
    const known = this.finished.get(recipeKey(recipe));
    if (known) return known;
    if (recipe.pipeline) await this.addPartsInTime(recipe, signal); // a network's hash tells its stored pictures apart
    const stored = await this.storedAsync(recipe);
    this.assertUsable();
    signal?.throwIfAborted();
    if (!stored) await this.addPartsInTime(recipe, signal);
    const painted = this.finished.get(recipeKey(recipe)); // for another caller, while the store was asked
    if (painted) return painted;
    if (stored) return this.keep(recipe, stored);
    const report = ({ step, numSteps, previews }: PaintStep, index: number) => {
      const isDue = step === 0 || step % previewEvery === 0; // others of the batch may have asked for more
      onStep?.(step, numSteps, (isDue && previews?.[index]) || null);
    };
    const picture = this.queue.request({ recipe, previewEvery }, { priority, signal, onStep: report });
    onQueued?.();
    return picture as Promise<Picture>;
  }

  /** The bytes of a picture, top row first; where its device goes while they are read, of another. @throws as `pictureAsync` */
  pixelsAsync(recipe: Recipe, waiting?: Waiting): Promise<Uint8Array> {
    return this.painter.repeatIfLostAsync(async () => (await this.pictureAsync(recipe, waiting)).readPixelsAsync());
  }

  /** How far guidance moves the predicted noise at each step; null where it took one pass. @throws as `pictureAsync` */
  async traceAsync(recipe: Recipe, waiting?: Waiting): Promise<(number | null)[]> {
    await untilAborted(this.addPartsFor(recipe), waiting?.signal);
    return this.workAsync((painter, signal) => painter.traceAsync(recipe, { signal }), waiting);
  }

  /** The mean of the latents that stand for a picture. @throws as `pictureAsync`; RangeError for another size */
  async encodeAsync(pixels: Uint8Array | Uint8ClampedArray, waiting?: Waiting): Promise<Latents> {
    this.assertUsable();
    assertPixels(pixels, this.info);
    const own = Uint8Array.from(pixels);
    const adding = this.parts.addEncoder(this.painter);
    if (adding) await untilAborted(adding, waiting?.signal);
    return this.workAsync((painter, signal) => painter.encodeAsync(own, { signal }), waiting);
  }

  /** The picture that latents stand for. @throws as `pictureAsync`; RangeError for another shape */
  async decodeAsync(latents: Latents, waiting?: Waiting): Promise<Uint8Array> {
    this.assertUsable();
    assertLatents(latents, this.info);
    const own = { values: latents.values.slice(), shape: latents.shape };
    return this.workAsync((painter, signal) => painter.decodeAsync(own, { signal }), waiting);
  }

  /** @throws the signal's reason; as `assertUsable` when this was disposed meanwhile */
  private async addPartsInTime(recipe: Recipe, signal: AbortSignal | undefined): Promise<void> {
    await untilAborted(this.addPartsFor(recipe), signal);
    this.assertUsable();
    signal?.throwIfAborted();
  }

  private addPartsFor(recipe: Partial<RecipeOptions> | Recipe, onProgress?: OnProgress): Promise<void> {
    return this.parts.addForAsync(recipe, this.info, this.painter, onProgress);
  }

  /** Work on the model that is no picture, in its turn. */
  private async workAsync<Result>(
    work: (painter: Painter, signal: AbortSignal) => Promise<Result>,
    waiting: Waiting = {},
  ): Promise<Result> {
    this.assertUsable();
    return this.queue.request({ key: `work ${this.numWorks++}`, work }, waiting) as Promise<Result>;
  }

  /**
   * What waits or runs rejects with an AbortError, and all memory is freed. Textures that wait to be drawn again after a lost
   * device are told now, and load the model themselves.
   */
  dispose(): void {
    if (this.isDead) return;
    this.isDead = true;
    if (this.isRestoring) this.onRestoredObservable.notifyObservers(this);
    this.removeObservers();
    this.queue.dispose();
    this.finished.clear();
    this.parts.dispose();
    this.painter.dispose();
    this.classifiers.dispose();
    this.files = null;
    this.onQueueChangedObservable.clear();
    this.onRestoredObservable.clear();
  }

  private runAsync(orders: Order[], signal: AbortSignal, onStep: (step: PaintStep) => void): Promise<unknown[]> {
    const [first] = orders;
    if (isPaintOrder(first!)) return this.paintAsync(orders as PaintOrder[], signal, onStep);
    return this.painter.useAsync(signal, async (painter) => [await first!.work(painter, signal)]);
  }

  private async paintAsync(
    orders: PaintOrder[],
    signal: AbortSignal,
    onStep: (step: PaintStep) => void,
  ): Promise<Picture[]> {
    const recipes = orders.map(({ recipe }) => recipe);
    const options = { signal, previewEvery: previewEveryOf(orders), onStep };
    const pictures = await this.painter.useAsync(signal, (painter) => painter.paintAsync(recipes, options));
    for (const [i, recipe] of recipes.entries()) this.remember(recipe, pictures[i]!);
    return pictures;
  }

  private remember(recipe: Recipe, picture: Picture): void {
    if (this.store && picture instanceof PixelPicture)
      void this.store.setAsync(this.storeKey(recipe), picture.toBytes());
    this.keep(recipe, picture);
  }

  private keep(recipe: Recipe, picture: Picture): Picture {
    if (this.isDead || !this.finished.set(recipeKey(recipe), picture, picture.sizeBytes)) disposeLater(picture);
    return picture;
  }

  private async storedAsync(recipe: Recipe): Promise<Picture | null> {
    const [widthPx, heightPx] = imageSize(this.info, recipe);
    const numPictures = this.info.channels === MATERIAL_CHANNELS ? 2 : 1; // a material's maps are stored behind it
    const bytes = await this.store?.getAsync(this.storeKey(recipe), numPictures * 4 * widthPx * heightPx);
    return bytes ? PixelPicture.FromBytes(bytes, widthPx, heightPx) : null;
  }

  private storeKey(recipe: Recipe): string {
    const hash = recipe.pipeline ? `${this.info.hash}|${this.parts.cvaeHash}` : this.info.hash;
    const classifier = recipe.classifier === undefined ? '' : `|${this.classifiers.known.get(recipe.classifier)!.hash}`;
    return `${PICTURE_VERSION}|${hash}|${recipeKey(recipe)}${classifier}`;
  }

  /** The scene ends, and nothing of it is drawn again after a lost device. */
  private end(): void {
    this.isRestoring = false;
    this.dispose();
  }

  /** What was on the GPU is gone; what is asked for waits until it is back. */
  private lose(): void {
    if (this.backend.backend !== 'webgpu') return;
    this.finished.clear();
    this.painter.lose();
  }

  private async restore(): Promise<void> {
    this.lose(); // a model that was loaded while the device was away has not been told
    this.isRestoring = true;
    await this.painter.restoreAsync();
    this.isRestoring = false;
    if (!this.isDead) this.onRestoredObservable.notifyObservers(this);
  }

  private warnOfUnknown(asked: object): void {
    warnOfUnknown(asked, this.warned, Object.keys(this.info.attributes ?? {}));
  }

  private assertUsable(): void {
    if (this.isDead) throw abortError(`generate: the generator of ${this.name} is disposed; load another`);
  }
}

/** A picture that was just handed out may still be drawn before the task ends. */
function disposeLater(picture: Picture): void {
  setTimeout(() => picture.dispose(), 0);
}
