import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { Logger } from '@babylonjs/core/Misc/logger.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { RegisterClass } from '@babylonjs/core/Misc/typeStore.js';
import type { Scene } from '@babylonjs/core/scene.js';
import {
  type Attributes,
  type ModelInfo,
  messageOf,
  type Recipe,
  type RecipeChanges,
  type RecipeOptions,
  shortRecipe,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { leavingNothing } from '../leavingNothing.ts';
import { PictureSource } from '../pictureSource.ts';
import type { RegenerateOptions, RequestOptions } from '../request.ts';
import { notify } from '../tell.ts';
import {
  addressToSave,
  orAnother,
  type SceneFileOptions,
  sourceFor,
  useForSceneFiles,
} from '../texture/sceneModels.ts';
import { FLAG_STORAGE, FORMAT_RGBA, PictureTarget, TYPE_BYTE } from '../texture/texelTexture.ts';
import { maxSizeIn } from '../texture/textureLook.ts';
import {
  applySettings,
  changedSettings,
  copySettings,
  settingsOf,
  type TextureSettings,
} from '../texture/textureSettings.ts';
import { whenRestored } from '../texture/whenRestored.ts';
import { CellPainter, type CellProgress } from './cellPainter.ts';
import { completeCellsAsync } from './cells.ts';
import {
  assertCellsFit,
  parseSheetCells,
  type SavedGeneratedSheet,
  type SheetCells,
  sheetSize,
} from './sheetLayout.ts';

const CLASS_NAME = 'BABYLON.GeneratedSheet';

/**
 * A texture with a cell for each picture, row after row, as sprite managers show it. It is saved as the recipes of its
 * cells: loading a scene paints them again.
 */
export class GeneratedSheet extends RawTexture {
  /** Notified after each step of `repaintCellAsync`, when previews that were asked for are in the sheet. */
  readonly onCellProgressObservable = new Observable<CellProgress>();
  private readonly usualSettings: TextureSettings;
  private readonly target: PictureTarget;
  private readonly painter: CellPainter;
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
    this.usualSettings = settingsOf(this);
    this.target = new PictureTarget(this, width, height, false);
    this.painter = this.createPainter();
    this.address = typeof source === 'string' ? source : source.name;
    if (source instanceof PictureSource) this.adopt(source);
  }

  private createPainter(): CellPainter {
    const { target, layout, life, onCellProgressObservable } = this;
    return new CellPainter(
      {
        scene: this.getScene()!,
        layout,
        target,
        life: life.signal,
        onStep: (progress) => notify(onCellProgressObservable, progress),
        onRepainted: () => this.renewPicking(),
      },
      () => this.usableSource(),
    );
  }

  /** The recipe of each cell; null for an empty cell. */
  get cells(): readonly (Recipe | null)[] {
    return this.painter.recipes;
  }

  /** What its model can make; null before the model is loaded. */
  get info(): ModelInfo | null {
    return this.source?.info ?? null;
  }

  /** Tells whether the generator is making a picture for the cell with this index. */
  isPainting(cell: number): boolean {
    return this.painter.isPainting(cell);
  }

  /** The recipe that changes begin from: that of the picture that is being made, and else that of the finished one. */
  newestRecipe(cell: number): Readonly<RecipeOptions> | null {
    return this.painter.newestRecipe(cell);
  }

  /** Paints all cells. @throws as `PictureSource.pictureAsync` */
  async paintAsync(cells: readonly (Recipe | null)[], request: RequestOptions = {}): Promise<void> {
    await this.painter.paintAllAsync(cells, request);
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
    await this.painter.repaintAsync(cell, changes, options);
  }

  /**
   * Makes the same character, or thing, with some attributes changed, in its cell: see `varyRecipe`.
   *
   * @throws as `repaintCellAsync`
   */
  async varyCellAsync(cell: number, attributes: Attributes, options: RegenerateOptions = {}): Promise<void> {
    await this.painter.varyAsync(cell, attributes, options);
  }

  /**
   * The picture of a cell, all its frames beside each other: RGBA bytes, sRGB, straight alpha, top row first.
   *
   * @throws RangeError for a cell that is empty or not in the sheet; an AbortError when disposed
   */
  async readCellAsync(cell: number): Promise<Uint8Array> {
    this.assertAlive();
    const recipe = this.cells[cell];
    if (!recipe) throw new RangeError(`readCellAsync: cell ${cell} of ${this.name} has no picture`);
    return this.usableSource().pixelsAsync(recipe);
  }

  /**
   * A cell as it stands in the sheet: RGBA bytes, top row first; null where a preview does, and where the sheet is on the GPU
   * alone.
   *
   * @throws an AbortError when disposed
   */
  shownCell(cell: number): Uint8Array | null {
    this.assertAlive();
    return this.painter.shownCell(cell);
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
    this.assertAlive();
    const { source, saved, address, rootUrl, cells } = this;
    const copy = new GeneratedSheet(this.name, address, this.getScene()!, this.layout);
    copySettings(this, copy);
    if (source) copy.adopt(source);
    copy.rootUrl = rootUrl;
    copy.painter.recipes = [...cells];
    if (saved) copy.restore(saved);
    else if (this.isPainted) {
      copy.painter.copyFrom(this.painter, (error) => copy.report(error));
      copy.isPainted = true;
      if (rootUrl !== null) copy.keepModelAsync().catch(() => {}); // whoever repaints a cell is told
    } else if (cells.length > 0) copy.paintInTime(copy.paintAsync(cells, { signal: copy.life.signal }));
    return copy;
  }

  /** Saves the recipes of the cells and the address of the model. */
  override serialize(): SavedGeneratedSheet {
    const { saved, source } = this;
    const { cellSize, pixelArt, worldHeight } = this.layout;
    return {
      customType: CLASS_NAME,
      name: this.name,
      url: '',
      model: saved?.model ?? addressToSave(this.address, source),
      cellSize: [...cellSize],
      samplingMode: this.samplingMode,
      hasAlpha: this.hasAlpha,
      ...(pixelArt && { pixelArt }),
      ...(worldHeight && { worldHeight }),
      ...changedSettings(this, this.usualSettings),
      cells: saved?.cells ?? this.cells.map((recipe) => recipe && shortRecipe(recipe, source!.info)),
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
      applySettings(sheet, saved);
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
    this.painter.dispose();
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
    this.isPainted = false; // nothing is left of its pictures
    if (!source.isDisposed) return this.paintAsync(this.cells, { signal });
    const again = await this.loadAsync();
    const cells = await completeCellsAsync(again, this.cells);
    this.assertAlive();
    this.adopt(again);
    await this.paintAsync(cells, { signal });
  }

  private usableSource(): PictureSource {
    if (this.source?.isDisposed) this.adopt(orAnother(this.source));
    return this.source ?? this.refuse();
  }

  /** @throws Error, saying what keeps cells from being painted again */
  private refuse(): never {
    const { exception: cause } = this.errorObject ?? {};
    const problem = cause
      ? `could not be loaded (${messageOf(cause)}); load the scene again`
      : 'is not loaded yet; wait until it is ready';
    throw new Error(`repaintCellAsync: ${this.name} ${problem}`, { cause });
  }

  private get ownSize(): { widthPx: number; heightPx: number } {
    const [widthPx, heightPx] = this.layout.cellSize;
    return { widthPx, heightPx };
  }

  /** Sprite managers read a sheet's alpha at the first click, and again only when they are given a texture. */
  private renewPicking(): void {
    for (const manager of this.getScene()?.spriteManagers ?? []) if (manager.texture === this) manager.texture = this;
  }

  private get isGone(): boolean {
    return this.life.signal.aborted;
  }

  private assertAlive(): void {
    this.life.signal.throwIfAborted();
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
