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
/** The number of extra figures, for guests who are on their way in or out. */
const NUM_ON_THE_WAY = 3;
/** Guests who come later are painted after everything else. */
const PRIORITY_LATER = -1;
/** How far the path out lies beside the path in, in metres. */
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
 * The guests on the floor: those who are there at the start, and those who come and go. All share one sheet of sprites;
 * when a guest is gone, its cell is painted for the next one.
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

  /** Paints the first guests and puts them in their places. @throws as `generateSpritesAsync` */
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

  /** The guests in the room and those about to come in; whoever has been there longest is first. */
  get present(): readonly Guest[] {
    return this.guests;
  }

  /** Moves all guests on by so many seconds, and lets the next one come when it is time. */
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

  /** Puts the guest of the next cell in its place. */
  private async welcome(spot: Place, place: string): Promise<void> {
    const figure = this.free.shift()!;
    const guest = new Guest(this.artist, this.sheet, figure, spot, place, this.sheet.cells[figure.cell]!);
    await guest.standAsync();
    guest.settle();
    this.add(guest);
  }

  /** Sends the next guest in, if a place is free or somebody can leave. */
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
      // An AbortError means that the visitor asked for a newer picture, or that all guests were disposed.
      if ((error as Error).name !== 'AbortError') guest.vanish();
    }
  }

  private freePlace(): number | null {
    const taken = new Set(this.guests.filter(({ state }) => state !== 'leaving').map(({ spot }) => spot));
    const index = this.options.plan.places.findIndex((spot) => !taken.has(spot));
    return index === -1 ? null : index;
  }

  /** Sends out the guest who has been there longest and is neither kept nor spoken to. @returns the free place, if any */
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

/** The door opens for guests who are nearer to it than this, in metres. */
const AT_DOOR_M = 1.3;
/** A page in the background draws no frames; the time it missed is not made up for beyond this. */
const MAX_FRAME_S = 1;

interface CompanyEvents {
  onCome(sitter: Sitter): void;
  onGone(sitter: Sitter): void;
  onStep(sitter: Sitter, progress: GenerationProgress): void;
}

/** The company: the guests, and the door that opens for them. Nobody is there until their model is loaded. */
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

  /** Whether new guests walk in from time to time. While it is false the door stays closed and those inside stay. */
  set areArriving(areArriving: boolean) {
    this.isDoorOpen = areArriving;
    if (this.guests) this.guests.areArriving = areArriving;
  }

  /** Paints the first guests, once; from then on others may come. */
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
