import type { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import type { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Scene } from '@babylonjs/core/scene.js';
import {
  type AttributeName,
  attributesOfLabel,
  attributesOfRecipe,
  type BackendChoice,
  type ModelInfo,
  type ModelWords,
  messageOf,
  type RecipeOptions,
  randomSeed,
  recipeForTeacher,
  type ShownAttributes,
  type ValueOfAttribute,
  type Vocabulary,
  varyRecipe,
} from '../runtime/index.ts';
import { abortError, isAbort } from './abortError.ts';
import { allOrNoneAsync } from './allOrNone.ts';
import type { GenerateMaterialOptions, GenerateSetOptions, GenerateTextureOptions } from './generateOptions.ts';
import type { Latents } from './latents.ts';
import type { ClassifierInfo } from './loading/classifiers.ts';
import type { LoadOptions, ModelLocation } from './loading/loadModelBytes.ts';
import { createMaterialAsync } from './material/createMaterial.ts';
import type { GuidanceTrace } from './painting/traceGuidance.ts';
import type { PictureSource } from './pictureSource.ts';
import type { PictureSourceOptions } from './pictureSourceOptions.ts';
import { checkRequest, type Waiting } from './request.ts';
import { scheduleOf } from './schedule.ts';
import type { SpritesOptions } from './sprite/cells.ts';
import type { GeneratedSprites } from './sprite/generatedSprites.ts';
import { GeneratedTexture } from './texture/generatedTexture.ts';
import { type SourceLease, takeSource } from './texture/sceneModels.ts';
import { lookOf } from './texture/textureLook.ts';
import { turnOver } from './texture/textureSettings.ts';
import { untilAborted } from './untilAborted.ts';
import { wordsOfAttribute } from './wordsOfAttribute.ts';

/** Options of a generator: where and how its model runs, how it is loaded, and how much memory its pictures may take. */
export type AssetGeneratorOptions = PictureSourceOptions;

/**
 * A model in a scene. It makes pictures and puts them into textures, sprites and materials.
 *
 *   const portraits = await AssetGenerator.LoadAsync('models/portraits/', scene);
 *   material.albedoTexture = await portraits.generateTextureAsync({ label: 'elf', seed: 7, guidanceScale: 2 });
 *
 * A picture can begin from another, and a part of a picture can be painted again:
 *
 *   const image = await portraits.generatePixelsAsync({ label: 'elf', seed: 7 });
 *   await portraits.generateTextureAsync({ label: 'elf', seed: 8, image, strength: 0.8 });
 *   await portraits.generateTextureAsync({ label: 'elf', seed: 8, image, mask });
 *
 * It is disposed with its scene or by `dispose`. Textures, sprites and materials that it made stay in the scene.
 */
export class AssetGenerator<Words extends ModelWords = ModelWords> {
  /**
   * Loads a model: from the address of its folder, from files that a person chose, or from its files in memory. Generators
   * of one address, with the same options, share the model; it is freed when the last of them is disposed.
   *
   * @throws MissingFileError, ModelFileError naming the file that is missing or wrong; RangeError naming the option that is
   *         out of range; TypeError for a location or options of another form; Error where what was asked for is not there, such
   *         as workers or WebGPU; an AbortError when aborted, or when the scene is disposed meanwhile
   */
  static async LoadAsync<Words extends ModelWords = ModelWords>(
    location: ModelLocation<Words>,
    scene: Scene,
    options: AssetGeneratorOptions = {},
  ): Promise<AssetGenerator<Words>> {
    return new AssetGenerator<Words>(await takeSource(location, scene, options));
  }

  private readonly life = new AbortController();
  private readonly source: PictureSource;

  private constructor(private readonly lease: SourceLease) {
    this.source = lease.loaded;
  }

  /** Labels, size in pixels, licence, attribution and defaults of the model. */
  get info(): ModelInfo {
    return this.source.info;
  }

  /** What the model can paint: the words that a recipe's `label` may be, at least one. */
  get labels(): readonly Words['label'][] {
    return this.info.labels;
  }

  /** Width and height of a picture. */
  get sizePx(): readonly [widthPx: number, heightPx: number] {
    return [this.info.widthPx, this.info.heightPx];
  }

  /** The licence under which the model was made, in its authors' words, such as `CC0 1.0`; `info.attribution` is the credit. */
  get licence(): string {
    return this.info.licence;
  }

  /** The backend that runs the model, and why it was chosen. */
  get backend(): BackendChoice {
    return this.source.backend;
  }

  /** The scene in which it makes textures, sprites and materials, and with which it is disposed. */
  get scene(): Scene {
    return this.source.scene;
  }

  /** The number of pictures that wait or are being made. */
  get queueLength(): number {
    return this.source.queueLength;
  }

  /** Notified of the new length when the queue has grown or shrunk. */
  get onQueueChangedObservable(): Observable<number> {
    return this.source.onQueueChangedObservable;
  }

  get isDisposed(): boolean {
    return this.life.signal.aborted || this.source.isDisposed;
  }

  /**
   * Compiles what the first picture would otherwise wait for, and loads what recipes with these entries need besides the
   * model: the conditional VAE of a pipeline, the teacher of what a distilled model has not learned, a classifier.
   *
   *   await portraits.warmUpAsync({ sampler: 'dpm++', numInferenceSteps: 20 });
   *
   * @param options entries of a recipe; onProgress: called for each part in turn with the number of bytes that have arrived,
   *                and of all its bytes where it is known; signal: ends the wait, and what is being loaded is there later
   * @throws        RangeError for an entry that `generateTextureAsync` would refuse, before anything is loaded; MissingFileError,
   *                with the remedy, for a part that the model does not have; as `loadClassifierAsync`; the signal's reason
   */
  async warmUpAsync(
    options: Partial<RecipeOptions<Words>> & Pick<LoadOptions, 'onProgress' | 'signal'> = {},
  ): Promise<void> {
    const { onProgress, signal, ...asked } = options;
    return this.alive().warmUpAsync(asked, { onProgress, ...this.waiting({ signal }) });
  }

  /**
   * Loads a classifier of the model's noised latents, as `figment train classifier` makes them, which recipes then steer by:
   * the model is not trained again, and need not know the label.
   *
   *   await portraits.loadClassifierAsync('classifiers/portraits-ornate/', { name: 'ornate' });
   *   await portraits.generateTextureAsync({ label: 'elf', classifier: 'ornate', classifierLabel: 'ornate', classifierScale: 20 });
   *
   * Source: Dhariwal & Nichol 2021, arXiv:2105.05233, algorithm 2.
   * @param options name: the name by which recipes ask for it; default: its address, which recipes may use without a call
   * @throws MissingFileError, ModelFileError naming the file; RangeError when it does not fit the model, or another
   *         classifier has the name; an AbortError
   */
  async loadClassifierAsync(
    location: ModelLocation,
    options: LoadOptions & { name?: string } = {},
  ): Promise<ClassifierInfo> {
    const { name, ...loading } = options;
    return this.alive().loadClassifierAsync(location, name, { ...loading, signal: this.waiting(loading).signal });
  }

  /**
   * Makes a texture, and resolves once its picture is finished.
   *
   * @throws RangeError for an unknown label (naming the nearest) or a value out of range; TypeError for `pixelArt` that is no
   *         object; MissingFileError or ModelFileError for a teacher, a conditional VAE or a classifier that the recipe needs and
   *         that cannot be fetched; an AbortError when aborted or disposed; no texture is left then
   */
  async generateTextureAsync(options: GenerateTextureOptions<Words>): Promise<GeneratedTexture<Words>> {
    await this.readyFor(options);
    return this.begin(options).finished;
  }

  /**
   * Makes the same person, or thing, with each value of an attribute: a texture for each expression of a face.
   *
   *   const faces = await portraits.generateSetAsync({ label: 'elf', seed: 7, vary: 'expression' });
   *   material.albedoTexture = faces.get('happy')!;
   *
   * @param options vary: the attribute; values: those to make, default: all words of it
   * @returns       the textures by value, in the order of the values
   * @throws        as `generateTextureAsync`, and RangeError for an attribute of numbers without values; no texture is left
   *                then
   */
  async generateSetAsync<Name extends AttributeName<Words>>(
    options: GenerateSetOptions<Words, Name>,
  ): Promise<Map<ValueOfAttribute<Words, Name>, GeneratedTexture<Words>>> {
    const {
      vary,
      values = wordsOfAttribute(this.info, vary) as readonly ValueOfAttribute<Words, Name>[],
      name,
      seed = randomSeed(),
      ...rest
    } = options;
    const different = [...new Set(values)];
    const textures = await this.generateAllAsync(
      different.map((value) => {
        const named = `${name ?? `${rest.label}-${seed}`}-${value}`;
        return { ...varyRecipe({ ...rest, seed }, { [vary]: value }), name: named };
      }),
    );
    return new Map(different.map((value, i) => [value, textures[i]!]));
  }

  /**
   * What the picture of a recipe shows: the attributes that it asks for, and those that its seed decides by the model's
   * examples, so that a game knows whom it has got.
   *
   *   portraits.attributesOf({ label: 'elf', seed: 7 }).gender; // 'female'
   *
   * @returns by name; without those that are open, as all are that a model without examples is not asked for
   * @throws  RangeError for a label or an attribute that the model lacks
   */
  attributesOf(recipe: RecipeOptions<Words>): ShownAttributes<Words> {
    return attributesOfRecipe(this.info, recipe) as ShownAttributes<Words>;
  }

  /**
   * What a picture of a label can be asked for: the model's attributes, with the words that show on that label. So a page lists the
   * patterns of bricks for bricks, and not those of cloth, which would change nothing.
   *
   *   materials.attributesFor('brick').pattern; // ['running', 'stacked', 'third']
   *
   * @throws RangeError for a label that the model lacks
   */
  attributesFor(label: Words['label']): Vocabulary {
    return attributesOfLabel(this.info, label);
  }

  /**
   * Returns an empty texture at once, which shows previews while its picture is made. `finished` settles as
   * `generateTextureAsync` does; when it rejects, the texture is disposed, unless a newer request has taken over. Failures
   * stand in Babylon's log, too.
   *
   *   const { texture, finished } = portraits.beginTexture({ label: 'elf', previewEvery: 2 });
   *   const { texture } = portraits.beginTexture({ label: 'elf', pipeline: 'cvae+ddpm' }); // blurred at once
   *
   * @throws RangeError as `generateTextureAsync`, at once
   */
  beginTexture(options: GenerateTextureOptions<Words>): {
    texture: GeneratedTexture<Words>;
    finished: Promise<GeneratedTexture<Words>>;
  } {
    const begun = this.begin(options);
    begun.finished.catch((error) => {
      if (isAbort(error, options.signal)) return;
      Logger.Error(`GeneratedTexture "${begun.texture.name}": ${messageOf(error)}`);
    });
    return begun;
  }

  private begin(options: GenerateTextureOptions<Words>): ReturnType<AssetGenerator<Words>['beginTexture']> {
    const { name, invertY = true, mipmaps, samplingMode, pixelArt, priority, signal, previewEvery, ...asked } = options;
    const recipe = this.alive().complete(asked);
    const look = lookOf(this.info, { ...asked, mipmaps, samplingMode, pixelArt });
    const waiting = this.waiting({ priority, signal }); // before there is a texture
    checkRequest({ priority, previewEvery });
    const texture = new GeneratedTexture<Words>(
      name ?? `${recipe.label}-${recipe.seed}`,
      this.source,
      this.scene,
      look,
    );
    if (!invertY) turnOver(texture);
    const finished = texture.paintAsync(recipe, { ...waiting, previewEvery }).catch((error) => {
      if (!texture.isGenerating && (!texture.isReady() || texture.recipe === recipe)) texture.dispose();
      if (isAbort(error, signal)) finished.catch(() => {}); // those who do not wait need not know
      throw error;
    });
    return { texture, finished };
  }

  /** RGBA bytes, sRGB, straight alpha, top row first. @throws as `generateTextureAsync` */
  async generatePixelsAsync(options: RecipeOptions<Words> & Waiting): Promise<Uint8Array> {
    const { priority, signal, ...asked } = options;
    const source = await this.readyFor(options);
    return source.pixelsAsync(source.complete(asked), this.waiting({ priority, signal }));
  }

  /**
   * Measures how far guidance moves the predicted noise at each step of a recipe: to plot it, to choose a scale and an
   * interval. It takes as long as the picture does without its decoding, and no picture is made. Where a distilled model's student
   * would make the picture, guiding itself in one pass a step, its teacher is measured, in its own sampler and steps.
   *
   *   const { timesteps, guidanceNorm } = await portraits.traceGuidanceAsync({ label: 'elf', seed: 7, guidanceScale: 3 });
   *
   * Source: Ho & Salimans 2022, arXiv:2207.12598, eq. (6); the runtime's `guidanceNorm` has the formula for each
   * prediction type.
   * @throws as `generateTextureAsync`; MissingFileError where a student has no teacher beside it
   */
  async traceGuidanceAsync(options: RecipeOptions<Words> & Waiting): Promise<GuidanceTrace> {
    const { priority, signal, ...asked } = options;
    const source = await this.readyFor(options);
    const recipe = recipeForTeacher(source.complete(asked), this.info);
    if (recipe.pipeline) throw new RangeError('trace: guidance is measured of the pipeline ddpm; leave out pipeline');
    const guidanceNorm = await source.traceAsync(recipe, this.waiting({ priority, signal }));
    const { timesteps } = scheduleOf(this.info, recipe);
    return { timesteps, guidanceNorm: guidanceNorm.slice(0, timesteps.length) };
  }

  /**
   * Encodes any picture of the model's size by the model's auto-encoder: the mean of its latents.
   *
   *   const [a, b] = await Promise.all([elf, orc].map((pixels) => portraits.encodeAsync(pixels)));
   *   const values = a.values.map((value, i) => (value + b.values[i]) / 2);
   *   const between = await portraits.decodeAsync({ ...a, values });
   *
   * @param pixels RGBA bytes, sRGB, straight alpha, top row first
   * @throws RangeError for a picture of another size; an AbortError when aborted or disposed
   */
  async encodeAsync(pixels: Uint8Array | Uint8ClampedArray, waiting: Waiting = {}): Promise<Latents> {
    return this.alive().encodeAsync(pixels, this.waiting(waiting));
  }

  /**
   * Decodes latents to a picture by the auto-encoder alone.
   *
   * @returns RGBA bytes, sRGB, straight alpha, top row first
   * @throws RangeError for latents of another shape, or that are not finite; an AbortError when aborted or disposed
   */
  async decodeAsync(latents: Latents, waiting: Waiting = {}): Promise<Uint8Array> {
    return this.alive().decodeAsync(latents, this.waiting(waiting));
  }

  /** Makes a SpriteManager with a sheet of pictures. @throws as `generateTextureAsync` */
  async generateSpritesAsync(options: SpritesOptions<Words> & Waiting = {}): Promise<GeneratedSprites<Words>> {
    const { priority, signal, ...asked } = options;
    const { GeneratedSprites } = await import('./sprite/generatedSprites.ts');
    return this.inTime(await GeneratedSprites.CreateAsync(this.alive(), asked, this.waiting({ priority, signal })));
  }

  /**
   * Makes a PBRMaterial that suits the model's pictures: a `SurfaceMaterial` with all maps for pictures that repeat or have
   * maps of their own, a cut-out for pictures with alpha, and a plain material for others. The last two have no maps: they pass
   * over `surface`, `parallax`, `variations` and `cellSize`, with a warning in Babylon's log.
   *
   *   const bricks = await textures.generateMaterialAsync({ label: 'brick', seed: 7, tiling: 4, parallax: 'offset' });
   *
   * @throws as `generateTextureAsync`; RangeError for a tiling, or a setting of the surface, out of range
   */
  async generateMaterialAsync(options: GenerateMaterialOptions<Words>): Promise<PBRMaterial> {
    const { signal } = this.waiting(options);
    return createMaterialAsync(options, this, (all) => this.generateAllAsync(all), signal);
  }

  /**
   * Frees the model, unless another generator shares it. Requests that wait or run reject with an AbortError; finished
   * textures stay.
   */
  dispose(): void {
    this.life.abort(this.disposedError());
    this.lease.release();
  }

  /** @throws an AbortError when the generator is disposed, perhaps while what was asked of it was prepared */
  private alive(): PictureSource {
    if (!this.isDisposed) return this.source;
    throw abortError(`generate: the generator of ${this.source.name} is disposed; load another`);
  }

  /** Textures that belong together, and so have one signal. @throws as `generateTextureAsync`; none is left then */
  private generateAllAsync(all: readonly GenerateTextureOptions<Words>[]): Promise<GeneratedTexture<Words>[]> {
    return allOrNoneAsync(all[0]?.signal, (signal) =>
      all.map((options) => this.generateTextureAsync({ ...options, signal })),
    );
  }

  /** Loads the classifier of a recipe where it is not loaded yet. @throws as `alive`; an AbortError when disposed meanwhile */
  private async readyFor(asked: RecipeOptions & Waiting): Promise<PictureSource> {
    const source = this.alive();
    const classifier = source.missingClassifier(asked);
    await (classifier && untilAborted(classifier, this.waiting(asked).signal));
    return source;
  }

  /** Requests end with the generator. */
  private waiting({ priority, signal }: Waiting): Waiting {
    const { signal: end } = this.life;
    if (signal && !(signal instanceof AbortSignal)) {
      throw new TypeError('generate: signal is no AbortSignal; give controller.signal');
    }
    return { priority, signal: signal ? AbortSignal.any([end, signal]) : end };
  }

  /** Disposes a result that came too late. */
  private inTime<Result extends { dispose(): void }>(result: Result): Result {
    if (!this.isDisposed) return result;
    result.dispose();
    throw this.disposedError();
  }

  private disposedError(): DOMException {
    return abortError(`generate: the generator of ${this.source.name} was disposed`);
  }
}
