import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { SurfaceMaterial } from '../../../plugin/index.ts';
import type { Artist } from '../people/artist.ts';
import type { RecipeChanges, Sitter, SitterRecipe } from '../people/sitter.ts';
import type { SurfacePlan } from '../tavernFile.ts';
import { remarkOn } from '../ui/greetings.ts';

/** A surface of the room: a material with all its maps, which can be made anew. */
export class Surface implements Sitter {
  readonly onChangedObservable = new Observable<Sitter>();
  isSpokenTo = false;

  constructor(
    readonly artist: Artist,
    readonly material: SurfaceMaterial,
    private readonly plan: SurfacePlan,
  ) {}

  get place(): string {
    return placeOf(this.plan);
  }

  get name(): string {
    return this.plan.name;
  }

  get words(): string {
    return remarkOn(this.recipe.seed);
  }

  get recipe(): SitterRecipe {
    return this.material.recipe as SitterRecipe;
  }

  get isPainting(): boolean {
    return this.material.albedo.isGenerating;
  }

  pixelsAsync(): Promise<Uint8Array> {
    return this.artist.generator.generatePixelsAsync(this.recipe);
  }

  async changeAsync(changes: RecipeChanges): Promise<void> {
    const painting = this.material.regenerateAsync(changes, { priority: 1 });
    this.onChangedObservable.notifyObservers(this);
    try {
      await painting;
    } finally {
      this.onChangedObservable.notifyObservers(this);
    }
  }
}

/** What keeping knows a surface by. */
export function placeOf({ material }: SurfacePlan): string {
  return `surface ${material}`;
}
