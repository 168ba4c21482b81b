import type { Scene } from '@babylonjs/core/scene.js';
import type { GeneratedSprites, GenerationProgress } from '../../plugin/index.ts';
import { ART_PIXEL_M } from './artPixel.ts';
import { CellSitter } from './people/cellSitter.ts';
import { ContactShadows } from './people/contactShadows.ts';
import { SpriteFigure, type Tint } from './people/figure.ts';
import type { SitterRecipe } from './people/keeping.ts';
import { nameOfThing, remarkOn } from './people/names.ts';
import { type Artist, labelFor, type Sitter } from './people/sitter.ts';
import type { ThingPlan, ThingsPlan } from './tavernFile.ts';

/** A thing that lies somewhere or hangs on a wall. */
class Thing extends CellSitter {
  constructor(
    artist: Artist,
    sheet: GeneratedSprites,
    figure: SpriteFigure,
    readonly plan: ThingPlan,
    place: string,
    recipe: SitterRecipe,
  ) {
    super(artist, sheet, figure, place, recipe);
  }

  get name(): string {
    return nameOfThing(this.recipe);
  }

  get words(): string {
    return remarkOn(this.recipe.seed);
  }

  /** Keeps the thing in its place, lit as the room is at this moment. */
  hold(): void {
    const [x, y, z] = this.plan.at;
    this.figure.hold({ x, y, z });
  }
}

interface ThingsEvents {
  onCome(sitter: Sitter): void;
  onStep(sitter: Sitter, progress: GenerationProgress): void;
}

/** The things on the tables and walls; there are none until their model is loaded. */
export class Things {
  private things: readonly Thing[] = [];

  constructor(
    private readonly scene: Scene,
    private readonly plan: ThingsPlan,
    private readonly tint: Tint,
    private readonly events: ThingsEvents,
  ) {
    scene.onBeforeRenderObservable.add(() => {
      for (const thing of this.things) thing.hold();
    });
  }

  get present(): readonly Thing[] {
    return this.things;
  }

  /** Paints all things on one sheet of sprites, once, and shows them. */
  async paintAllAsync(artist: Artist): Promise<void> {
    const { generator, keeping } = artist;
    const { spots, guidanceScale } = this.plan;
    const recipes = spots.map(({ label, seed }, i) => {
      return keeping.recipeAt(spotName(i)) ?? { label: labelFor(generator.labels, label), seed, guidanceScale };
    });
    const sheet = await generator.generateSpritesAsync({ recipes });
    sheet.isPickable = true;
    const shadows = new ContactShadows(this.scene);
    this.things = spots.map((spot, cell) => {
      const figure = new SpriteFigure(sheet, cell, ART_PIXEL_M, spot.hangs ? null : shadows, this.tint);
      return new Thing(artist, sheet, figure, spot, spotName(cell), sheet.cells[cell]!);
    });
    sheet.onCellProgressObservable.add((progress) => this.events.onStep(this.things[progress.cell]!, progress));
    await Promise.all(this.things.map((thing) => thing.standAsync()));
    for (const thing of this.things) {
      thing.hold();
      thing.figure.isVisible = true;
      this.events.onCome(thing);
    }
  }
}

function spotName(index: number): string {
  return `spot ${index + 1}`;
}
