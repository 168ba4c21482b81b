import type { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import { SpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import {
  type Atlas,
  changeRecipe,
  composeAtlas,
  footPivot,
  type Recipe,
  type RecipeOptions,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import type { Picture } from '../painting/painter.ts';
import type { PictureSource, RequestOptions } from '../pictureSource.ts';
import type { GenerationProgress, RegenerateOptions } from '../texture/generatedTexture.ts';
import type { PictureTarget } from '../texture/texelTexture.ts';
import { cellSize, createSheet, drawCells, drawInCell, numColumns, planCells, type SpritesOptions } from './cells.ts';

/** A sheet and its atlas, in the form that SpritePackedManager and other tools read. */
export interface PackedSprites {
  png: Uint8Array;
  json: Atlas;
}

/** A denoising step of a cell's picture. */
export interface CellProgress extends GenerationProgress {
  cell: number;
}

const SPRITES_PER_CELL = 4;
const EPSILON = 0.01;

/**
 * A SpriteManager whose sheet a model has painted, with a cell for each picture, row after row.
 *
 *   const elf = npcs.createSprite('elf');
 *   elf.position.x = 3;
 *   await npcs.repaintCellAsync(elf.cellIndex, { seed: 8 });
 */
export class GeneratedSprites extends SpriteManager {
  /** Notified after each step of `repaintCellAsync`, when previews that were asked for are in the sheet. */
  readonly onCellProgressObservable = new Observable<CellProgress>();
  /** The requests that are being painted, by cellIndex. */
  private readonly pending = new Map<number, AbortController>();
  private readonly stopObserving: () => void;
  private isGone = false;

  /**
   * Paints all cells, then makes the manager.
   *
   * @throws as `PictureSource.pictureAsync`; nothing stays allocated then
   */
  static async CreateAsync(
    source: PictureSource,
    options: SpritesOptions,
    request: RequestOptions,
  ): Promise<GeneratedSprites> {
    const cells = planCells(source, options);
    const sheet = createSheet(source, cells);
    try {
      await drawCells(source, cells, sheet, request);
    } catch (error) {
      sheet.texture.dispose();
      throw error;
    }
    const { name = source.info.name, capacity = SPRITES_PER_CELL * cells.length } = options;
    return new GeneratedSprites(name, capacity, source, cells, sheet, options.worldHeight ?? null);
  }

  private constructor(
    name: string,
    capacity: number,
    private readonly source: PictureSource,
    private readonly current: (Recipe | null)[],
    private readonly sheet: PictureTarget,
    private readonly worldHeight: number | null,
  ) {
    const [width, height] = cellSize(current, source.info);
    super(name, '', capacity, { width, height }, source.scene, EPSILON, sheet.texture.samplingMode);
    this.texture = sheet.texture;
    const observer = source.onRestoredObservable.add(() => {
      drawCells(source, current, sheet, {}).catch(() => {}); // it was disposed in the meantime
    });
    this.stopObserving = () => source.onRestoredObservable.remove(observer);
  }

  /** The recipe of each cell, by cellIndex; null for an empty cell. */
  get cells(): readonly (Recipe | null)[] {
    return this.current;
  }

  /** Whether a picture for this cell is being made. */
  isPainting(cell: number): boolean {
    return this.pending.has(cell);
  }

  /**
   * Paints another picture in a cell, for all sprites that show it, from the cell's recipe with changes. A request for the
   * cell that is still running is aborted.
   *
   *   await npcs.repaintCellAsync(0, { seed: 8 }, { priority: -1, previewEvery: 2 });
   *
   * @throws RangeError for a cell that is not in the sheet, or what the model cannot paint; an AbortError when superseded,
   *         aborted or disposed. The cell keeps its recipe then, but may show a preview
   */
  async repaintCellAsync(
    cell: number,
    changes: Partial<RecipeOptions> = {},
    options: RegenerateOptions = {},
  ): Promise<this> {
    this.assertAlive();
    this.assertCell(cell);
    const size = { widthPx: this.cellWidth, heightPx: this.cellHeight };
    const asked = { ...size, ...changeRecipe(this.current[cell] ?? null, changes) };
    if (asked.label === undefined) throw new RangeError(`repaintCellAsync: cell ${cell} is empty; give a label`);
    const recipe = this.source.complete(asked);
    cellSize([...this.current, recipe], this.source.info);
    this.pending
      .get(cell)
      ?.abort(abortError(`generate: a newer request for cell ${cell} of ${this.name} took its place`));
    const pending = new AbortController();
    this.pending.set(cell, pending);
    const signal = options.signal ? AbortSignal.any([pending.signal, options.signal]) : pending.signal;
    const onStep: RequestOptions['onStep'] = (step, numSteps, preview) => {
      if (preview) this.drawCell(preview, cell);
      this.onCellProgressObservable.notifyObservers({ cell, step, numSteps, recipe });
    };
    try {
      const picture = await this.source.pictureAsync(recipe, { ...options, signal, onStep });
      signal.throwIfAborted();
      this.drawCell(picture, cell);
      this.current[cell] = recipe;
      return this;
    } finally {
      if (this.pending.get(cell) === pending) this.pending.delete(cell);
    }
  }

  /** The cells with this label. */
  cellsOf(label: string): number[] {
    return this.current.flatMap((recipe, cell) => (recipe?.label === label ? [cell] : []));
  }

  /**
   * Makes a sprite that shows a picture with this label; each call takes the next cell, and then begins again.
   *
   * @throws RangeError when no cell has the label
   */
  createSprite(label: string, name = label): Sprite {
    const cells = this.cellsOf(label);
    if (cells.length === 0) {
      const known = [...new Set(this.current.flatMap((cell) => cell?.label ?? []))].join(', ');
      throw new RangeError(`createSprite: no cell shows "${label}"; this sheet has ${known}`);
    }
    const numBefore = this.sprites.filter(({ cellIndex }) => cells.includes(cellIndex)).length;
    const sprite = new Sprite(name, this);
    sprite.cellIndex = cells[numBefore % cells.length]!;
    if (this.worldHeight !== null) {
      sprite.height = this.worldHeight;
      sprite.width = (this.worldHeight * this.cellWidth) / this.cellHeight;
    }
    return sprite;
  }

  /** Puts the lower edge of a sprite at a place; Babylon's own position is that of its middle. */
  standAt(sprite: Sprite, { x, y, z }: Vector3): void {
    sprite.position.set(x, y + sprite.height / 2, z);
  }

  /**
   * Packs the sheet as a PNG file with a TexturePacker JSON. Frames are called `<label>-<seed>`, or `<label>-<seed>-<cell>`
   * where that name is taken. The pivots are where the pictures stand. Empty cells are left out.
   */
  async packAsync(imageName = `${this.name}.png`): Promise<PackedSprites> {
    const [widthPx, heightPx] = [this.cellWidth, this.cellHeight];
    const tiles = new Map<string, Uint8Array>();
    for (const [cell, recipe] of [...this.current].entries()) {
      if (!recipe) continue;
      const picture = await this.source.pictureAsync(recipe);
      const name = `${recipe.label}-${recipe.seed}`;
      tiles.set(tiles.has(name) ? `${name}-${cell}` : name, await picture.readPixelsAsync());
    }
    if (tiles.size === 0) throw new RangeError(`packAsync: all cells of ${this.name} are empty; paint one first`);
    const layout = { columns: numColumns(tiles.size), widthPx, heightPx };
    const { sheet, atlas } = composeAtlas(
      Array.from(tiles, ([name, pixels]) => ({ name, pixels, pivot: footPivot(pixels, widthPx, heightPx) })),
      layout,
      imageName,
      '1',
    );
    const { encode } = await import('fast-png');
    return { png: encode({ ...sheet, data: sheet.pixels }), json: atlas };
  }

  override dispose(): void {
    if (this.isGone) return;
    this.isGone = true;
    this.stopObserving();
    for (const pending of this.pending.values()) pending.abort(this.disposedError());
    this.onCellProgressObservable.clear();
    super.dispose();
  }

  private drawCell(picture: Picture, cell: number): void {
    if (!this.isGone) drawInCell(picture, this.sheet, cell, this.current.length);
  }

  private assertCell(cell: number): void {
    if (Number.isInteger(cell) && cell >= 0 && cell < this.current.length) return;
    throw new RangeError(
      `repaintCellAsync: cell is ${cell}; expected a whole number from 0 to ${this.current.length - 1}`,
    );
  }

  private assertAlive(): void {
    if (this.isGone) throw this.disposedError();
  }

  private disposedError(): DOMException {
    return abortError(`generate: sprites ${this.name} were disposed`);
  }
}
