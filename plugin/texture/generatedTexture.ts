import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { RegisterClass } from '@babylonjs/core/Misc/typeStore.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { changeRecipe, imageSize, type Recipe, type RecipeOptions, shortRecipe } from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import type { Picture } from '../painting/painter.ts';
import { PixelPicture } from '../painting/pixelPicture.ts';
import { PictureSource, type RequestOptions } from '../pictureSource.ts';
import { sourceFor } from './pictureSources.ts';
import type { PixelArtBrush } from './pixelArtBrush.ts';
import { FLAG_STORAGE, FORMAT_RGBA, PictureTarget, TYPE_BYTE } from './texelTexture.ts';
import {
  applySettings,
  changedSettings,
  parseLook,
  type SavedLook,
  saveLook,
  settingsOf,
  type TextureLook,
  type TextureSettings,
} from './textureLook.ts';

/** A denoising step of a picture. */
export interface GenerationProgress {
  /** The number of steps done, from 1; 0 when the picture of the conditional VAE is in the texture, before the steps. */
  step: number;
  numSteps: number;
  recipe: Recipe;
}

export type RegenerateOptions = Omit<RequestOptions, 'onStep'>;

/** A generated texture as a scene file holds it. */
export interface SavedGeneratedTexture extends SavedLook, Partial<TextureSettings> {
  customType: string;
  name: string;
  /** The address of the model's folder. */
  model: string;
  recipe: RecipeOptions;
}

const CLASS_NAME = 'BABYLON.GeneratedTexture';

type Draw = (picture: Picture) => void;

/**
 * A texture whose picture a model makes. It is saved as its recipe, not as pixels: loading a scene paints it again.
 *
 *   texture.onGeneratedObservable.add(() => …);
 *   await texture.regenerateAsync({ guidanceScale: 3 });
 *
 * It is ready, in Babylon's sense of the word, from its first picture or preview on.
 */
export class GeneratedTexture extends RawTexture {
  /** Notified each time a picture is finished. */
  readonly onGeneratedObservable = new Observable<GeneratedTexture>();
  /** Notified after each denoising step, when previews that were asked for are in the texture. */
  readonly onProgressObservable = new Observable<GenerationProgress>();
  private readonly target: PictureTarget;
  private readonly usualSettings: TextureSettings;
  private readonly address: string;
  private source: PictureSource | null = null;
  private current: RecipeOptions | null = null;
  private pending: AbortController | null = null;
  private hasPicture = false;
  private isOnCpu = false;
  private brush: Promise<PixelArtBrush> | null = null;
  private isGone = false;
  private stopObserving: () => void = () => {};

  /**
   * Makes an empty texture for `regenerateAsync` to fill. `AssetGenerator` makes textures in this way.
   *
   * @param source the source of its pictures, or the address of its model, which is loaded for the first picture
   */
  constructor(
    name: string,
    source: PictureSource | string,
    scene: Scene,
    readonly look: TextureLook,
  ) {
    const { widthPx, heightPx, mipmaps, samplingMode } = look;
    super(null, widthPx, heightPx, FORMAT_RGBA, scene, mipmaps, false, samplingMode, TYPE_BYTE, FLAG_STORAGE);
    RegisterGeneratedTexture();
    this.name = name;
    this.hasAlpha = look.hasAlpha;
    this.wrapU = this.wrapV = look.tiles ? Texture.WRAP_ADDRESSMODE : Texture.CLAMP_ADDRESSMODE;
    this.usualSettings = settingsOf(this);
    this.target = new PictureTarget(this, widthPx, heightPx, true);
    this.address = typeof source === 'string' ? source : source.name;
    if (source instanceof PictureSource) this.adopt(source);
  }

  /** The recipe of the finished picture, or of the first one that was asked for; null before that. */
  get recipe(): Readonly<RecipeOptions> | null {
    return this.current;
  }

  /** RGBA bytes of the picture, bottom row first; null before the first picture, and where it is on the GPU alone. */
  get texels(): Uint8Array | null {
    return this.isOnCpu ? this.target.pixels : null;
  }

  /** Whether a picture is being made. */
  get isGenerating(): boolean {
    return this.pending !== null;
  }

  /**
   * Makes another picture in this texture, from the current recipe with changes. A request that is still running is
   * aborted.
   *
   * @throws RangeError for what the model cannot paint; an AbortError when superseded, aborted or disposed
   */
  async regenerateAsync(changes: Partial<RecipeOptions> = {}, options: RegenerateOptions = {}): Promise<this> {
    const source = this.source ?? this.adopt(await sourceFor(this.getScene()!, this.address));
    const classifier = source.missingClassifier({ ...this.current, ...changes });
    if (classifier) await classifier;
    this.assertAlive();
    return this.paintAsync(source.complete(changeRecipe(this.current, changes)), options);
  }

  /** Shows the picture of a recipe that the model's generator has completed. @throws as `regenerateAsync` */
  async paintAsync(recipe: Recipe, options: RegenerateOptions = {}): Promise<this> {
    const source = this.source!;
    this.assertFits(recipe, source);
    this.pending?.abort(abortError(`generate: a newer request for texture ${this.name} took its place`));
    const pending = new AbortController();
    this.pending = pending;
    this.current ??= recipe;
    const signal = options.signal ? AbortSignal.any([pending.signal, options.signal]) : pending.signal;
    try {
      const draw = await this.drawing();
      signal.throwIfAborted();
      const onStep = this.reporter(recipe, draw);
      const picture = await source.pictureAsync(recipe, { ...options, signal, onStep });
      this.assertAlive();
      signal.throwIfAborted();
      this.show(picture, draw);
      this.finish(recipe);
      return this;
    } finally {
      if (this.pending === pending) this.pending = null;
    }
  }

  override isReady(): boolean {
    return this.hasPicture && this.getInternalTexture() !== null;
  }

  override getClassName(): string {
    return 'GeneratedTexture';
  }

  /** Makes an empty texture for pictures of the same model, size and look. */
  createSibling(name: string): GeneratedTexture {
    return new GeneratedTexture(name, this.source ?? this.address, this.getScene()!, this.look);
  }

  /** Makes another texture with the same picture and settings. */
  override clone(): GeneratedTexture {
    const copy = this.createSibling(this.name);
    applySettings(copy, settingsOf(this));
    if (this.current) copy.regenerateOrReport(this.current);
    return copy;
  }

  /** Saves the recipe and the address of the model: less than 300 bytes for usual settings. */
  override serialize(): SavedGeneratedTexture | null {
    if (!this.current) return null;
    return {
      customType: CLASS_NAME,
      name: this.name,
      model: this.address,
      ...saveLook({ ...this.look, samplingMode: this.samplingMode, hasAlpha: this.hasAlpha }),
      recipe: this.source ? shortRecipe(this.current, this.source.info) : this.current,
      ...changedSettings(this, this.usualSettings),
    };
  }

  /** Makes a saved texture, which is ready once its picture is painted. OnTextureLoadErrorObservable is notified of failures. */
  static override Parse(saved: SavedGeneratedTexture, scene: Scene, _rootUrl: string): GeneratedTexture {
    const texture = new GeneratedTexture(saved.name, saved.model, scene, parseLook(saved));
    applySettings(texture, saved);
    texture.regenerateOrReport(saved.recipe);
    return texture;
  }

  override dispose(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.pending?.abort(abortError(`generate: texture ${this.name} was disposed`));
    this.stopObserving();
    this.brush?.then((brush) => brush.dispose()).catch(() => {}); // the brush could not be loaded
    this.onGeneratedObservable.clear();
    this.onProgressObservable.clear();
    super.dispose();
  }

  /** Regenerates for a caller who does not wait, and reports errors. */
  private regenerateOrReport(recipe: RecipeOptions): void {
    this.current = recipe;
    this.regenerateAsync().catch((error: Error) => {
      if (error.name === 'AbortError') return;
      Logger.Error(`GeneratedTexture "${this.name}": ${error.message}`);
      Texture.OnTextureLoadErrorObservable.notifyObservers(this);
    });
  }

  private adopt(source: PictureSource): PictureSource {
    this.source = source;
    const observer = source.onRestoredObservable.add(() => {
      if (this.hasPicture && !this.isGenerating) this.regenerateOrReport(this.current!);
    });
    this.stopObserving = () => source.onRestoredObservable.remove(observer);
    return source;
  }

  private assertFits(recipe: Recipe, { info }: PictureSource): void {
    const [widthPx, heightPx] = imageSize(info, recipe);
    const factor = this.look.pixelArt?.factor ?? 1;
    const [ownWidth, ownHeight] = [this.look.widthPx / factor, this.look.heightPx / factor];
    if (widthPx === ownWidth && heightPx === ownHeight) return;
    throw new RangeError(
      `GeneratedTexture: ${this.name} is ${ownWidth}×${ownHeight}, but ${info.name} is to draw ${widthPx}×${heightPx}; make another texture of that size`,
    );
  }

  /** Returns the function that draws pictures into the texture. */
  private async drawing(): Promise<Draw> {
    const { pixelArt } = this.look;
    if (!pixelArt) return (picture) => picture.drawInto(this.target);
    this.brush ??= import('./pixelArtBrush.ts').then((module) => new module.PixelArtBrush(this.target, pixelArt));
    const brush = await this.brush;
    await brush.prepareAsync();
    return (picture) => brush.draw(picture);
  }

  private reporter(recipe: Recipe, draw: Draw): RequestOptions['onStep'] {
    return (step, numSteps, preview) => {
      if (preview) this.show(preview, draw);
      this.onProgressObservable.notifyObservers({ step, numSteps, recipe });
    };
  }

  private finish(recipe: Recipe): void {
    this.current = recipe;
    this.onGeneratedObservable.notifyObservers(this);
  }

  private show(picture: Picture, draw: Draw): void {
    if (this.isGone) return;
    draw(picture);
    this.hasPicture = true;
    this.isOnCpu = picture instanceof PixelPicture;
  }

  private assertAlive(): void {
    if (this.isGone) throw abortError(`generate: texture ${this.name} was disposed`);
  }
}

/** Lets Babylon's scene loader make generated textures. Call it before a scene is loaded; further calls change nothing. */
export function RegisterGeneratedTexture(): void {
  RegisterClass(CLASS_NAME, GeneratedTexture);
}
