import {
  type CellProgress,
  characterRequests,
  type GeneratedSprites,
  type GenerationProgress,
} from '../../../plugin/index.ts';
import { ART_PIXEL_M, enlargementFor } from '../artPixel.ts';
import type { Tavern } from '../tavern.ts';
import type { FloorPoint, GuestsPlan, Place } from '../tavernFile.ts';
import { ContactShadows } from './contactShadows.ts';
import { Face } from './face.ts';
import { facingOf } from './facing.ts';
import { SpriteFigure, type Tint } from './figure.ts';
import { Guest } from './guest.ts';
import type { SitterRecipe } from './keeping.ts';
import { type Artist, labelFor, type Sitter } from './sitter.ts';

/** The height of a guest's picture, in metres, as nearly as whole enlargements of it allow. */
const HEIGHT_M = 1.6;
/** Guests who come later are painted after everything else. */
const PRIORITY_LATER = -1;
/** How far the path out lies beside the path in, in metres. */
const LANE_M = 0.34;

export interface GuestsOptions {
  plan: GuestsPlan;
  /** Who paints the guests' faces; null where nobody does. */
  faces: Artist | null;
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
  private readonly shadows: ContactShadows;
  private numArrivals = 0;
  private timeS = 0;
  private nextInS: number;

  /** Paints the first guests and those who are kept, and puts them in their places. @throws as `generateSpritesAsync` */
  static async InviteAsync(artist: Artist, options: GuestsOptions): Promise<Guests> {
    const { generator, keeping } = artist;
    const { plan, faces } = options;
    const first = plan.places.flatMap((spot, i) => {
      const place = placeName(i);
      const kept = keeping.recipeAt(place);
      const asked = firstGuest(plan, i) ?? (kept && { role: kept.label, seed: kept.seed });
      if (!asked) return [];
      const guest = requestsFor(asked, plan, artist, faces);
      return [{ spot, place, recipe: kept ?? guest.figure, face: faces?.keeping.recipeAt(place) ?? guest.face }];
    });
    const factor = enlargementFor(HEIGHT_M, generator.sizePx[1]);
    const sheet = await generator.generateSpritesAsync({
      recipes: first.map(({ recipe }) => recipe),
      numSpareCells: plan.places.length - first.length,
      ...(factor > 1 && { pixelArt: { factor } }),
    });
    const guests = new Guests(artist, sheet, options);
    try {
      for (const { spot, place, face } of first) await guests.welcome(spot, place, face);
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
    this.shadows = new ContactShadows(sheet.scene);
    this.figures = sheet.cells.map((_, cell) => new SpriteFigure(sheet, cell, ART_PIXEL_M, this.shadows, tint));
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
    this.timeS += durationS;
    const settled = this.guests.filter(({ state }) => state === 'here');
    for (const guest of settled) {
      const others = settled.filter((other) => other !== guest);
      guest.turn(facingOf(guest, this.options.isStill() ? [] : others, this.timeS));
    }
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
    this.shadows.dispose();
    this.sheet.dispose();
  }

  /** Puts the guest of the next cell in its place. */
  private async welcome(spot: Place, place: string, face: SitterRecipe | null): Promise<void> {
    const figure = this.free.shift()!;
    const recipe = this.sheet.cells[figure.cell]!;
    const guest = new Guest(this.artist, this.sheet, figure, spot, place, recipe, this.faceOf(place, face));
    await guest.standAsync();
    guest.settle();
    this.add(guest);
  }

  /** Sends the next guest in if a place is free, or else somebody out, so that there is room for the one after. */
  private arrive(): void {
    if (this.guests.some(({ state }) => state === 'waiting')) return;
    const index = this.freePlace();
    if (index === null || this.free.length === 0) {
      this.makePlace();
      return;
    }
    const { plan, faces } = this.options;
    const spot = plan.places[index]!;
    const { figure: recipe, face } = requestsFor(this.nextArrival(), plan, this.artist, faces);
    const [figure, place] = [this.free.shift()!, placeName(index)];
    const guest = new Guest(this.artist, this.sheet, figure, spot, place, recipe, this.faceOf(place, face));
    if (!this.options.isStill()) guest.comeAlong([plan.door, ...spot.way, spot.at]);
    this.add(guest);
    void this.paint(guest, recipe);
  }

  /** The next of those to come who is not in the room already, as one is who was kept at an earlier visit. */
  private nextArrival(): Asked {
    const next = laterGuest(this.options.plan, this.numArrivals++);
    return this.guests.some(({ recipe }) => recipe.seed === next.seed) ? this.nextArrival() : next;
  }

  private faceOf(place: string, recipe: SitterRecipe | null): Face | null {
    const { faces } = this.options;
    return faces && recipe && new Face(faces, place, recipe);
  }

  private async paint(guest: Guest, recipe: SitterRecipe): Promise<void> {
    try {
      await guest.paintAsync(recipe, PRIORITY_LATER);
    } catch (error) {
      // An AbortError means that the visitor asked for a newer picture, or that all guests were disposed.
      if ((error as Error).name !== 'AbortError') guest.vanish();
    }
  }

  /** A place where nobody is, nor has just risen. */
  private freePlace(): number | null {
    const taken = new Set(this.guests.map(({ spot }) => spot));
    const index = this.options.plan.places.findIndex((spot) => !taken.has(spot));
    return index === -1 ? null : index;
  }

  /** Sends out the guest who has been there longest and is neither kept nor spoken to, unless somebody is leaving anyway. */
  private makePlace(): void {
    if (this.guests.some(({ state }) => state === 'leaving')) return;
    const { plan, isStill } = this.options;
    const { keeping } = this.artist;
    const goes = this.guests.find((guest) => guest.state === 'here' && !guest.isSpokenTo && !keeping.has(guest));
    if (!goes) return;
    const { spot } = goes;
    if (isStill()) {
      goes.vanish();
      this.remove(goes);
    } else goes.leaveAlong([spot.at, ...spot.way.toReversed().map(beside), plan.door]);
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

/** Who somebody is: what the model of characters calls a role, and the seed that settles all else. */
interface Asked {
  role: string;
  seed: number;
}

function firstGuest({ labels, seed }: GuestsPlan, i: number): Asked | null {
  const role = labels[i];
  return role === undefined ? null : { role, seed: seed + i };
}

function laterGuest({ arrivals }: GuestsPlan, i: number): Asked {
  return { role: arrivals.labels[i % arrivals.labels.length]!, seed: arrivals.seed + i };
}

/** The recipes of a guest's two pictures, which show the same person as far as both models know the words. */
function requestsFor(
  { role, seed }: Asked,
  { guidanceScale }: GuestsPlan,
  { generator }: Artist,
  faces: Artist | null,
): { figure: SitterRecipe; face: SitterRecipe | null } {
  const label = labelFor(generator.labels, role);
  if (!faces) return { figure: { label, seed, guidanceScale }, face: null };
  const { labels } = faces.generator;
  // The label of one model may be of both: then it is no role but a kind.
  const sheet = { [labels.includes(label) ? 'kind' : 'role']: label };
  const [face, figure] = characterRequests(sheet, [faces.generator.info, generator.info], seed);
  const recipe = ({ label: own, attributes }: typeof face): SitterRecipe => ({
    label: own,
    seed,
    guidanceScale,
    ...(Object.keys(attributes).length > 0 && { attributes }),
  });
  return { figure: recipe(figure), face: recipe(withSex(face, faces, seed)) };
}

/** The request with a sex, where the model knows that and the request leaves it open: a name is to fit the face. */
function withSex<Request extends Pick<SitterRecipe, 'label' | 'attributes'>>(
  request: Request,
  { generator }: Artist,
  seed: number,
): Request {
  const { gender } = generator.info.attributes ?? {};
  if (!Array.isArray(gender) || request.attributes?.gender || /male/.test(request.label)) return request;
  return { ...request, attributes: { ...request.attributes, gender: gender[seed % gender.length]! } };
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

  /** Paints the first guests, once; from then on others may come. @param faces who paints their faces; null: nobody */
  async paintAllAsync(artist: Artist, faces: Artist | null = null): Promise<void> {
    this.guests = await Guests.InviteAsync(artist, {
      plan: this.plan,
      faces,
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
