import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import { SpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import { type Atlas, composeAtlas } from '../../runtime/index.ts';
import type { PictureSource, RequestOptions } from '../pictureSource.ts';
import { type Recipe, type RecipeOptions, randomSeed } from '../recipe.ts';
import { PictureTarget } from '../texture/pictureTarget.ts';
import { createTexelTexture } from '../texture/texelTexture.ts';

export interface SpritesOptions extends Omit<RecipeOptions, 'label'> {
  /** Default: all labels of the model. */
  labels?: readonly string[];
  /** Pictures in all, dealt out to the labels in turn; default: one for each label. */
  count?: number;
  /** Seed of the first picture; the others count up. Drawn at random when absent. */
  seed?: number;
  /** Of the manager; default: the model's name. */
  name?: string;
  /** Sprites at most; default: four for each picture. */
  capacity?: number;
}

/** A sheet and its atlas, as SpritePackedManager and other tools read them. */
export interface PackedSprites {
  png: Uint8Array;
  json: Atlas;
}

const SPRITES_PER_PICTURE = 4;
const EPSILON = 0.01;

/**
 * A SpriteManager whose sheet a model painted; a cell for each picture, row after row.
 *
 *   const elf = npcs.createSprite('elf');
 *   elf.position.x = 3;
 */
export class GeneratedSprites extends SpriteManager {
  private readonly stopObserving: () => void;

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
    const sheet = createSheet(source, cells.length);
    try {
      await drawCells(source, cells, sheet, request);
    } catch (error) {
      sheet.texture.dispose();
      throw error;
    }
    const { name = source.info.name, capacity = SPRITES_PER_PICTURE * cells.length } = options;
    return new GeneratedSprites(name, capacity, source, cells, sheet);
  }

  private constructor(
    name: string,
    capacity: number,
    private readonly source: PictureSource,
    /** What is in each cell, by cellIndex. */
    readonly cells: readonly Recipe[],
    sheet: PictureTarget,
  ) {
    const { widthPx: width, heightPx: height } = source.info;
    super(name, '', capacity, { width, height }, source.scene, EPSILON, sheet.texture.samplingMode);
    this.texture = sheet.texture;
    const observer = source.onRestoredObservable.add(() => {
      drawCells(source, cells, sheet, {}).catch(() => {}); // disposed meanwhile
    });
    this.stopObserving = () => source.onRestoredObservable.remove(observer);
  }

  /** The cells with this label. */
  cellsOf(label: string): number[] {
    return this.cells.flatMap((recipe, cell) => (recipe.label === label ? [cell] : []));
  }

  /**
   * A sprite of a picture with this label: the next one each time, then from the first again.
   *
   * @throws RangeError when no cell has the label
   */
  createSprite(label: string, name = label): Sprite {
    const cells = this.cellsOf(label);
    if (cells.length === 0) {
      const known = [...new Set(this.cells.map((cell) => cell.label))].join(', ');
      throw new RangeError(`createSprite: no cell shows "${label}"; this sheet has ${known}`);
    }
    const numBefore = this.sprites.filter(({ cellIndex }) => cells.includes(cellIndex)).length;
    const sprite = new Sprite(name, this);
    sprite.cellIndex = cells[numBefore % cells.length]!;
    return sprite;
  }

  /** The sheet as a PNG file and its TexturePacker JSON, whose frames are called `<label>-<seed>`. */
  async packAsync(imageName = `${this.name}.png`): Promise<PackedSprites> {
    const { widthPx, heightPx } = this.source.info;
    const tiles = [];
    for (const recipe of this.cells) {
      const picture = await this.source.pictureAsync(recipe);
      tiles.push({ name: `${recipe.label}-${recipe.seed}`, pixels: await picture.readPixelsAsync() });
    }
    const layout = { columns: numColumns(this.cells.length), widthPx, heightPx };
    const { sheet, atlas } = composeAtlas(tiles, layout, imageName, '1');
    const { encode } = await import('fast-png');
    return { png: encode({ ...sheet, data: sheet.pixels }), json: atlas };
  }

  override dispose(): void {
    this.stopObserving();
    super.dispose();
  }
}

function planCells(source: PictureSource, options: SpritesOptions): Recipe[] {
  const { labels = source.info.labels, name: _name, capacity: _capacity, ...recipe } = options;
  const count = options.count ?? labels.length;
  if (labels.length === 0) throw new RangeError('generateSpritesAsync: labels is empty; name at least one');
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`generateSpritesAsync: count is ${options.count}; expected a whole number from 1`);
  }
  const firstSeed = options.seed ?? randomSeed();
  return Array.from({ length: count }, (_, i) => {
    const seed = (firstSeed + i) % 2 ** 32;
    return source.complete({ ...recipe, label: labels[i % labels.length]!, seed });
  });
}

/** As many columns as rows, or one more. */
function numColumns(numCells: number): number {
  return Math.ceil(Math.sqrt(numCells));
}

function createSheet(source: PictureSource, numCells: number): PictureTarget {
  const { widthPx, heightPx, pixelArt, channels } = source.info;
  const columns = numColumns(numCells);
  const [width, height] = [columns * widthPx, Math.ceil(numCells / columns) * heightPx];
  const texture = createTexelTexture(source.scene, width, height, { nearest: pixelArt });
  texture.hasAlpha = channels === 4;
  return new PictureTarget(texture, width, height, false);
}

async function drawCells(
  source: PictureSource,
  cells: readonly Recipe[],
  sheet: PictureTarget,
  request: RequestOptions,
): Promise<void> {
  const { widthPx, heightPx } = source.info;
  const columns = numColumns(cells.length);
  const drawing = cells.map(async (recipe, cell) => {
    const picture = await source.pictureAsync(recipe, request);
    picture.drawInto(sheet, (cell % columns) * widthPx, Math.floor(cell / columns) * heightPx);
  });
  await Promise.all(drawing);
}
