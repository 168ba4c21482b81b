import { Observable } from '@babylonjs/core/Misc/observable.js';
import { changeRecipe, checkRecipe, varyRecipe } from '../../../plugin/index.ts';
import type { RecipeChanges, SitterRecipe } from './keeping.ts';
import { lineOf, spoken } from './lines.ts';
import { nameOf } from './names.ts';
import type { Artist, Sitter } from './sitter.ts';

/** The portrait of a guest, which hangs nowhere: the card alone shows it. It is painted when somebody wants to see it. */
export class Face implements Sitter {
  readonly onChangedObservable = new Observable<Sitter>();
  isSpokenTo = false;
  private passing: SitterRecipe | null = null;
  private painting: AbortController | null = null;

  /** @param place that of the guest */
  constructor(
    readonly artist: Artist,
    readonly place: string,
    private current: SitterRecipe,
  ) {}

  get name(): string {
    return nameOf(this.current);
  }

  get words(): string {
    return spoken(lineOf(this.current.seed));
  }

  get recipe(): SitterRecipe {
    return this.current;
  }

  get isPainting(): boolean {
    return this.painting !== null;
  }

  pixelsAsync(): Promise<Uint8Array> {
    return this.artist.generator.generatePixelsAsync({ ...(this.passing ?? this.current), priority: 1 });
  }

  async changeAsync(changes: RecipeChanges): Promise<void> {
    this.painting?.abort(new DOMException('a newer picture of this face was asked for', 'AbortError'));
    const painting = new AbortController();
    this.painting = painting;
    this.passing = null;
    const recipe = changeRecipe<SitterRecipe>(this.current, changes);
    this.changed();
    try {
      await this.artist.generator.generatePixelsAsync({ ...recipe, priority: 1, signal: painting.signal });
      const checked = checkRecipe(recipe, this.artist.generator.info);
      if ('recipe' in checked) this.current = checked.recipe; // without what has no effect
    } finally {
      if (this.painting === painting) this.painting = null;
      this.changed();
    }
  }

  async expressAsync(expression: string | null): Promise<void> {
    this.passing = expression === null ? null : varyRecipe(this.current, { expression });
    this.changed();
  }

  private changed(): void {
    this.onChangedObservable.notifyObservers(this);
  }
}
