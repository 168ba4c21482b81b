import type { GenerationProgress } from '../../../plugin/index.ts';
import type { Tavern } from '../tavern.ts';
import type { GuestsPlan } from '../tavernFile.ts';
import type { Artist } from './artist.ts';
import type { Guest } from './guest.ts';
import { Guests } from './guests.ts';
import type { Sitter } from './sitter.ts';

/** How near to the door somebody is for whom it opens, in metres. */
const AT_DOOR_M = 1.3;
/** A page in the background draws no frames: what it missed is not made up for. */
const MAX_FRAME_S = 1;

export interface CompanyEvents {
  onCome(sitter: Sitter): void;
  onGone(sitter: Sitter): void;
  /** A denoising step of somebody's picture. */
  onStep(sitter: Sitter, progress: GenerationProgress): void;
}

/** The guests and the door: nobody, until their model is there. */
export class Company {
  private guests: Guests | null = null;
  private isDoorOpen = true;

  constructor(
    private readonly tavern: Pick<Tavern, 'scene' | 'lights' | 'door'>,
    private readonly plan: GuestsPlan,
    private readonly events: CompanyEvents,
  ) {
    const { scene } = tavern;
    scene.onBeforeRenderObservable.add(() => this.update(scene.getEngine().getDeltaTime() / 1000));
  }

  get present(): readonly Guest[] {
    return this.guests?.present ?? [];
  }

  /** Whether new guests come. */
  set areArriving(areArriving: boolean) {
    this.isDoorOpen = areArriving;
    if (this.guests) this.guests.areArriving = areArriving;
  }

  /** Has the first guests painted, once; they are there then, and others may come. */
  async paintAllAsync(artist: Artist): Promise<void> {
    this.guests = await Guests.InviteAsync(artist, {
      plan: this.plan,
      tint: this.tavern.lights.tint,
      isStill: () => matchMedia('(prefers-reduced-motion: reduce)').matches,
      ...this.events,
    });
    this.guests.areArriving = this.isDoorOpen;
  }

  private update(durationS: number): void {
    this.guests?.update(Math.min(durationS, MAX_FRAME_S));
    const [doorX, doorZ] = this.plan.door;
    this.tavern.door.isOpen = this.present.some(({ isWalking, position: [x, z], state }) => {
      return isWalking && state !== 'waiting' && Math.hypot(x - doorX, z - doorZ) < AT_DOOR_M;
    });
  }
}
