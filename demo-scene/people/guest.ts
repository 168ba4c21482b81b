import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { AssetGenerator, GeneratedSprites } from '../../plugin/index.ts';
import type { Seat } from '../tavernFile.ts';
import { SHOULDER_Y } from './cloaks.ts';
import { nameOf } from './names.ts';
import { newSeed, type Sitter, type SitterRecipe } from './sitter.ts';

const HEAD_SIZE = 0.86;
/** Sprites take no light: the colour of the room is mixed in here. */
const CANDLE_LIGHT = new Color4(1, 0.86, 0.7, 1);

/** A guest at a table: a sprite from a generated sheet. */
export class Guest implements Sitter {
  readonly place = 'guest';
  readonly onChangedObservable = new Observable<Sitter>();
  isPainting = false;
  private sprite: Sprite;
  private sheet: GeneratedSprites;
  private pending: AbortController | null = null;

  /** @param cell of the sheet that shows the guest */
  constructor(
    private readonly generator: AssetGenerator,
    sheet: GeneratedSprites,
    cell: number,
    private readonly seat: Seat,
  ) {
    this.sheet = sheet;
    this.sprite = this.sit(sheet, cell);
  }

  get name(): string {
    return nameOf(this.recipe.label, this.recipe.seed);
  }

  get recipe(): SitterRecipe {
    return this.sheet.cells[this.sprite.cellIndex]!;
  }

  /** Whether a picked sprite is this guest. */
  is(sprite: Sprite): boolean {
    return sprite === this.sprite;
  }

  pixelsAsync(): Promise<Uint8Array> {
    return this.generator.generatePixelsAsync(this.sheet.cells[this.sprite.cellIndex]!);
  }

  /** A sheet of one picture takes the place of the sprite. */
  async rerollAsync(): Promise<void> {
    this.pending?.abort();
    const pending = new AbortController();
    this.pending = pending;
    this.change(true);
    const { label, guidanceScale } = this.recipe;
    const options = { labels: [label], count: 1, seed: newSeed(), guidanceScale, priority: 1, signal: pending.signal };
    try {
      const sheet = await this.generator.generateSpritesAsync(options);
      this.leave();
      this.sheet = sheet;
      this.sprite = this.sit(sheet, 0);
    } finally {
      if (this.pending === pending) this.change(false);
    }
  }

  private change(isPainting: boolean): void {
    this.isPainting = isPainting;
    this.onChangedObservable.notifyObservers(this);
  }

  private sit(sheet: GeneratedSprites, cell: number): Sprite {
    sheet.isPickable = true;
    const sprite = sheet.createSprite(sheet.cells[cell]!.label);
    sprite.cellIndex = cell;
    sprite.size = HEAD_SIZE;
    const [x, z, lift = 0] = this.seat;
    sprite.position.set(x, SHOULDER_Y + lift + HEAD_SIZE / 2 - 0.1, z);
    sprite.color = CANDLE_LIGHT;
    sprite.isPickable = true;
    return sprite;
  }

  /** The sheet goes with its last sprite. */
  private leave(): void {
    this.sprite.dispose();
    if (this.sheet.sprites.length === 0) this.sheet.dispose();
  }
}
