import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { RegisterClass } from '@babylonjs/core/Misc/typeStore.js';
import type { Scene } from '@babylonjs/core/scene.js';
import {
  type ModelInfo,
  type ModelWords,
  type Recipe,
  type RecipeChanges,
  type RecipeOptions,
  shortRecipe,
  variedBy,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { InTurn } from '../inTurn.ts';
import { leavingNothing } from '../leavingNothing.ts';
import { NewestRequest } from '../newestRequest.ts';
import type { Picture } from '../painting/painter.ts';
import { PictureSource } from '../pictureSource.ts';
import { checkRequest, type GenerationProgress, type RegenerateOptions, type RequestOptions } from '../request.ts';
import { notify } from '../tell.ts';
import { untilAborted } from '../untilAborted.ts';
import { addressToSave, orAnother, type SceneFileOptions, sourceFor, useForSceneFiles } from './sceneModels.ts';
import { ShownPicture } from './shownPicture.ts';
import { FLAG_STORAGE, FORMAT_RGBA, type PictureTarget, TYPE_BYTE } from './texelTexture.ts';
import type { Draw } from './textureDrawing.ts';
import {
  assertFits,
  assertFitsDevice,
  parseLook,
  type SavedGeneratedTexture,
  saveLook,
  type TextureLook,
} from './textureLook.ts';
import { applySettings, changedSettings, copySettings, settingsOf, type TextureSettings } from './textureSettings.ts';
import { whenRestored } from './whenRestored.ts';

const CLASS_NAME = 'BABYLON.GeneratedTexture';

/**
 * A texture whose picture a model makes. It is saved as its recipe, not as pixels: loading a scene paints it again.
 *
 *   texture.onGeneratedObservable.add(() => …);
 *   await texture.regenerateAsync({ guidanceScale: 3 });
 *
 * It is ready, in Babylon's sense of the word, from its first picture or preview on.
 */
export class GeneratedTexture<Words extends ModelWords = ModelWords> extends RawTexture {
  /** Notified each time a picture is finished. */
  readonly onGeneratedObservable = new Observable<GeneratedTexture>();
  /** Notified after each denoising step, when previews that were asked for are in the texture. */
  readonly onProgressObservable = new Observable<GenerationProgress>();
  private readonly shown: ShownPicture;
  private readonly usualSettings: TextureSettings;
  private readonly address: string;
  private source: PictureSource | null = null;
  private current: RecipeOptions | null = null;
  private readonly requests = new NewestRequest(() =>
    abortError(`generate: a newer request for texture ${this.name} took its place`),
  );
  private isGone = false;
  /** Requests that wait for the model go on after all that have waited for longer, so that each makes their changes, too. */
  private readonly loading = new InTurn();
  /** Whether it loads its model by the address, and keeps it. */
  private keepsModel: boolean;
  private stopObserving: () => void = () => {};

  /**
   * Makes an empty texture for `regenerateAsync` to fill. `AssetGenerator` makes textures in this way.
   *
   * @throws        RangeError when it is larger than the scene's textures are
   * @param source  the source of its pictures, or the address of its model, which is loaded for the first picture
   * @param rootUrl where addresses of a scene file that are no whole ones count from
   */
  constructor(
    name: string,
    source: PictureSource | string,
    scene: Scene,
    readonly look: TextureLook,
    private readonly rootUrl?: string,
  ) {
    const { widthPx, heightPx, mipmaps, samplingMode } = look;
    assertFitsDevice(look, scene);
    super(null, widthPx, heightPx, FORMAT_RGBA, scene, mipmaps, false, samplingMode, TYPE_BYTE, FLAG_STORAGE);
    RegisterGeneratedTexture();
    this.name = name;
    this.keepsModel = typeof source === 'string';
    this.hasAlpha = look.hasAlpha;
    this.wrapU = this.wrapV = look.tiles ? Texture.WRAP_ADDRESSMODE : Texture.CLAMP_ADDRESSMODE;
    this.usualSettings = settingsOf(this);
    this.shown = new ShownPicture(this, look);
    this.address = typeof source === 'string' ? source : source.name;
    if (source instanceof PictureSource) this.adopt(source);
  }

  /** The recipe of the finished picture, or of the first one that was asked for; null before that. */
  get recipe(): Readonly<RecipeOptions<Words>> | null {
    return this.current as RecipeOptions<Words> | null; // the model's words alone have made it
  }

  /** The recipe that changes begin from: that of the picture that is being made, and else that of the finished one. */
  get newestRecipe(): Readonly<RecipeOptions<Words>> | null {
    return (this.requests.recipe ?? this.current) as RecipeOptions<Words> | null;
  }

  /** What its model can make; null before the model is loaded. */
  get info(): ModelInfo | null {
    return this.source?.info ?? null;
  }

  /** What its generator may take of a frame on the thread that draws, in milliseconds; null before the model is loaded. */
  get frameBudgetMs(): number | null {
    return this.source?.frameBudgetMs ?? null;
  }

  /**
   * RGBA bytes of the picture, bottom row first; null before the first picture, and where it is on the GPU alone. They are the
   * texture's own: the next picture or preview is drawn in them, so copy what is to stay, and change nothing.
   */
  get texels(): Uint8Array | null {
    return this.shown.texels;
  }

  /** Height, roughness and metallic as a model of materials made them with the picture, in the model's size; else null. */
  get maps(): PictureTarget | null {
    return this.shown.maps;
  }

  /** Whether the model is making a picture for this texture, which may still show an earlier one. */
  get isGenerating(): boolean {
    return this.requests.recipe !== null;
  }

  /** Whether it shows a finished picture, and no preview of another one. */
  get isFinished(): boolean {
    return this.shown.isFinished;
  }

  /**
   * Makes another picture in this texture, from the newest recipe with changes, whose `attributes` take the place of all that it
   * has. The newest request wins:
   *
   * - One that is still running is aborted, and its changes are made by this one.
   * - One that still waits for its classifier never begins, and its changes are lost.
   * - One for the same picture goes on, with the priority of this one.
   * - Where one ends without a picture, its previews give way to the current picture, unless the generator is disposed.
   *
   * @throws RangeError for what the model cannot paint; an AbortError when superseded, aborted or disposed; what loading the
   *         model, or a classifier that the recipe names by its address, throws
   */
  async regenerateAsync(changes: RecipeChanges<Words> = {}, options: RegenerateOptions = {}): Promise<this> {
    return this.requestAsync(() => changes, options);
  }

  /**
   * Makes the same person, or thing, with some attributes changed, in this texture: see `varyRecipe`. However often it is
   * called, it stays the same as the first picture.
   *
   *   await portrait.varyAsync({ expression: 'happy' });
   *
   * @throws as `regenerateAsync`
   */
  async varyAsync(attributes: Words['attributes'], options: RegenerateOptions = {}): Promise<this> {
    return this.changeAsync({ attributes }, options);
  }

  /**
   * Makes the same person, or thing, with some attributes changed, as `varyAsync` does, and with other entries of its recipe.
   *
   * @param changes attributes, and any other entry of the recipe: `sameFor` (0 … 1) says how strictly it stays the same
   * @throws        as `regenerateAsync`
   */
  async changeAsync(changes: RecipeChanges<Words>, options: RegenerateOptions = {}): Promise<this> {
    return this.requestAsync((newest) => variedBy(newest, changes), options);
  }

  /** @param changesOf those of the newest recipe, once all is there that the request waits for */
  private async requestAsync(
    changesOf: (newest: Readonly<Partial<RecipeOptions>>) => RecipeChanges,
    options: RegenerateOptions,
  ): Promise<this> {
    this.assertAlive();
    options.signal?.throwIfAborted(); // the request that is running goes on
    const request = this.requests.ask();
    if (this.source?.isDisposed) this.adopt(orAnother(this.source));
    const source = this.source ?? (await this.loading.take(this.loadAsync(options.signal)));
    const changes = () => changesOf(this.newestRecipe ?? {});
    const classifier = source.missingClassifier({ ...this.newestRecipe, ...changes() });
    if (classifier) await untilAborted(classifier, options.signal);
    this.assertAlive();
    this.requests.assertNewest(request);
    return this.paintInTurn(source.completeChanged(this.newestRecipe, changes()), options, request);
  }

  /** Shows the picture of a recipe that the model's generator has completed. @throws as `regenerateAsync` */
  async paintAsync(recipe: Recipe, options: RegenerateOptions = {}): Promise<this> {
    return this.paintInTurn(recipe, options, this.requests.ask());
  }

  private async paintInTurn(recipe: Recipe, options: RegenerateOptions, request: number): Promise<this> {
    const source = this.source!;
    assertFits(recipe, source.info, this);
    checkRequest(options); // before it takes the place of another
    const pending = this.requests.begin(request, recipe, options.signal);
    this.current ??= recipe;
    const signal = options.signal ? AbortSignal.any([pending.signal, options.signal]) : pending.signal;
    try {
      const draw = await this.shown.prepareAsync();
      signal.throwIfAborted();
      const onStep: RequestOptions['onStep'] = (step, numSteps, preview) => {
        if (preview) this.show(preview, draw, true);
        notify(this.onProgressObservable, { step, numSteps, recipe });
      };
      const onQueued = () => this.requests.takeOver(pending);
      const picture = await source.pictureAsync(recipe, { ...options, signal, onStep, onQueued });
      this.assertAlive();
      signal.throwIfAborted();
      this.show(picture, draw);
      this.requests.end(pending); // observers find it finished
      this.finish(recipe);
      return this;
    } catch (error) {
      if (!this.requests.isOf(pending) || this.isFinished) throw error;
      if (this.current === recipe) this.note(error as Error);
      else if (this.shown.isThere)
        this.redrawAsync().catch(() => {}); // the caller is told of the first error
      else this.report(this.redrawAsync(), this.requests.lastBegun); // a scene may wait for a blank texture
      throw error;
    } finally {
      this.requests.end(pending);
    }
  }

  override isReady(): boolean {
    return this.shown.isThere && this.getInternalTexture() !== null;
  }

  override getClassName(): string {
    return 'GeneratedTexture';
  }

  /** Makes an empty texture for pictures of the same model, size and look. @throws an AbortError when disposed */
  createSibling(name: string): GeneratedTexture<Words> {
    this.assertAlive();
    const source = this.keepsModel ? this.address : this.source!;
    return new GeneratedTexture<Words>(name, source, this.getScene()!, this.look, this.rootUrl);
  }

  /**
   * Makes another texture with the same picture and settings, which is ready at once where this one is. While this one shows
   * a preview, or nothing yet, the picture of its recipe is made.
   */
  override clone(): GeneratedTexture<Words> {
    const copy = this.createSibling(this.name);
    copySettings(this, copy);
    if (this.source && !this.source.isDisposed) copy.adopt(this.source); // what shows it may ask at once what the model knows
    this.shown.copyTo(copy.shown);
    if (this.shown.isThere) copy.current = this.current;
    if (this.current && !this.isFinished) copy.regenerateOrReport(this.current);
    if (this.source && this.keepsModel) copy.loadAsync().catch(() => {}); // to be drawn again after a lost device
    return copy;
  }

  /** The picture as it is in the texture: RGBA bytes, sRGB, straight alpha, top row first. @throws Error before it is ready */
  async readPictureAsync(): Promise<Uint8Array> {
    return (await import('./textureImage.ts')).readPicture(this);
  }

  /** The picture as a PNG file, such as a download or a GUI image needs. @throws as `readPictureAsync` */
  async toBlobAsync(): Promise<Blob> {
    return (await import('./textureImage.ts')).toBlob(this);
  }

  /** The picture as an address, for an image of a GUI or a page. @throws as `readPictureAsync` */
  async toDataUrlAsync(): Promise<string> {
    return (await import('./textureImage.ts')).toDataUrl(this);
  }

  /** Draws the picture in a canvas, which takes its size. @throws as `readPictureAsync` */
  async drawTo(canvas: HTMLCanvasElement | OffscreenCanvas): Promise<void> {
    await (await import('./textureImage.ts')).drawIn(this, canvas);
  }

  /** Saves the recipe and the address of the model: less than 300 bytes for usual settings. */
  override serialize(): SavedGeneratedTexture | null {
    if (!this.current) return null;
    return {
      customType: CLASS_NAME,
      name: this.name,
      url: '',
      model: addressToSave(this.address, this.source),
      ...saveLook({ ...this.look, samplingMode: this.samplingMode, hasAlpha: this.hasAlpha }),
      recipe: shortRecipe(this.current, this.info),
      ...changedSettings(this, this.usualSettings),
    };
  }

  /**
   * Makes a saved texture, which is ready once its picture is painted. Failures are told as Babylon's textures tell them:
   * by `loadingError`, `errorObject` and OnTextureLoadErrorObservable; the scene does not wait for it any longer.
   */
  static override Parse(saved: SavedGeneratedTexture, scene: Scene, rootUrl: string): GeneratedTexture {
    return leavingNothing(scene, saved?.name, (tell) => {
      if (typeof saved.model !== 'string') throw new RangeError('GeneratedTexture: expected the address of a model');
      const texture = tell(new GeneratedTexture(saved.name, saved.model, scene, parseLook(saved), rootUrl));
      applySettings(texture, saved);
      texture.regenerateOrReport(saved.recipe);
      return texture;
    });
  }

  override dispose(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.requests.abort(abortError(`generate: texture ${this.name} was disposed`));
    this.stopObserving();
    this.onGeneratedObservable.clear();
    this.onProgressObservable.clear();
    this.shown.dispose();
    super.dispose();
  }

  /** Regenerates for a caller who does not wait, and reports errors. */
  private regenerateOrReport(recipe: RecipeOptions): void {
    this.current = recipe;
    this.report(this.regenerateAsync(), this.requests.lastAsked);
  }

  /** Reports errors of a request that nobody waits for, unless a newer one took its place: one that is asked for may be refused. */
  private report(painted: Promise<unknown>, request: number): void {
    painted.catch((error: Error) => {
      if (error.name === 'AbortError' && (this.isGone || request < this.requests.lastBegun)) return;
      this.note(error);
      Logger.Error(`GeneratedTexture "${this.name}": ${error.message}`);
      Texture.OnTextureLoadErrorObservable.notifyObservers(this);
    });
  }

  /** Notes what keeps a picture from being made; a scene does not wait for the first one any longer. */
  private note(error: Error | null): void {
    this._loadingError = error !== null && !this.shown.isThere;
    this._errorObject = error ? { message: error.message, exception: error } : undefined;
  }

  private async loadAsync(signal?: AbortSignal): Promise<PictureSource> {
    return this.adopt(await untilAborted(sourceFor(this, this.address, this.rootUrl, [this.current]), signal));
  }

  private adopt(source: PictureSource): PictureSource {
    this.assertAlive();
    this.source = source;
    this.stopObserving(); // two requests may both have waited for the model
    this.stopObserving = whenRestored(source, () => {
      if (!this.shown.restore()) return;
      if (source.isDisposed) [this.source, this.keepsModel] = [null, true]; // the model is loaded again
      if (!this.shown.isThere || this.isGenerating) return;
      if (this.source) this.report(this.redrawAsync(), this.requests.lastBegun);
      else this.regenerateOrReport(this.current!);
    });
    return source;
  }

  /** Draws the current picture in the place of a preview, or of nothing; where that fails, the preview stays. */
  private async redrawAsync(): Promise<void> {
    this.assertAlive();
    const recipe = this.source!.completeChanged(this.current, {});
    this.current = recipe;
    await this.paintInTurn(recipe, {}, this.requests.lastBegun); // a newer request may still wait for its classifier
  }

  private finish(recipe: Recipe): void {
    this.current = recipe;
    this.note(null);
    notify(this.onLoadObservable, this);
    notify(this.onGeneratedObservable, this);
  }

  private show(picture: Picture, draw: Draw, isPreview = false): void {
    if (this.isGone) return;
    this.shown.show(picture, draw, isPreview);
  }

  private assertAlive(): void {
    if (this.isGone) throw abortError(`generate: texture ${this.name} was disposed`);
  }
}

/**
 * Lets Babylon's scene loader make generated textures. Call it before a scene is loaded.
 *
 *   RegisterGeneratedTexture({ models: [portraits] }); // portraits of the package babylon-figment-portraits
 *
 * @param options how models of scene files are loaded, such as `workerUrl` or `compute`, and their packages; default: as they were
 */
export function RegisterGeneratedTexture(options?: SceneFileOptions): void {
  useForSceneFiles(options);
  RegisterClass(CLASS_NAME, GeneratedTexture);
}
