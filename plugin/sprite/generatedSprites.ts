import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import type { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import type { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import { type ISpriteManager, SpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import {
  type Atlas,
  composeAtlas,
  footPivot,
  type ModelWords,
  nearestWord,
  numFramesOf,
  type Recipe,
  type RecipeChanges,
} from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import type { PictureSource } from '../pictureSource.ts';
import type { RegenerateOptions, RequestOptions } from '../request.ts';
import { LINEAR, NEAREST } from '../texture/texelTexture.ts';
import { pixelArtOf } from '../texture/textureLook.ts';
import { untilAborted } from '../untilAborted.ts';
import type { CellProgress } from './cellPainter.ts';
import { cellSize, planCellsAsync, type SpritesOptions } from './cells.ts';
import { GeneratedSheet } from './generatedSheet.ts';
import { GeneratedSprite } from './generatedSprite.ts';
import { drawnCellSize, numColumns } from './sheetLayout.ts';

/** A sheet and its atlas, in the form that SpritePackedManager and other tools read. */
export interface PackedSprites {
  png: Uint8Array;
  json: Atlas;
}

const SPRITES_PER_CELL = 4;
const EPSILON = 0.01;

/** The generated sprites that took the place of each manager of a scene file, for whoever restores it again. */
const restored = new WeakMap<ISpriteManager, GeneratedSprites>();

/** What a scene file keeps of a manager beside its sheet and its sprites, and what the page may have set since. */
const SETTINGS = [
  'fogEnabled',
  'blendMode',
  'disableDepthWrite',
  'pixelPerfect',
  'useLogarithmicDepth',
  'metadata',
  'renderingGroupId',
  'layerMask',
  'isPickable',
] as const;

/**
 * A SpriteManager whose sheet a model has painted, with a cell for each picture, row after row. Where pictures have frames, a
 * cell holds all of them, and sprites walk.
 *
 *   const guard = npcs.createSprite('guard');
 *   guard.position.x = 3;
 *   guard.play('walk', 'left');
 *   await npcs.repaintCellAsync(guard.cell, { seed: 8 });
 */
export class GeneratedSprites<Words extends ModelWords = ModelWords> extends SpriteManager {
  declare sprites: GeneratedSprite[];
  /** How many sprites were made by a label. */
  private readonly numCreated = new Map<string, number>();

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
    const pixelArt = pixelArtOf(options.pixelArt);
    const cells = await untilAborted(planCellsAsync(source, options), request.signal);
    const { name = source.info.name, capacity = SPRITES_PER_CELL * cells.length, worldHeight } = options;
    const { pixelArt: isPixelArt, channels } = source.info;
    const sheet = new GeneratedSheet(name, source, source.scene, {
      cellSize: cellSize(cells, source.info),
      numCells: cells.length,
      samplingMode: isPixelArt || pixelArt ? NEAREST : LINEAR,
      hasAlpha: channels === 4,
      ...(pixelArt && { pixelArt }),
      ...(worldHeight !== undefined && { worldHeight }),
    });
    try {
      await sheet.paintAsync(cells, request);
    } catch (error) {
      sheet.dispose();
      throw error;
    }
    return new GeneratedSprites(name, capacity, sheet);
  }

  /** Makes what takes the place of a manager of a scene file. @throws as `restoreSpritesAsync` */
  static async RestoreAsync(manager: ISpriteManager, signal?: AbortSignal): Promise<GeneratedSprites> {
    signal?.throwIfAborted();
    const before = restored.get(manager);
    if (before) return before;
    if (!(manager as Partial<SpriteManager> | undefined)?.spriteRenderer) {
      throw new TypeError(
        `restoreSprites: the sprite manager is ${manager ? 'disposed' : manager}; give one of scene.spriteManagers, once the scene is loaded`,
      );
    }
    const sheet: unknown = manager.texture;
    if (!(sheet instanceof GeneratedSheet)) {
      throw new TypeError(
        `restoreSprites: the sprites of ${manager.name} show no generated sheet; call RegisterGeneratedSheet before the scene is loaded`,
      );
    }
    await untilAborted(sheet.whenPaintedAsync(), signal);
    if (manager instanceof GeneratedSprites) return manager;
    const sprites = restored.get(manager) ?? GeneratedSprites.takeOver(manager as SpriteManager, sheet);
    restored.set(manager, sprites);
    return sprites;
  }

  /** Takes over the sheet, the settings and the sprites of a manager whose sheet is painted; it is disposed. */
  private static takeOver(manager: SpriteManager, sheet: GeneratedSheet): GeneratedSprites {
    const { name, capacity, sprites, scene } = manager;
    const taken = new GeneratedSprites(name, capacity, sheet);
    for (const setting of SETTINGS) Object.assign(taken, { [setting]: manager[setting] });
    const numFrames = numFramesOf(sheet.info!);
    try {
      for (const sprite of sprites) {
        const cell = Math.floor(sprite.cellIndex / numFrames);
        taken.createSprite(cell, sprite.name).become(sprite);
        taken.countCreated(taken.cells[cell]?.label);
      }
    } catch (error) {
      disposeButTexture(taken);
      throw error;
    }
    const container = manager._parentContainer;
    scene.spriteManagers!.pop(); // Babylon has put it behind all others
    for (const managers of [scene.spriteManagers, container?.spriteManagers]) {
      const place = managers?.indexOf(manager) ?? -1;
      if (place >= 0) managers![place] = taken; // one of a container that is not added to the scene is not among the scene's
    }
    taken._parentContainer = container;
    disposeButTexture(manager);
    return taken;
  }

  private constructor(
    name: string,
    capacity: number,
    /** The texture that all sprites show. */
    readonly sheet: GeneratedSheet,
  ) {
    const [width, height] = drawnCellSize(sheet.layout);
    const size = { width: width / numFramesOf(sheet.info!), height };
    super(name, '', capacity, size, sheet.getScene()!, EPSILON, sheet.samplingMode);
    this.texture = sheet;
  }

  /** Notified after each step of `repaintCellAsync`, when previews that were asked for are in the sheet. */
  get onCellProgressObservable(): Observable<CellProgress> {
    return this.sheet.onCellProgressObservable;
  }

  /** The recipe of each cell; null for an empty cell. */
  get cells(): readonly (Recipe<Words> | null)[] {
    return this.sheet.cells as readonly (Recipe<Words> | null)[]; // the model's words alone have made them
  }

  /** Tells whether the generator is making a picture for the cell with this index. */
  isPainting(cell: number): boolean {
    return this.sheet.isPainting(cell);
  }

  /**
   * Paints another picture in a cell, for all sprites that show it, from the cell's recipe with changes. A request for the
   * cell that is still running is aborted.
   *
   *   await npcs.repaintCellAsync(0, { seed: 8 }, { priority: -1, previewEvery: 2 });
   *
   * @throws as `GeneratedSheet.repaintCellAsync`
   */
  async repaintCellAsync(
    cell: number,
    changes: RecipeChanges<Words> = {},
    options: RegenerateOptions = {},
  ): Promise<this> {
    await this.sheet.repaintCellAsync(cell, changes, options);
    return this;
  }

  /**
   * Makes the same character, or thing, with some attributes changed, in its cell; those that are not named stay.
   *
   *   await npcs.varyCellAsync(elf.cell, { hair_colour: 'blue' });
   *
   * @throws as `GeneratedSheet.repaintCellAsync`
   */
  async varyCellAsync(cell: number, attributes: Words['attributes'], options: RegenerateOptions = {}): Promise<this> {
    await this.sheet.varyCellAsync(cell, attributes, options);
    return this;
  }

  /** The cells with this label. */
  cellsOf(label: Words['label']): number[] {
    return this.cells.flatMap((recipe, cell) => (recipe && recipe.label === label ? [cell] : []));
  }

  /**
   * Makes a sprite that shows a picture with this label, where each call takes the next cell and then begins again; or what is
   * in the cell with this index, which may be empty yet.
   *
   * @throws RangeError when no cell has the label, there is no such cell, or there are as many sprites as the capacity; an
   *         AbortError when disposed
   */
  createSprite(labelOrCell: Words['label'] | number, name = String(labelOrCell)): GeneratedSprite {
    if (!this.spriteRenderer) throw abortError(`createSprite: sprites ${this.name} were disposed; make others`);
    const { frames } = this.sheet.info!;
    const cell = typeof labelOrCell === 'number' ? labelOrCell : this.nextCellOf(labelOrCell);
    if (!(cell in this.cells)) {
      throw new RangeError(`createSprite: there is no cell ${cell}; this sheet has ${this.cells.length}, from 0`);
    }
    if (this.sprites.length >= this.capacity) {
      const problem = `${this.name} has ${this.capacity} sprites, and no more would be drawn`;
      throw new RangeError(`createSprite: ${problem}; make the sheet with a larger capacity`);
    }
    const sprite = new GeneratedSprite(name, this, cell, frames);
    const { worldHeight = 1 } = this.sheet.layout;
    sprite.height = worldHeight;
    sprite.width = (worldHeight * this.cellWidth) / this.cellHeight;
    return sprite;
  }

  /** Frees the sprites and their sheet; further calls change nothing. */
  override dispose(): void {
    if (this.spriteRenderer) inScene(this, () => super.dispose());
  }

  private nextCellOf(label: string): number {
    const cells = this.cellsOf(label);
    if (cells.length === 0) {
      const known = [...new Set(this.cells.flatMap((cell) => cell?.label ?? []))];
      const nearest = nearestWord(known, String(label));
      throw new RangeError(
        `createSprite: no cell shows "${label}"; did you mean "${nearest}"? this sheet has ${known.join(', ')}`,
      );
    }
    return cells[this.countCreated(label) % cells.length]!;
  }

  /** Counts a sprite of a label. @returns how many there were before */
  private countCreated(label = ''): number {
    const numBefore = this.numCreated.get(label) ?? 0;
    this.numCreated.set(label, numBefore + 1);
    return numBefore;
  }

  /**
   * Puts the lower edge of a sprite, which is that of its cell, at a place; Babylon's own position is that of its middle. What
   * a picture leaves free below its feet is then between them and the place.
   */
  standAt(sprite: Sprite, { x, y, z }: Vector3): void {
    sprite.position.set(x, y + sprite.height / 2, z);
  }

  /**
   * Packs the pictures as they are shown, as a PNG file with a TexturePacker JSON. Frames are called `<label>-<seed>`, or
   * `<label>-<seed>-<cell>` where that name is taken, and those of animated pictures as `composeAtlas` calls them. The pivots
   * are where the pictures stand. Empty cells are left out. Pictures that are on the GPU alone, and previews, are asked of the
   * generator, which must still be there.
   *
   * @throws RangeError when all cells are empty; an AbortError when disposed, or where the generator is gone and needed
   */
  async packAsync(imageName = `${this.name}.png`): Promise<PackedSprites> {
    const { frames } = this.sheet.info!;
    const [widthPx, heightPx] = drawnCellSize(this.sheet.layout);
    const tiles = new Map<string, Uint8Array>();
    for (const [cell, recipe] of this.cells.entries()) {
      if (!recipe) continue;
      const name = `${recipe.label}-${recipe.seed}`;
      const pixels = this.sheet.shownCell(cell) ?? (await this.paintedCell(cell));
      tiles.set(tiles.has(name) ? `${name}-${cell}` : name, pixels);
    }
    if (tiles.size === 0) throw new RangeError(`packAsync: all cells of ${this.name} are empty; paint one first`);
    const columns = numColumns(tiles.size, [widthPx, heightPx]);
    const layout = { columns, widthPx, heightPx, ...(frames && { frames }) };
    const { sheet, atlas } = composeAtlas(
      Array.from(tiles, ([name, pixels]) => ({ name, pixels, pivot: footPivot(pixels, widthPx, heightPx, frames) })),
      layout,
      imageName,
      '1',
    );
    const { encode } = await import('fast-png');
    return { png: encode({ ...sheet, data: sheet.pixels }), json: atlas };
  }

  private async paintedCell(cell: number): Promise<Uint8Array> {
    const { cellSize, pixelArt } = this.sheet.layout;
    const pixels = await this.sheet.readCellAsync(cell);
    if (!pixelArt) return pixels;
    const { pixelsOfCell } = await import('../texture/pixelArtBrush.ts');
    return pixelsOfCell(pixels, ...cellSize, pixelArt);
  }
}

/** Babylon's dispose of a manager takes another one out of the scene where this one is not in it. */
function inScene(manager: SpriteManager, dispose: () => void): void {
  const { spriteManagers } = manager.scene;
  if (!spriteManagers!.includes(manager)) spriteManagers!.push(manager);
  dispose();
}

/** Disposes a manager whose texture another one shows: Babylon's own would dispose it, too. */
function disposeButTexture(manager: SpriteManager): void {
  manager.texture = RawTexture.CreateRGBATexture(new Uint8Array(4), 1, 1, manager.scene);
  inScene(manager, () => manager.dispose());
}
