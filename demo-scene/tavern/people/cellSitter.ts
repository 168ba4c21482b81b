import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { GeneratedSprites } from '../../../plugin/index.ts';
import type { SpriteFigure } from './figure.ts';
import { NO_EDIT, type RecipeChanges, type SitterRecipe } from './keeping.ts';
import type { Artist, Sitter } from './sitter.ts';

/** Denoising steps between two looks at the unfinished picture. */
export const PREVIEW_EVERY = 2;

/** Who or what shows one cell of a sheet, which can be painted anew. */
export abstract class CellSitter implements Sitter {
  readonly onChangedObservable = new Observable<Sitter>();
  isSpokenTo = false;

  constructor(
    readonly artist: Artist,
    private readonly sheet: GeneratedSprites,
    readonly figure: SpriteFigure,
    readonly place: string,
    private current: SitterRecipe,
  ) {}

  abstract get name(): string;
  abstract get words(): string;

  get recipe(): SitterRecipe {
    return this.current;
  }

  get isPainting(): boolean {
    return this.sheet.isPainting(this.figure.cell);
  }

  /** Whether a picked sprite is this one's. */
  is(sprite: Sprite): boolean {
    return this.figure.has(sprite);
  }

  pixelsAsync(): Promise<Uint8Array> {
    return this.artist.generator.generatePixelsAsync(this.current);
  }

  async changeAsync(changes: RecipeChanges): Promise<void> {
    await this.paintAsync({ ...this.current, ...changes }, 1);
  }

  /** Has the picture of a recipe made. */
  async paintAsync(recipe: SitterRecipe, priority: number): Promise<void> {
    const { cell } = this.figure;
    const painting = this.sheet.repaintCellAsync(cell, asksForAll(recipe), { priority, previewEvery: PREVIEW_EVERY });
    this.onChangedObservable.notifyObservers(this);
    try {
      await painting;
      this.current = this.sheet.cells[cell]!;
      await this.standAsync();
    } finally {
      this.onChangedObservable.notifyObservers(this);
    }
  }

  /** Lets the figure know its picture: to stand on its lowest pixel, and to be clicked where there is something. */
  async standAsync(): Promise<void> {
    this.figure.shows(await this.pixelsAsync());
  }
}

/** A recipe for a cell that showed something else: what is absent is to be the default. */
function asksForAll(recipe: SitterRecipe): SitterRecipe {
  return { interpolate: undefined, ...NO_EDIT, ...recipe };
}
