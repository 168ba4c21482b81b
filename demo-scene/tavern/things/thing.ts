import type { GeneratedSprites } from '../../../plugin/index.ts';
import type { Artist } from '../people/artist.ts';
import { CellSitter } from '../people/cellSitter.ts';
import type { Figure } from '../people/figure.ts';
import { nameOfThing } from '../people/names.ts';
import type { SitterRecipe } from '../people/sitter.ts';
import type { ThingPlan } from '../tavernFile.ts';
import { remarkOn } from '../ui/greetings.ts';

/** A thing that lies somewhere or hangs on a wall. */
export class Thing extends CellSitter {
  constructor(
    artist: Artist,
    sheet: GeneratedSprites,
    figure: Figure,
    readonly plan: ThingPlan,
    place: string,
    recipe: SitterRecipe,
  ) {
    super(artist, sheet, figure, place, recipe);
  }

  get name(): string {
    return nameOfThing(this.recipe.label, this.recipe.seed);
  }

  get words(): string {
    return remarkOn(this.recipe.seed);
  }

  /** Is where it belongs, in the light of this moment. */
  hold(): void {
    const [x, y, z] = this.plan.at;
    this.figure.hold({ x, y, z });
  }
}
