import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { GeneratedSprites } from '../../../plugin/index.ts';
import type { SpriteFigure } from './figure.ts';
import { NO_EDIT, type RecipeChanges, type SitterRecipe } from './keeping.ts';
import type { Artist, Sitter } from './sitter.ts';

/** A preview of the unfinished picture is shown after every so many denoising steps. */
export const PREVIEW_EVERY = 2;

/** A sitter that shows one cell of a sheet of sprites; the cell can be painted again. */
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

  is(sprite: Sprite): boolean {
    return this.figure.has(sprite);
  }

  pixelsAsync(): Promise<Uint8Array> {
    return this.artist.generator.generatePixelsAsync(this.current);
  }

  async changeAsync(changes: RecipeChanges): Promise<void> {
    await this.paintAsync({ ...this.current, ...changes }, 1);
  }

  /** Paints the picture of a recipe into the cell. */
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

  /** Gives the figure its picture, so that it stands on its lowest pixel and can be clicked where it is not transparent. */
  async standAsync(): Promise<void> {
    this.figure.shows(await this.pixelsAsync(), this.artist.generator.info);
  }
}

/** The recipe with everything that it leaves out set to undefined, so that nothing of the cell's last recipe stays. */
function asksForAll(recipe: SitterRecipe): SitterRecipe {
  return { interpolate: undefined, attributes: undefined, sameAs: undefined, ...NO_EDIT, ...recipe };
}
