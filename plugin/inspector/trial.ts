import { Observable } from '@babylonjs/core/Misc/observable.js';
import { changeRecipe, type RecipeOptions } from '../index.ts';
import type { Paintable } from './paintable.ts';

/** How a trial stands. Whenever something changes, a new object takes the place of this one. */
export interface TrialState {
  /** The recipe of the picture that is shown, or of the one that is being painted. */
  readonly recipe: Readonly<RecipeOptions>;
  readonly isPainting: boolean;
  /** True when the recipe is another than the one that was kept last. */
  readonly isChanged: boolean;
  /** Why the last change could not be made. */
  readonly problem: string | null;
}

/**
 * Changes a picture in the scene, as often as one likes, until it is kept or the one that was kept last is taken back. A
 * change that comes while another is being painted counts from that one, which is not waited for.
 */
export class Trial {
  private static numTrials = 0;
  /** No other trial has this number. */
  readonly id = Trial.numTrials++;
  readonly onChangedObservable = new Observable<TrialState>();
  private kept: Readonly<RecipeOptions>;
  private current: TrialState;

  constructor(readonly subject: Paintable) {
    this.kept = subject.recipe;
    this.current = { recipe: this.kept, isPainting: false, isChanged: false, problem: null };
  }

  get state(): TrialState {
    return this.current;
  }

  /** Follows what others paint, and have painted before. @returns a function that ends that */
  watch(): () => void {
    const { recipe } = this.subject;
    if (!this.current.isPainting && recipe !== this.current.recipe) this.update({ recipe });
    return this.subject.onPainted(() => {
      if (!this.current.isPainting) this.update({ recipe: this.subject.recipe });
    });
  }

  changeAsync(changes: Partial<RecipeOptions>): Promise<void> {
    const { recipe } = this.current;
    // What the model takes for granted may be another with the change.
    const asked = recipe === this.subject.recipe ? this.subject.savedRecipe : recipe;
    return this.paintAsync(changeRecipe(asked, changes));
  }

  /** Takes another seed. */
  rerollAsync(): Promise<void> {
    return this.changeAsync({ seed: Math.floor(Math.random() * 2 ** 32) });
  }

  /** Takes back what was not kept. */
  backAsync(): Promise<void> {
    return this.paintAsync(this.kept);
  }

  /** Keeps what is shown. @returns the recipes that were kept before and are kept now */
  keep(): { before: Readonly<RecipeOptions>; after: Readonly<RecipeOptions> } {
    const before = this.kept;
    this.kept = this.current.recipe;
    this.update({});
    return { before, after: this.kept };
  }

  private async paintAsync(recipe: Readonly<RecipeOptions>): Promise<void> {
    this.update({ recipe, isPainting: true, problem: null });
    const isLatest = () => this.current.recipe === recipe;
    try {
      await this.subject.paintAsync(recipe);
      if (isLatest()) this.update({ recipe: this.subject.recipe, isPainting: false });
    } catch (error) {
      const { name, message } = error as Error;
      const problem = name === 'AbortError' ? null : message;
      if (isLatest()) this.update({ recipe: this.subject.recipe, isPainting: false, problem });
    }
  }

  private update(changes: Partial<TrialState>): void {
    this.current = { ...this.current, ...changes };
    this.current = { ...this.current, isChanged: !isSame(this.current.recipe, this.kept) };
    this.onChangedObservable.notifyObservers(this.current);
  }
}

/** The trials of all that was selected, by what holds the picture, and by its cell. */
const trials = new WeakMap<object, Map<number, Trial>>();

/** The trial of a picture: the one that was left when something else was selected, or a new one. */
export function trialOf(subject: Paintable): Trial {
  const { holder, cell } = subject;
  const known = trials.get(holder) ?? new Map<number, Trial>();
  const trial = known.get(cell) ?? new Trial(subject);
  trials.set(holder, known.set(cell, trial));
  return trial;
}

function isSame(a: object, b: object): boolean {
  const text = (recipe: object) =>
    JSON.stringify(Object.entries(recipe).sort(([one], [other]) => (one < other ? -1 : 1)));
  return text(a) === text(b);
}
