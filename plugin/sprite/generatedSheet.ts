import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { RegisterClass } from '@babylonjs/core/Misc/typeStore.js';
import type { Scene } from '@babylonjs/core/scene.js';
import {
  type Attributes,
  changeRecipe,
  type ModelInfo,
  messageOf,
  type Recipe,
  type RecipeChanges,
  type RecipeOptions,
  shortRecipe,
  variedBy,
  withoutDefaults,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { leavingNothing } from '../leavingNothing.ts';
import { NewestRequest } from '../newestRequest.ts';
import type { Picture } from '../painting/painter.ts';
import { PixelPicture } from '../painting/pixelPicture.ts';
import { type GenerationProgress, PictureSource, type RequestOptions } from '../pictureSource.ts';
import { notify } from '../tell.ts';
import type { RegenerateOptions } from '../texture/generatedTexture.ts';
import { addressToSave, type SceneFileOptions, sourceFor, useForSceneFiles } from '../texture/sceneModels.ts';
import { FLAG_STORAGE, FORMAT_RGBA, PictureTarget, TYPE_BYTE } from '../texture/texelTexture.ts';
import { maxSizeIn } from '../texture/textureLook.ts';
import { copySettings } from '../texture/textureSettings.ts';
import { whenRestored } from '../texture/whenRestored.ts';
import { untilAborted } from '../untilAborted.ts';
import { CellDrawing, type Draw } from './cellDrawing.ts';
import { completeCellsAsync } from './cells.ts';
import {
  assertCellsFit,
  drawnCellSize,
  parseSheetCells,
  placeOfCell,
  type SavedGeneratedSheet,
  type SheetCells,
  sheetSize,
} from './sheetLayout.ts';

/** A denoising step of a cell's picture. */
export interface CellProgress extends GenerationProgress {
  cell: number;
}

const CLASS_NAME = 'BABYLON.GeneratedSheet';

/**
 * A texture with a cell for each picture, row after row, as sprite managers show it. It is saved as the recipes of its
 * cells: loading a scene paints them again.
 */
export class GeneratedSheet extends RawTexture {
  /** Notified after each step of `repaintCellAsync`, when previews that were asked for are in the sheet. */
  readonly onCellProgressObservable = new Observable<CellProgress>();
  private current: (Recipe | null)[] = [];
  /** By cell. */
  private readonly requests = new Map<number, NewestRequest>();
  /** The cells in which a preview stands in the place of their picture. */
  private readonly previewed = new Set<number>();
  private readonly target: PictureTarget;
  private readonly drawing: CellDrawing;
  private readonly address: string;
  private source: PictureSource | null = null;
  /** Where the address counts from, of a sheet that loads its model by it, and keeps it; null for others. */
  private rootUrl: string | null = null;
  private saved: SavedGeneratedSheet | null = null;
  private isPainted = false;
  /** Settled when the cells of a scene file are painted, or cannot be. */
  private painted: Promise<void> = Promise.resolve();
  private readonly life = new AbortController();
  private stopObserving: () => void = () => {};

  /**
   * Makes an empty sheet for `paintAsync` to fill. `generateSpritesAsync` makes sheets in this way.
   *
   * @throws RangeError when it is larger than the scene's textures are
   */
  constructor(
    name: string,
    source: PictureSource | string,
    scene: Scene,
    readonly layout: SheetCells,
  ) {
    const { samplingMode, hasAlpha } = layout;
    const [width, height] = sheetSize(layout, maxSizeIn(scene));
    super(null, width, height, FORMAT_RGBA, scene, false, false, samplingMode, TYPE_BYTE, FLAG_STORAGE);
    RegisterGeneratedSheet();
    this.name = name;
    this.hasAlpha = hasAlpha;
    this.target = new PictureTarget(this, width, height, false);
    this.drawing = new CellDrawing(scene, layout);
    this.address = typeof source === 'string' ? source : source.name;
    if (source instanceof PictureSource) this.adopt(source);
  }

  /** The recipe of each cell; null for an empty cell. */
  get cells(): readonly (Recipe | null)[] {
    return this.current;
  }

  /** What its model can make; null before the model is loaded. */
  get info(): ModelInfo | null {
    return this.source?.info ?? null;
  }

  /** Tells whether the generator is making a picture for the cell with this index. */
  isPainting(cell: number): boolean {
    return Boolean(this.requests.get(cell)?.recipe);
  }

  /** Paints all cells. @throws as `PictureSource.pictureAsync` */
  async paintAsync(cells: readonly (Recipe | null)[], request: RequestOptions = {}): Promise<void> {
    this.current = [...cells];
    const draw = await this.drawing.prepareAsync();
    const end = new AbortController(); // when one cell fails, nobody waits for the others
    const signal = this.whileAlive(end.signal, request.signal);
    const shown = this.current.map(async (recipe, cell) => {
      if (!recipe) return;
      const picture = await this.source!.pictureAsync(recipe, { ...request, signal });
      if (this.current[cell] === recipe) this.show(picture, cell, draw); // else it is to show something else by now
    });
    await Promise.all(shown).catch((error) => {
      end.abort(error);
      throw error;
    });
    this.isPainted = true;
    notify(this.onLoadObservable, this);
  }

  /**
   * Paints another picture in a cell, for all sprites that show it, from the cell's recipe with changes. A request for the
   * cell that is still running is aborted, and its changes are made by this one (but not those of one that still waits for its
   * classifier). `attributes` among the changes take the place of all that the recipe has.
   *
   * @throws RangeError for a cell that is not in the sheet, or what the model cannot paint; an AbortError when superseded,
   *         aborted or disposed; Error before a sheet of a scene file is loaded; as `loadClassifierAsync`. The cell keeps its
   *         recipe and its picture then
   */
  async repaintCellAsync(cell: number, changes: RecipeChanges = {}, options: RegenerateOptions = {}): Promise<void> {
    await this.requestAsync(cell, () => changes, options);
  }

  /** @param changesOf those of the cell's newest recipe, once all is there that the request waits for */
  private async requestAsync(
    cell: number,
    changesOf: (newest: Readonly<Partial<RecipeOptions>>) => RecipeChanges,
    options: RegenerateOptions,
  ): Promise<void> {
    this.assertAlive();
    if (!this.source) throw this.notLoaded();
    this.assertCell(cell);
    options.signal?.throwIfAborted(); // the request that is running goes on
    const requests = this.requestsOf(cell);
    const request = requests.ask();
    const changes = () => changesOf(this.newestRecipe(cell) ?? {});
    const classifier = this.source.missingClassifier({ ...this.newestRecipe(cell), ...changes() });
    if (classifier) await untilAborted(classifier, options.signal);
    this.assertAlive();
    requests.assertNewest(request);
    await this.paintCellAsync(cell, this.recipeFor(cell, changes()), request, options);
  }

  private notLoaded(): Error {
    const { exception: cause } = this.errorObject ?? {};
    const problem = cause
      ? `could not be loaded (${messageOf(cause)}); load the scene again`
      : 'is not loaded yet; wait until it is ready';
    return new Error(`repaintCellAsync: ${this.name} ${problem}`, { cause });
  }

  /**
   * Makes the same character, or thing, with some attributes changed, in its cell: see `varyRecipe`.
   *
   * @throws as `repaintCellAsync`
   */
  async varyCellAsync(cell: number, attributes: Attributes, options: RegenerateOptions = {}): Promise<void> {
    await this.requestAsync(cell, (newest) => variedBy(newest, { attributes }), options);
  }

  private async paintCellAsync(cell: number, recipe: Recipe, request: number, how: RegenerateOptions): Promise<void> {
    const requests = this.requestsOf(cell);
    const pending = requests.begin(request, recipe, how.signal);
    const signal = this.whileAlive(pending.signal, how.signal);
    try {
      const draw = await this.drawing.prepareAsync();
      signal.throwIfAborted();
      const onStep: RequestOptions['onStep'] = (step, numSteps, preview) => {
        if (preview) this.show(preview, cell, draw);
        if (preview) this.previewed.add(cell);
        notify(this.onCellProgressObservable, { cell, step, numSteps, recipe });
      };
      const onQueued = () => requests.takeOver(pending);
      const picture = await this.source!.pictureAsync(recipe, { ...how, signal, onStep, onQueued });
      signal.throwIfAborted();
      this.show(picture, cell, draw);
      this.current[cell] = recipe;
      this.previewed.delete(cell);
      this.renewPicking();
    } catch (error) {
      const leavesPreview = requests.isOf(pending) && this.previewed.has(cell);
      if (leavesPreview) this.redrawAsync(cell).catch(() => {}); // the caller is told of this error, not of another
      throw error;
    } finally {
      requests.end(pending);
    }
  }

  /** Draws what a cell had before, or nothing, in the place of a preview; where that fails, the preview stays. */
  private async redrawAsync(cell: number): Promise<void> {
    this.assertAlive();
    const draw = await this.drawing.prepareAsync();
    const recipe = this.current[cell];
    const [widthPx, heightPx] = this.layout.cellSize;
    const nothing = { pixels: new Uint8Array(4 * widthPx * heightPx), maps: null };
    const empty = new PixelPicture(nothing, widthPx, heightPx);
    const picture = await (recipe ? this.source!.pictureAsync(recipe, { signal: this.life.signal }) : empty);
    if (this.isPainting(cell) || this.current[cell] !== recipe) return;
    this.show(picture, cell, draw);
    this.previewed.delete(cell);
    this.renewPicking();
  }

  /**
   * The picture of a cell, all its frames beside each other: RGBA bytes, sRGB, straight alpha, top row first.
   *
   * @throws RangeError for a cell that is empty or not in the sheet; an AbortError when disposed
   */
  async readCellAsync(cell: number): Promise<Uint8Array> {
    this.assertAlive();
    const recipe = this.current[cell];
    if (!recipe || !this.source) throw new RangeError(`readCellAsync: cell ${cell} of ${this.name} has no picture`);
    return (await this.source.pictureAsync(recipe)).readPixelsAsync();
  }

  /**
   * A cell as it stands in the sheet: RGBA bytes, top row first; null where a preview does, and where the sheet is on the GPU
   * alone.
   *
   * @throws an AbortError when disposed
   */
  shownCell(cell: number): Uint8Array | null {
    this.assertAlive();
    if (this.previewed.has(cell)) return null;
    return this.target.readPixels(...this.placeOf(cell), ...drawnCellSize(this.layout));
  }

  /** Waits for the cells of a scene file. @throws what keeps them from being painted; an AbortError when disposed */
  async whenPaintedAsync(): Promise<void> {
    await this.painted;
    this.assertAlive();
  }

  override isReady(): boolean {
    return this.isPainted && this.getInternalTexture() !== null;
  }

  override getClassName(): string {
    return 'GeneratedSheet';
  }

  /**
   * Makes another sheet with the same pictures and settings, which is ready at once where this one is. A cell that shows a
   * preview gets its picture.
   */
  override clone(): GeneratedSheet {
    const { source, saved, address, rootUrl, current, target } = this;
    const copy = new GeneratedSheet(this.name, address, this.getScene()!, this.layout);
    copySettings(this, copy);
    if (source) copy.adopt(source);
    [copy.rootUrl, copy.current] = [rootUrl, [...current]];
    if (saved) copy.restore(saved);
    else if (this.isPainted) {
      if (current.some((recipe) => recipe)) target.copyTo(copy.target);
      copy.isPainted = true;
      for (const cell of this.previewed) {
        copy.previewed.add(cell);
        copy.redrawAsync(cell).catch((error: Error) => copy.report(error));
      }
      if (rootUrl !== null) copy.keepModelAsync().catch(() => {}); // whoever repaints a cell is told
    } else if (current.length > 0) copy.paintInTime(copy.paintAsync(current, { signal: copy.life.signal }));
    return copy;
  }

  /** Saves the recipes of the cells and the address of the model. */
  override serialize(): SavedGeneratedSheet {
    if (this.saved) return this.saved;
    const { info } = this.source!;
    const { cellSize, hasAlpha, pixelArt, worldHeight } = this.layout;
    return {
      customType: CLASS_NAME,
      name: this.name,
      url: '',
      model: addressToSave(this.address, this.source),
      cellSize: [...cellSize],
      samplingMode: this.samplingMode,
      hasAlpha,
      ...(pixelArt && { pixelArt }),
      ...(worldHeight && { worldHeight }),
      cells: this.current.map((recipe) => recipe && shortRecipe(recipe, info)),
    };
  }

  /**
   * Makes a saved sheet, which is ready once its cells are painted; failures are told as `GeneratedTexture.Parse` tells them.
   *
   * @throws RangeError when the saved size is not valid, or there is no address of a model; Error when there is nothing saved
   */
  static override Parse(saved: SavedGeneratedSheet, scene: Scene, rootUrl: string): GeneratedSheet {
    return leavingNothing(scene, saved?.name, (tell) => {
      if (typeof saved.model !== 'string') throw new RangeError('GeneratedSheet: expected the address of a model');
      const sheet = tell(new GeneratedSheet(saved.name, saved.model, scene, parseSheetCells(saved)));
      sheet.rootUrl = rootUrl;
      sheet.restore(saved);
      return sheet;
    });
  }

  private restore(saved: SavedGeneratedSheet): void {
    this.saved = saved;
    this.paintInTime(this.paintSavedAsync(saved));
  }

  /** Paints for a caller who does not wait, and reports errors; the scene waits for it. */
  private paintInTime(painted: Promise<void>): void {
    this.painted = painted;
    const scene = this.getScene()!;
    scene.addPendingData(this);
    painted.catch((error: Error) => this.report(error)).finally(() => scene.removePendingData(this));
  }

  override dispose(): void {
    if (this.isGone) return;
    this.life.abort(abortError(`generate: sprites ${this.name} were disposed`));
    this.getScene()?.removePendingData(this);
    this.stopObserving();
    this.onCellProgressObservable.clear();
    this.drawing.dispose();
    super.dispose();
  }

  private loadAsync(): Promise<PictureSource> {
    return sourceFor(this, this.address, this.rootUrl ?? undefined, this.saved?.cells);
  }

  private async keepModelAsync(): Promise<void> {
    const source = await this.loadAsync();
    if (!this.isGone) this.adopt(source);
  }

  private async paintSavedAsync({ cells }: SavedGeneratedSheet): Promise<void> {
    const source = await this.loadAsync();
    const asked = cells.map((recipe) => recipe && { ...this.ownSize, ...recipe });
    const recipes = await completeCellsAsync(source, asked);
    if (this.isGone) return;
    this.adopt(source);
    assertCellsFit(this.layout, recipes, source.info, this.name);
    this.saved = null;
    await this.paintAsync(recipes, { signal: this.life.signal });
  }

  private report(error: Error): void {
    if (error.name === 'AbortError') return;
    this._loadingError = true;
    this._errorObject = { message: error.message, exception: error };
    Logger.Error(`GeneratedSheet "${this.name}": ${error.message}`);
    Texture.OnTextureLoadErrorObservable.notifyObservers(this);
  }

  private adopt(source: PictureSource): void {
    this.source = source;
    this.stopObserving();
    this.stopObserving = whenRestored(source, () => {
      this.drawAgainAsync(source).catch((error: Error) => this.report(error));
    });
  }

  /** After a lost device, unless Babylon has kept the sheet's bytes. A model that was disposed is loaded again by its address. */
  private async drawAgainAsync(source: PictureSource): Promise<void> {
    const { signal } = this.life;
    if (this.target.pixels) return;
    if (!source.isDisposed) return this.paintAsync(this.current, { signal });
    const again = await this.loadAsync();
    const cells = await completeCellsAsync(again, this.current);
    this.assertAlive();
    this.adopt(again);
    await this.paintAsync(cells, { signal });
  }

  private get ownSize(): { widthPx: number; heightPx: number } {
    const [widthPx, heightPx] = this.layout.cellSize;
    return { widthPx, heightPx };
  }

  private recipeFor(cell: number, changes: RecipeChanges): Recipe {
    const source = this.source!;
    const current = this.newestRecipe(cell);
    const recipe = current ? withoutDefaults(current, source.info) : null;
    const asked = { ...this.ownSize, ...changeRecipe(recipe, changes) };
    if (asked.label === undefined) throw new RangeError(`repaintCellAsync: cell ${cell} is empty; give a label`);
    const complete = source.complete(asked);
    assertCellsFit(this.layout, [complete], source.info, this.name);
    return complete;
  }

  /** Shows a picture in a cell. */
  private show(picture: Picture, cell: number, draw: Draw): void {
    if (this.isGone) return;
    draw(picture, this.target, ...this.placeOf(cell));
  }

  private placeOf(cell: number): [x: number, y: number] {
    return placeOfCell(this.layout, cell, this.target.widthPx);
  }

  /** Sprite managers read a sheet's alpha at the first click, and again only when they are given a texture. */
  private renewPicking(): void {
    for (const manager of this.getScene()?.spriteManagers ?? []) if (manager.texture === this) manager.texture = this;
  }

  private assertCell(cell: number): void {
    if (Number.isInteger(cell) && cell >= 0 && cell < this.current.length) return;
    throw new RangeError(
      `repaintCellAsync: cell is ${cell}; expected a whole number from 0 to ${this.current.length - 1}`,
    );
  }

  private get isGone(): boolean {
    return this.life.signal.aborted;
  }

  /** A signal that ends with one of two others, or with the sheet. */
  private whileAlive(one: AbortSignal, other?: AbortSignal): AbortSignal {
    return AbortSignal.any([this.life.signal, one, ...(other ? [other] : [])]);
  }

  private assertAlive(): void {
    this.life.signal.throwIfAborted();
  }

  /** The recipe that changes begin from: that of the picture that is being made, and else that of the finished one. */
  newestRecipe(cell: number): Readonly<RecipeOptions> | null {
    return this.requests.get(cell)?.recipe ?? this.current[cell] ?? null;
  }

  private requestsOf(cell: number): NewestRequest {
    const superseded = () => abortError(`generate: a newer request for cell ${cell} of ${this.name} took its place`);
    const requests = this.requests.get(cell) ?? new NewestRequest(superseded);
    this.requests.set(cell, requests);
    return requests;
  }
}

/**
 * Lets Babylon's scene loader make the sheets of generated sprites. Call it before a scene is loaded. The loader makes plain
 * sprite managers, whose `texture` is the `GeneratedSheet`.
 *
 * @param options as those of `RegisterGeneratedTexture`
 */
export function RegisterGeneratedSheet(options?: SceneFileOptions): void {
  useForSceneFiles(options);
  RegisterClass(CLASS_NAME, GeneratedSheet);
}
