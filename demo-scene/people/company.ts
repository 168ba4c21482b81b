import type { Scene } from '@babylonjs/core/scene.js';
import type { AssetGenerator, GenerationProgress } from '../../plugin/index.ts';
import type { Tavern } from '../tavern.ts';
import type { TavernPlan } from '../tavernFile.ts';
import type { Guest } from './guest.ts';
import { Guests } from './guests.ts';
import { Keeping } from './keeping.ts';
import type { Portrait } from './portrait.ts';
import { labelFor, type Sitter, type SitterRecipe } from './sitter.ts';

/** How near to the door somebody is for whom it opens, in metres. */
const AT_DOOR_M = 1.3;
/** A page in the background draws no frames: what it missed is not made up for. */
const MAX_FRAME_S = 1;

export interface CompanyEvents {
  onCome(sitter: Sitter): void;
  onGone(sitter: Sitter): void;
  /** A denoising step of somebody's picture. */
  onStep(sitter: Sitter, progress: GenerationProgress): void;
  onPortraits(numDone: number, numAll: number): void;
}

/** Everybody in the tavern, on the wall and at the tables, and the model that paints them. */
export class Company {
  private seated: Guests | null = null;
  private generator: AssetGenerator | null = null;
  private isDoorOpen = true;

  constructor(
    private readonly tavern: Tavern,
    private readonly plan: TavernPlan,
    private readonly events: CompanyEvents,
  ) {
    const { scene, portraits } = tavern;
    for (const portrait of portraits) {
      portrait.onProgressObservable.add((progress) => events.onStep(portrait, progress));
      events.onCome(portrait);
    }
    scene.onBeforeRenderObservable.add(() => this.update(scene.getEngine().getDeltaTime() / 1000));
  }

  get portraits(): readonly Portrait[] {
    return this.tavern.portraits;
  }

  readonly guests = (): readonly Guest[] => this.seated?.present ?? [];

  /** What must not grow with time. */
  readonly counts = () => countsOf(this.tavern.scene);

  /** Whether new guests come. */
  set areArriving(areArriving: boolean) {
    this.isDoorOpen = areArriving;
    if (this.seated) this.seated.areArriving = areArriving;
  }

  /**
   * Has everybody painted by this model; the one before is disposed.
   *
   * @returns who is kept of this model's pictures; and `painted`, which settles when all are there, at once when yet
   *          another model takes its place
   */
  useGenerator(generator: AssetGenerator): { keeping: Keeping; painted: Promise<void> } {
    const former = this.generator;
    this.generator = generator;
    this.seated?.dispose();
    this.seated = null;
    former?.dispose();
    const keeping = new Keeping(generator.info.hash, generator.labels);
    const painted = this.paintAll(generator, keeping).catch((error) => {
      if (this.generator === generator) throw error;
    });
    return { keeping, painted };
  }

  private async paintAll(generator: AssetGenerator, keeping: Keeping): Promise<void> {
    const portraits = this.paintPortraits(generator, keeping);
    portraits.catch(() => {}); // awaited below
    const { materials, lights } = this.tavern;
    const guests = await Guests.InviteAsync(generator, {
      plan: this.plan.guests,
      materials,
      tint: lights.tint,
      keeping,
      isStill: () => matchMedia('(prefers-reduced-motion: reduce)').matches,
      ...this.events,
    });
    if (this.generator !== generator) return guests.dispose();
    guests.areArriving = this.isDoorOpen;
    this.seated = guests;
    await portraits;
  }

  private async paintPortraits(generator: AssetGenerator, keeping: Keeping): Promise<void> {
    const { portraits } = this;
    let numDone = 0;
    this.events.onPortraits(0, portraits.length);
    const painting = portraits.map(async (portrait) => {
      await portrait.paintAsync(generator, keeping.recipeAt(portrait.place) ?? planned(portrait, generator.labels));
      this.events.onPortraits(++numDone, portraits.length);
    });
    await Promise.all(painting);
  }

  private update(durationS: number): void {
    this.seated?.update(Math.min(durationS, MAX_FRAME_S));
    const [doorX, doorZ] = this.plan.guests.door;
    this.tavern.door.isOpen = this.guests().some(({ isWalking, position: [x, z], state }) => {
      return isWalking && state !== 'waiting' && Math.hypot(x - doorX, z - doorZ) < AT_DOOR_M;
    });
  }
}

function planned({ plan }: Portrait, labels: readonly string[]): SitterRecipe {
  const { label, seed, guidanceScale } = plan;
  return { label: labelFor(labels, label), seed, guidanceScale };
}

function countsOf({ textures, meshes, spriteManagers = [] }: Scene) {
  const numSprites = spriteManagers.reduce((sum, { sprites }) => sum + sprites.length, 0);
  return { textures: textures.length, meshes: meshes.length, managers: spriteManagers.length, sprites: numSprites };
}
