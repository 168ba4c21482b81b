import { Material } from '@babylonjs/core/Materials/material.js';
import { PBRMaterial } from '@babylonjs/core/Materials/PBR/pbrMaterial.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { SerializationHelper } from '@babylonjs/core/Misc/decorators.serialization.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { RegisterClass } from '@babylonjs/core/Misc/typeStore.js';
import type { Scene } from '@babylonjs/core/scene.js';
import {
  type Attributes,
  attributesOfRecipe,
  quote,
  type Recipe,
  type RecipeChanges,
  type RecipeOptions,
  recipeKey,
  type SurfaceOptions,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { leavingNothing } from '../leavingNothing.ts';
import type { RegenerateOptions } from '../request.ts';
import { notify } from '../tell.ts';
import { GeneratedTexture, RegisterGeneratedTexture } from '../texture/generatedTexture.ts';
import type { SceneFileOptions } from '../texture/sceneModels.ts';
import type { SavedGeneratedTexture } from '../texture/textureLook.ts';
import { untilAborted } from '../untilAborted.ts';
import { warnOnce } from '../warnOnce.ts';
import { changesOf, OWN_KEYS, plainData } from './changedSettings.ts';
import { checkHashTiling, HashTiling, type HashTilingOptions } from './hashTiling.ts';
import { readMaps, saveMaps, showMaps, shownMaps, USUAL_SLOTS } from './shownMaps.ts';
import { SurfaceTextures } from './surface.ts';
import { variationOf } from './variations.ts';

export { withVariations } from './variations.ts';

/** Changes to the settings that the label's kind of material has. */
export type SurfaceSettings = Omit<SurfaceOptions, 'label' | 'green'>;

export interface SurfaceMaterialOptions extends Partial<HashTilingOptions> {
  surface?: SurfaceSettings;
  /**
   * Shifts the picture by its height: `offset` does it once, `occlusion` traces the height; default: no shift. Not beside `variations`.
   * How far, `parallaxScaleBias` says, which is below 0 in left-handed scenes: -0.05.
   */
  parallax?: 'offset' | 'occlusion';
  /**
   * How many surfaces are mixed, so that a large floor never repeats: 1 to 3, from the recipe's seed and the seeds that
   * follow. By default one surface repeats. See `HashTiling`.
   */
  variations?: number;
}

/** A surface material as a scene file holds it. */
export interface SavedSurfaceMaterial extends SurfaceMaterialOptions {
  customType: string;
  name: string;
  id: string;
  uniqueId: number;
  albedo: Omit<SavedGeneratedTexture, 'customType' | 'name' | 'url'>;
  /** Settings of PBRMaterial that were changed after it was made. */
  changed?: Record<string, unknown>;
  /** One of these settings, which Babylon's loader sets again. */
  alphaMode?: unknown;
}

const CLASS_NAME = 'BABYLON.SurfaceMaterial';

/**
 * A PBRMaterial all of whose maps are made from one generated picture: albedo, normal and height, ambient occlusion,
 * roughness and metal. A model of materials makes height, roughness and metal with the picture; of other pictures they are
 * guessed. The maps follow whenever the picture changes, and are placed as `albedo` is.
 *
 *   const bricks = await materials.generateMaterialAsync({ label: 'brick', seed: 7, tiling: 4 });
 *   if (bricks instanceof SurfaceMaterial) await bricks.regenerateAsync({ seed: 8 });
 *
 * It is saved as its recipe, and disposed with its textures.
 */
export class SurfaceMaterial extends PBRMaterial {
  /** Notified each time all maps are made. */
  readonly onSurfaceObservable = new Observable<SurfaceMaterial>();
  private readonly options: SurfaceMaterialOptions;
  private readonly surfaces: readonly SurfaceTextures[];
  private readonly usual: Record<string, unknown>;
  private pending: AbortController | null = null;
  private written: Promise<void>;
  /** Settles `written` as it is before the first maps are made; later calls change nothing. */
  private firstWrite!: { resolve(): void; reject(reason: unknown): void };
  /** The priority of the newest request, with which the pictures of the other variations are painted, too. */
  private priority: number | undefined;
  private isGone = false;

  /**
   * @param albedo   belongs to the material from here on; the maps are made when its picture is finished
   * @param pictures those of the other variations, where they are known; they belong to the material, too
   */
  constructor(
    name: string,
    readonly albedo: GeneratedTexture,
    options: SurfaceMaterialOptions = {},
    pictures: readonly GeneratedTexture[] = [],
  ) {
    checkShape(options);
    const scene = albedo.getScene()!;
    super(name, scene);
    this.written = this.whenFirstWritten();
    RegisterSurfaceMaterial();
    const { surface } = options;
    this.options = { ...options, ...(surface && { surface: { ...surface } }) }; // the caller may change its own
    const own = new SurfaceTextures(name, albedo);
    this.surfaces = [own, ...this.createVariations(pictures)];
    this.setUp(scene);
    this.usual = plainData(super.serialize());
    this.albedoTexture = albedo;
    this.bumpTexture = own.normal;
    this.metallicTexture = own.orm;
    const { variations, cellSize } = this.options;
    if (variations !== undefined) new HashTiling(this, this.surfaces.slice(1), { cellSize });
    albedo.onGeneratedObservable.add(() => this.write());
    if (albedo.isFinished) this.write();
  }

  /** The maps wait for the first picture; what keeps it from being made keeps them, too. */
  private whenFirstWritten(): Promise<void> {
    const { albedo } = this;
    const failed = Texture.OnTextureLoadErrorObservable.add((texture) => {
      if (texture === albedo) this.firstWrite.reject(albedo.errorObject?.exception);
    });
    albedo.onDisposeObservable.addOnce(() => {
      failed.remove(true); // whoever is told of an error may dispose the material, and others are told next
      const reason = abortError(`generate: texture ${albedo.name} was disposed`);
      this.pending?.abort(reason);
      this.firstWrite.reject(reason);
    });
    const written = new Promise<void>((resolve, reject) => {
      this.firstWrite = { resolve, reject };
    });
    written.catch(() => {}); // whoever waits is told
    return written;
  }

  private setUp(scene: Scene): void {
    this.metallic = 1; // metallic and roughness multiply the texture
    this.roughness = 1;
    this.useRoughnessFromMetallicTextureAlpha = false;
    this.useRoughnessFromMetallicTextureGreen = true;
    this.useMetallnessFromMetallicTextureBlue = true;
    this.useAmbientOcclusionFromMetallicTextureRed = true;
    // Babylon's tangents point the other way in a left-handed scene, so they are turned for the light. Parallax follows the turned
    // ones and would move high parts away from the viewer; a scale below 0 moves them nearer.
    this.invertNormalMapX = this.invertNormalMapY = !scene.useRightHandedSystem;
    if (!scene.useRightHandedSystem) this.parallaxScaleBias *= -1;
    const { parallax, variations } = this.options;
    if (parallax !== undefined && variations !== undefined) {
      warnOnce(
        'SurfaceMaterial: "parallax" is passed over, since variations are mixed without it; leave one of them out',
      );
    }
    this.useParallax = parallax !== undefined && variations === undefined;
    this.useParallaxOcclusion = this.useParallax && parallax === 'occlusion';
  }

  private createVariations(pictures: readonly GeneratedTexture[]): SurfaceTextures[] {
    const { variations = 1 } = this.options;
    return Array.from({ length: variations - 1 }, (_, i) => {
      const name = `${this.name} ${i + 2}`;
      return new SurfaceTextures(name, pictures[i] ?? this.albedo.createSibling(name));
    });
  }

  /** The recipe of the picture; null before one is asked for. */
  get recipe(): Readonly<RecipeOptions> | null {
    return this.albedo.recipe;
  }

  /**
   * Makes another picture and its maps, from the current recipe with changes. Once its picture is there, a signal ends the
   * wait alone, and the maps are made nevertheless.
   *
   * @throws as `GeneratedTexture.regenerateAsync`
   */
  async regenerateAsync(changes: RecipeChanges = {}, options: RegenerateOptions = {}): Promise<this> {
    return this.followAsync(this.albedo.regenerateAsync(changes, options), options);
  }

  /** Waits for the maps of a picture that is being made. */
  private async followAsync(picture: Promise<unknown>, { priority, signal }: RegenerateOptions): Promise<this> {
    this.priority = priority;
    await picture;
    await untilAborted(this.whenWrittenAsync(), signal);
    return this;
  }

  /**
   * Makes the same material with some attributes changed, in place: the same seed, and so the same bricks, only more worn.
   * Attributes that are not named stay; however often it is called, it stays the same as the first. See `varyRecipe`.
   *
   *   await wall.varyAsync({ wear: 0.8 });
   *
   * @throws as `regenerateAsync`
   */
  async varyAsync(attributes: Attributes, options: RegenerateOptions = {}): Promise<this> {
    return this.changeAsync({ attributes }, options);
  }

  /**
   * Makes the same material with some attributes changed, as `varyAsync` does, and with other entries of its recipe.
   *
   *   await wall.changeAsync({ attributes: { wear: 0.8 }, blend: { label: 'grass', amount: 0.4 } });
   *
   * @param changes attributes, and any other entry of the recipe: `sameFor` (0 … 1) says how strictly it stays the same
   * @throws        as `regenerateAsync`
   */
  async changeAsync(changes: RecipeChanges, options: RegenerateOptions = {}): Promise<this> {
    return this.followAsync(this.albedo.changeAsync(changes, options), options);
  }

  /**
   * Resolves when the maps of the current picture are made, or those of the first one that it gets.
   *
   * @throws Error when they, or the first picture, cannot be made; an AbortError when disposed meanwhile
   */
  async whenWrittenAsync(): Promise<void> {
    const { written } = this;
    return written.catch((error) => {
      if (written === this.written) throw error;
      return this.whenWrittenAsync(); // those of a newer picture are made in their place
    });
  }

  /**
   * Changes how the maps are made of the picture, and makes them again; before there is a picture, it waits for the first maps.
   * Maps that are being made are finished first, so that a setting may be changed in each frame. While previews of another picture
   * are shown, nothing is made of them: the settings are those of that picture, once it is finished.
   *
   * @throws RangeError for a setting out of range, and nothing is changed; an AbortError when disposed; as `whenWrittenAsync`
   */
  async reshapeAsync(surface: SurfaceSettings): Promise<this> {
    const { checkSurface } = await import('./writeSurface.ts');
    this.assertAlive();
    const changed = { ...this.options.surface, ...surface };
    checkSurface(changed);
    this.options.surface = changed;
    const { written } = this;
    if (this.albedo.isFinished) await written.catch(() => {});
    this.assertAlive(); // it may have been disposed while it waited
    if (this.albedo.isFinished && written === this.written) this.write(); // else another call has begun to, with these settings
    await this.whenWrittenAsync();
    return this;
  }

  /** Makes another material with copies of the pictures; its maps are made of them. @throws an AbortError when disposed */
  override clone(name: string, cloneTexturesOnlyOnce = true, rootUrl = ''): SurfaceMaterial {
    this.assertAlive();
    const [albedo, ...pictures] = this.surfaces.map((surface) => surface.albedo.clone());
    const copy = new SurfaceMaterial(name, albedo!, this.options, pictures);
    const shown = this.shownIn(super.serialize());
    const isOwn = (key: string) => OWN_KEYS.test(key) || shown.has(key);
    const get = (own: this, key: string | symbol) => (isOwn(String(key)) ? null : Reflect.get(own, key));
    SerializationHelper.Clone(() => copy, new Proxy(this, { get }), { cloneTexturesOnlyOnce });
    this.stencil.copyTo(copy.stencil);
    this._clonePlugins(copy, rootUrl);
    for (const slot of USUAL_SLOTS) if (!this[slot]) copy[slot] = null;
    showMaps(copy, copy.surfaces[0]!, shown);
    return copy;
  }

  /** Saves the recipe: less than 300 bytes for usual settings. Before a picture was asked for it is a plain PBRMaterial. */
  override serialize(): SavedSurfaceMaterial {
    const saved = this.albedo.serialize();
    if (!saved) return super.serialize();
    const { customType: _type, name: _name, url: _url, ...albedo } = saved;
    const changed = this.changes();
    const { surface, parallax, variations, cellSize } = this.options;
    return {
      customType: CLASS_NAME,
      name: this.name,
      id: this.id,
      uniqueId: this.uniqueId,
      albedo,
      ...(surface && { surface }),
      ...(parallax && { parallax }),
      ...(variations && { variations }),
      ...(cellSize && { cellSize }),
      ...(Object.keys(changed).length > 0 && { changed }),
      ...('_alphaMode' in changed && { alphaMode: changed._alphaMode }),
    };
  }

  /** Makes a saved material, as `GeneratedTexture.Parse` makes its texture. */
  static override Parse(saved: SavedSurfaceMaterial, scene: Scene, rootUrl = ''): SurfaceMaterial {
    return leavingNothing(scene, saved?.name, (tell) => {
      const { name, surface, parallax, variations, cellSize, changed = {} } = saved;
      checkShape(saved);
      const albedo = tell(GeneratedTexture.Parse({ customType: '', name, ...saved.albedo }, scene, rootUrl));
      const material = tell(new SurfaceMaterial(name, albedo, { surface, parallax, variations, cellSize }));
      material.id = saved.id;
      material.change(changed, rootUrl);
      return material;
    });
  }

  /** @throws an AbortError when the material, or its picture, is disposed */
  private assertAlive(): void {
    if (!this.isGone && this.albedo.getScene()) return;
    throw abortError(`generate: material ${this.name} is disposed; make another`);
  }

  /** Which of the slots of a saved material show maps of this one. */
  private shownIn(saved: object) {
    return shownMaps(this, this.surfaces[0]!, Object.keys(saved));
  }

  /** The settings that were changed after the material was made, as a scene file holds them: null for an empty slot. */
  private changes(): Record<string, unknown> {
    const saved = plainData(super.serialize());
    for (const slot of USUAL_SLOTS) saved[slot] ??= null;
    saveMaps(saved, this.shownIn(saved));
    return changesOf(saved, this.usual);
  }

  private change(changed: Record<string, unknown>, rootUrl: string): void {
    for (const slot of USUAL_SLOTS) if (changed[slot] === null) this[slot] = null;
    const { shown, others } = readMaps(this, changed);
    SerializationHelper.Parse(() => this, others, this.getScene(), rootUrl);
    showMaps(this, this.surfaces[0]!, shown);
    if (changed.stencil) this.stencil.parse(changed.stencil, this.getScene(), rootUrl);
    Material._ParsePlugins(changed, this, this.getScene(), rootUrl);
  }

  override dispose(forceDisposeEffect?: boolean, forceDisposeTextures?: boolean): void {
    if (this.isGone) return;
    this.isGone = true;
    const reason = abortError(`generate: material ${this.name} was disposed`);
    this.pending?.abort(reason);
    this.firstWrite.reject(reason);
    this.onSurfaceObservable.clear();
    for (const surface of this.surfaces) surface.dispose();
    super.dispose(forceDisposeEffect, forceDisposeTextures);
  }

  /** Makes the maps of the current picture, and aborts an earlier call that is still running. */
  private write(): void {
    this.pending?.abort(abortError(`generate: a newer picture of material ${this.name} took its place`));
    const pending = new AbortController();
    this.pending = pending;
    this.written = this.writeAsync(pending.signal);
    this.written.then(this.firstWrite.resolve, (error: Error) => {
      if (pending.signal.aborted) return; // by a newer picture, or by dispose
      this.firstWrite.reject(error);
      Logger.Error(`SurfaceMaterial "${this.name}": ${error.message}`);
      for (const surface of this.surfaces) surface.fail(error);
    });
  }

  private async writeAsync(signal: AbortSignal): Promise<void> {
    const recipe = this.recipe!;
    const { info } = this.albedo;
    const decided = (asked: RecipeOptions) => (info ? attributesOfRecipe(info, { ...asked, label: asked.label! }) : {});
    const writing = this.surfaces.map(async (surface, i) => {
      const how = { signal, priority: this.priority };
      if (i > 0) await showAsync(surface.albedo, variationOf(recipe, i, decided), how);
      await surface.writeAsync(this.options.surface ?? {}, signal);
    });
    await Promise.all(writing);
    notify(this.onSurfaceObservable, this);
  }
}

/** @throws RangeError for a setting out of range; TypeError for a surface that is no object */
export async function checkSurfaceMaterial({ surface = {}, ...shape }: SurfaceMaterialOptions): Promise<void> {
  checkShape(shape);
  const { checkSurface } = await import('./writeSurface.ts');
  checkSurface(surface);
}

function checkShape({ parallax, variations, cellSize }: SurfaceMaterialOptions): void {
  checkHashTiling({ variations, cellSize });
  if (parallax === undefined || parallax === 'offset' || parallax === 'occlusion') return;
  throw new RangeError(
    `SurfaceMaterial: parallax is ${quote(parallax)}; expected offset or occlusion, or nothing for no shift`,
  );
}

/** Makes a variation show the material's recipe with a seed of its own; what that recipe lacks goes back to its default. */
async function showAsync(texture: GeneratedTexture, recipe: RecipeOptions, how: RegenerateOptions): Promise<void> {
  const isSettled = texture.isFinished && !texture.isGenerating; // after a lost device it is drawn again
  const isShown = isSettled && recipeKey(texture.recipe as Recipe) === recipeKey(recipe as Recipe);
  const lacking = Object.fromEntries(Object.keys(texture.newestRecipe ?? {}).map((entry) => [entry, undefined]));
  if (!isShown) await texture.regenerateAsync({ ...lacking, ...recipe }, how);
}

/**
 * Lets Babylon's scene loader make surface materials. Call it before a scene is loaded.
 *
 * @param options as those of `RegisterGeneratedTexture`
 */
export function RegisterSurfaceMaterial(options?: SceneFileOptions): void {
  RegisterGeneratedTexture(options);
  RegisterClass(CLASS_NAME, SurfaceMaterial);
}
