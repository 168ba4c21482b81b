// How the cells of a sheet get their pictures: the newest request for each wins, and previews give way.
import type { Scene } from '@babylonjs/core/scene.js';
import {
  type Attributes,
  quote,
  type Recipe,
  type RecipeChanges,
  type RecipeOptions,
  variedBy,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { NewestRequest } from '../newestRequest.ts';
import type { Picture } from '../painting/painter.ts';
import { PixelPicture } from '../painting/pixelPicture.ts';
import type { PictureSource } from '../pictureSource.ts';
import { checkRequest, type GenerationProgress, type RegenerateOptions, type RequestOptions } from '../request.ts';
import type { PictureTarget } from '../texture/texelTexture.ts';
import { untilAborted } from '../untilAborted.ts';
import { CellDrawing, type Draw } from './cellDrawing.ts';
import { assertCellsFit, drawnCellSize, placeOfCell, type SheetCells } from './sheetLayout.ts';

/** A denoising step of a cell's picture. */
export interface CellProgress extends GenerationProgress {
  cell: number;
}

/** The sheet whose cells are painted. */
export interface PaintedSheet {
  readonly layout: SheetCells;
  readonly target: PictureTarget;
  readonly scene: Scene;
  /** Aborted when the sheet is disposed. */
  readonly life: AbortSignal;
  /** Called after each step of a picture that is asked for alone. */
  onStep(progress: CellProgress): void;
  /** Called when a cell shows another picture. */
  onRepainted(): void;
}

/** Paints the cells of one sheet. */
export class CellPainter {
  /** The recipe of each cell; null for an empty cell. */
  recipes: (Recipe | null)[] = [];
  /** By cell. */
  private readonly requests = new Map<number, NewestRequest>();
  /** The cells in which a preview stands in the place of their picture. */
  private readonly previewed = new Set<number>();
  private readonly drawing: CellDrawing;

  /** @param sourceOf the source of pictures; it throws while there is none */
  constructor(
    private readonly sheet: PaintedSheet,
    private readonly sourceOf: () => PictureSource,
  ) {
    this.drawing = new CellDrawing(sheet.scene, sheet.layout);
  }

  isPainting(cell: number): boolean {
    return Boolean(this.requests.get(cell)?.recipe);
  }

  /** The recipe that changes begin from: that of the picture that is being made, and else that of the finished one. */
  newestRecipe(cell: number): Readonly<RecipeOptions> | null {
    return this.requests.get(cell)?.recipe ?? this.recipes[cell] ?? null;
  }

  /** Paints all cells. @throws as `PictureSource.pictureAsync` */
  async paintAllAsync(cells: readonly (Recipe | null)[], request: RequestOptions): Promise<void> {
    this.recipes = [...cells];
    const draw = await this.drawing.prepareAsync();
    const end = new AbortController(); // when one cell fails, nobody waits for the others
    const shown = this.recipes.map(async (recipe, cell) => {
      if (!recipe) return;
      const signal = this.whileAlive(end.signal, request.signal); // each its own: Node warns of many that listen to one
      const picture = await this.sourceOf().pictureAsync(recipe, { ...request, signal });
      if (this.recipes[cell] === recipe) this.show(picture, cell, draw); // else it is to show something else by now
    });
    await Promise.all(shown).catch((error) => {
      end.abort(error);
      throw error;
    });
  }

  /** Paints a cell from its newest recipe with changes. @throws as `GeneratedSheet.repaintCellAsync` */
  repaintAsync(cell: number, changes: RecipeChanges, options: RegenerateOptions): Promise<void> {
    return this.requestAsync(cell, () => changes, options);
  }

  /** Paints what a cell's newest recipe shows with some attributes changed. @throws as `GeneratedSheet.varyCellAsync` */
  varyAsync(cell: number, attributes: Attributes, options: RegenerateOptions): Promise<void> {
    return this.requestAsync(cell, (newest) => variedBy(newest, { attributes }), options);
  }

  /** @param changesOf those of the cell's newest recipe, once all is there that the request waits for */
  private async requestAsync(
    cell: number,
    changesOf: (newest: Readonly<Partial<RecipeOptions>>) => RecipeChanges,
    options: RegenerateOptions,
  ): Promise<void> {
    const { life } = this.sheet;
    life.throwIfAborted();
    const source = this.sourceOf();
    this.assertCell(cell);
    options.signal?.throwIfAborted(); // the request that is running goes on
    const requests = this.requestsOf(cell);
    const request = requests.ask();
    const changes = () => changesOf(this.newestRecipe(cell) ?? {});
    const classifier = source.missingClassifier({ ...this.newestRecipe(cell), ...changes() });
    if (classifier) await untilAborted(classifier, options.signal);
    life.throwIfAborted();
    requests.assertNewest(request);
    await this.paintAsync(cell, this.recipeFor(cell, changes()), request, options);
  }

  private async paintAsync(cell: number, recipe: Recipe, request: number, how: RegenerateOptions): Promise<void> {
    checkRequest(how); // before it takes the place of another
    const requests = this.requestsOf(cell);
    const pending = requests.begin(request, recipe, how.signal);
    const signal = this.whileAlive(pending.signal, how.signal);
    try {
      const draw = await this.drawing.prepareAsync();
      signal.throwIfAborted();
      const onStep: RequestOptions['onStep'] = (step, numSteps, preview) => {
        if (preview) this.show(preview, cell, draw);
        if (preview) this.previewed.add(cell);
        this.sheet.onStep({ cell, step, numSteps, recipe });
      };
      const onQueued = () => requests.takeOver(pending);
      const picture = await this.sourceOf().pictureAsync(recipe, { ...how, signal, onStep, onQueued });
      signal.throwIfAborted();
      this.show(picture, cell, draw);
      this.recipes[cell] = recipe;
      this.previewed.delete(cell);
      this.sheet.onRepainted();
    } catch (error) {
      const leavesPreview = requests.isOf(pending) && this.previewed.has(cell);
      if (leavesPreview) this.redrawAsync(cell).catch(() => {}); // the caller is told of this error, not of another
      throw error;
    } finally {
      requests.end(pending);
    }
  }

  /** Draws what a cell had before, or nothing, in the place of a preview; where that fails, the preview stays. */
  async redrawAsync(cell: number): Promise<void> {
    const { layout, life } = this.sheet;
    life.throwIfAborted();
    const draw = await this.drawing.prepareAsync();
    const recipe = this.recipes[cell];
    const picture = await (recipe ? this.sourceOf().pictureAsync(recipe, { signal: life }) : emptyPicture(layout));
    if (this.isPainting(cell) || this.recipes[cell] !== recipe) return;
    this.show(picture, cell, draw);
    this.previewed.delete(cell);
    this.sheet.onRepainted();
  }

  /** Takes what another sheet of the same layout shows; its previews give way to pictures. */
  copyFrom(other: CellPainter, onError: (error: Error) => void): void {
    if (other.recipes.some((recipe) => recipe)) other.sheet.target.copyTo(this.sheet.target);
    for (const cell of other.previewed) {
      this.previewed.add(cell);
      this.redrawAsync(cell).catch(onError);
    }
  }

  /** A cell as it stands in the sheet: see `GeneratedSheet.shownCell`. */
  shownCell(cell: number): Uint8Array | null {
    if (this.previewed.has(cell)) return null;
    const { target, layout } = this.sheet;
    return target.readPixels(...this.placeOf(cell), ...drawnCellSize(layout));
  }

  dispose(): void {
    this.drawing.dispose();
  }

  private recipeFor(cell: number, changes: RecipeChanges): Recipe {
    const source = this.sourceOf();
    const { layout } = this.sheet;
    const [widthPx, heightPx] = layout.cellSize;
    const current = this.newestRecipe(cell);
    const { label } = changes;
    if (!current && label === undefined) throw new RangeError(`repaintCellAsync: cell ${cell} is empty; give a label`);
    const complete = source.completeChanged(current, changes, { widthPx, heightPx });
    assertCellsFit(layout, [complete], source.info, this.name);
    return complete;
  }

  private show(picture: Picture, cell: number, draw: Draw): void {
    if (this.sheet.life.aborted) return;
    draw(picture, this.sheet.target, ...this.placeOf(cell));
  }

  private get name(): string {
    return this.sheet.target.texture.name;
  }

  private placeOf(cell: number): [x: number, y: number] {
    return placeOfCell(this.sheet.layout, cell, this.sheet.target.widthPx);
  }

  private assertCell(cell: number): void {
    if (Number.isInteger(cell) && cell >= 0 && cell < this.recipes.length) return;
    throw new RangeError(
      `repaintCellAsync: cell is ${quote(cell)}; expected a whole number from 0 to ${this.recipes.length - 1}`,
    );
  }

  /** A signal that ends with one of two others, or with the sheet. */
  private whileAlive(one: AbortSignal, other?: AbortSignal): AbortSignal {
    return AbortSignal.any([this.sheet.life, one, ...(other ? [other] : [])]);
  }

  private requestsOf(cell: number): NewestRequest {
    const superseded = () => abortError(`generate: a newer request for cell ${cell} of ${this.name} took its place`);
    const requests = this.requests.get(cell) ?? new NewestRequest(superseded);
    this.requests.set(cell, requests);
    return requests;
  }
}

function emptyPicture({ cellSize: [widthPx, heightPx] }: SheetCells): Picture {
  return new PixelPicture({ pixels: new Uint8Array(4 * widthPx * heightPx), maps: null }, widthPx, heightPx);
}
