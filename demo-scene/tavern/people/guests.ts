import type { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import type { CellProgress, GeneratedSprites, GenerationProgress } from '../../../plugin/index.ts';
import type { Tavern } from '../tavern.ts';
import type { FloorPoint, GuestsPlan, Place } from '../tavernFile.ts';
import { createShadowMaterial, SpriteFigure, type Tint } from './figure.ts';
import { Guest } from './guest.ts';
import type { SitterRecipe } from './keeping.ts';
import { type Artist, labelFor, type Sitter } from './sitter.ts';

/** Width and height of a guest's picture, in metres; the figure is a little smaller. */
const SIZE_M = 1.5;
/** Figures beside those at the places: of who comes in or goes out. */
const NUM_ON_THE_WAY = 3;
/** Who comes later is painted after everything else. */
const PRIORITY_LATER = -1;
/** How far the way out lies beside the way in, in metres. */
const LANE_M = 0.34;

export interface GuestsOptions {
  plan: GuestsPlan;
  tint: Tint;
  /** Whether guests appear and vanish instead of walking. */
  isStill: () => boolean;
  onCome: (guest: Guest) => void;
  onGone: (guest: Guest) => void;
  onStep?: (guest: Guest, progress: CellProgress) => void;
}

/**
 * Everybody on the floor: who is there at the start, and who comes and goes. All share one sheet of sprites; a cell is
 * painted anew for the next guest when the last is gone.
 */
export class Guests {
  /** New guests come while this is true. */
  areArriving = false;
  private readonly guests: Guest[] = [];
  private readonly free: SpriteFigure[] = [];
  private readonly figures: SpriteFigure[];
  private readonly shade: StandardMaterial;
  private numArrivals = 0;
  private nextInS: number;

  /** Paints the first guests, who are there then. @throws as `generateSpritesAsync` */
  static async InviteAsync(artist: Artist, options: GuestsOptions): Promise<Guests> {
    const { generator, keeping } = artist;
    const { plan } = options;
    const first = plan.places.flatMap((spot, i) => {
      const recipe = keeping.recipeAt(placeName(i)) ?? firstRecipe(plan, i, generator.labels);
      return recipe ? [{ spot, place: placeName(i), recipe }] : [];
    });
    const numSpareCells = plan.places.length - first.length + NUM_ON_THE_WAY;
    const recipes = first.map(({ recipe }) => recipe);
    const sheet = await generator.generateSpritesAsync({ recipes, numSpareCells });
    const guests = new Guests(artist, sheet, options);
    try {
      for (const { spot, place } of first) await guests.welcome(spot, place);
      return guests;
    } catch (error) {
      guests.dispose();
      throw error;
    }
  }

  private constructor(
    private readonly artist: Artist,
    private readonly sheet: GeneratedSprites,
    private readonly options: GuestsOptions,
  ) {
    const { tint, plan } = options;
    sheet.isPickable = true;
    this.shade = createShadowMaterial(sheet.scene);
    this.figures = sheet.cells.map((_, cell) => new SpriteFigure(sheet, cell, SIZE_M, this.shade, tint));
    this.free.push(...this.figures);
    this.nextInS = plan.arrivals.everyS;
    sheet.onCellProgressObservable.add((progress) => {
      const guest = this.guests.find(({ figure }) => figure.cell === progress.cell);
      if (!guest) return;
      guest.onProgress(progress);
      options.onStep?.(guest, progress);
    });
  }

  /** Those in the room, the longest there first, and who is about to come in. */
  get present(): readonly Guest[] {
    return this.guests;
  }

  /** Lets so many seconds pass. */
  update(durationS: number): void {
    for (const guest of this.guests) guest.update(durationS);
    for (const guest of this.guests.filter(({ state }) => state === 'gone')) this.remove(guest);
    if (!this.areArriving) return;
    this.nextInS -= durationS;
    if (this.nextInS > 0) return;
    this.nextInS = this.options.plan.arrivals.everyS;
    this.arrive();
  }

  dispose(): void {
    for (const guest of [...this.guests]) this.remove(guest);
    for (const figure of this.figures) figure.dispose();
    this.shade.dispose(false, true);
    this.sheet.dispose();
  }

  /** Shows who is in the next cell. */
  private async welcome(spot: Place, place: string): Promise<void> {
    const figure = this.free.shift()!;
    const guest = new Guest(this.artist, this.sheet, figure, spot, place, this.sheet.cells[figure.cell]!);
    await guest.standAsync();
    guest.settle();
    this.add(guest);
  }

  /** The next guest sets out, if there is a place or somebody makes one. */
  private arrive(): void {
    if (this.free.length === 0 || this.guests.some(({ state }) => state === 'waiting')) return;
    const index = this.freePlace() ?? this.makePlace();
    if (index === null) return;
    const { plan } = this.options;
    const spot = plan.places[index]!;
    const recipe = arrivalRecipe(plan, this.numArrivals++, this.artist.generator.labels);
    const guest = new Guest(this.artist, this.sheet, this.free.shift()!, spot, placeName(index), recipe);
    if (!this.options.isStill()) guest.comeAlong([plan.door, ...spot.way, spot.at]);
    this.add(guest);
    void this.paint(guest, recipe);
  }

  private async paint(guest: Guest, recipe: SitterRecipe): Promise<void> {
    try {
      await guest.paintAsync(recipe, PRIORITY_LATER);
    } catch (error) {
      // A newer picture was asked for in the card, or everybody is sent home.
      if ((error as Error).name !== 'AbortError') guest.vanish();
    }
  }

  private freePlace(): number | null {
    const taken = new Set(this.guests.filter(({ state }) => state !== 'leaving').map(({ spot }) => spot));
    const index = this.options.plan.places.findIndex((spot) => !taken.has(spot));
    return index === -1 ? null : index;
  }

  /** Who has been there longest goes, unless kept or spoken to. */
  private makePlace(): number | null {
    const { plan, isStill } = this.options;
    const { keeping } = this.artist;
    const goes = this.guests.find((guest) => guest.state === 'here' && !guest.isSpokenTo && !keeping.has(guest));
    if (!goes) return null;
    const { spot } = goes;
    if (isStill()) goes.vanish();
    else goes.leaveAlong([spot.at, ...spot.way.toReversed().map(beside), plan.door]);
    if (goes.state === 'gone') this.remove(goes);
    return plan.places.indexOf(spot);
  }

  private add(guest: Guest): void {
    this.guests.push(guest);
    this.options.onCome(guest);
  }

  private remove(guest: Guest): void {
    this.guests.splice(this.guests.indexOf(guest), 1);
    this.free.push(guest.figure);
    this.options.onGone(guest);
    guest.vanish();
  }
}

function placeName(index: number): string {
  return `place ${index + 1}`;
}

function firstRecipe({ labels, seed, guidanceScale }: GuestsPlan, i: number, known: readonly string[]) {
  const label = labels[i];
  return label === undefined ? null : { label: labelFor(known, label), seed: seed + i, guidanceScale };
}

function arrivalRecipe({ arrivals, guidanceScale }: GuestsPlan, i: number, known: readonly string[]): SitterRecipe {
  const label = arrivals.labels[i % arrivals.labels.length]!;
  return { label: labelFor(known, label), seed: arrivals.seed + i, guidanceScale };
}

function beside([x, z]: FloorPoint): FloorPoint {
  return [x, z + LANE_M];
}

/** How near to the door somebody is for whom it opens, in metres. */
const AT_DOOR_M = 1.3;
/** A page in the background draws no frames: what it missed is not made up for. */
const MAX_FRAME_S = 1;

interface CompanyEvents {
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
