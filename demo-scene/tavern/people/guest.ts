import type { CellProgress, GeneratedSprites } from '../../../plugin/index.ts';
import type { FloorPoint, Place } from '../tavernFile.ts';
import { CellSitter, PREVIEW_EVERY } from './cellSitter.ts';
import type { Face } from './face.ts';
import type { Direction, SpriteFigure } from './figure.ts';
import type { RecipeChanges, SitterRecipe } from './keeping.ts';
import { lineOf, spoken } from './lines.ts';
import { nameOf } from './names.ts';
import type { Artist } from './sitter.ts';

const SPEED_M_PER_S = 1.15;
const STEP_M = 0.55;
const BOB_M = 0.045;
const LEAN = 0.045;
/** Whoever sits behind a table is lower by this, in metres: stools are nearly as high as the guests' legs are long. */
const SEAT_M = 0.06;

/** A guest waits outside until a first preview is painted, walks in, is there, walks out, and is gone. */
type GuestState = 'waiting' | 'coming' | 'here' | 'leaving' | 'gone';

/** A guest: a figure with a place in the room, and a face where a model of portraits is there. */
export class Guest extends CellSitter {
  state: GuestState = 'waiting';
  private walk: FloorPath | null = null;
  private walkedM = 0;
  private looks: Direction = 'down';

  constructor(
    artist: Artist,
    sheet: GeneratedSprites,
    figure: SpriteFigure,
    readonly spot: Place,
    place: string,
    recipe: SitterRecipe,
    readonly face: Face | null,
  ) {
    super(artist, sheet, figure, place, recipe);
  }

  get name(): string {
    return this.face?.name ?? nameOf(this.recipe);
  }

  get words(): string {
    return spoken(lineOf(this.recipe.seed));
  }

  get seed(): number {
    return this.recipe.seed;
  }

  get isWalking(): boolean {
    return this.walk !== null;
  }

  override async changeAsync(changes: RecipeChanges): Promise<void> {
    if (this.hasLeft) throw new Error(`${this.name} has left the tavern.`);
    await super.changeAsync(changes);
  }

  /** Paints the picture of a recipe; a guest who waits comes in with its first preview. */
  override async paintAsync(recipe: SitterRecipe, priority: number): Promise<void> {
    await super.paintAsync(recipe, priority);
    this.show();
  }

  /** Takes note of a denoising step of this guest's cell. */
  onProgress({ step }: CellProgress): void {
    if (step > PREVIEW_EVERY) this.show();
  }

  /** Puts the guest in its place at once. */
  settle(): void {
    this.state = 'here';
    this.walk = null;
    this.hold();
    this.figure.isVisible = true;
  }

  /** Walks in from the door, as soon as there is a picture to see. */
  comeAlong(way: readonly FloorPoint[]): void {
    this.setOut(way);
  }

  leaveAlong(way: readonly FloorPoint[]): void {
    this.state = 'leaving';
    this.setOut(way);
  }

  /** Moves the guest on by so many seconds. */
  update(durationS: number): void {
    if (this.state === 'waiting' || this.state === 'gone') return;
    if (this.walk) this.goOn(this.walk, durationS);
    this.hold();
  }

  /** Has the guest look that way once it is in its place. */
  turn(direction: Direction): void {
    this.looks = direction;
  }

  /** Removes the guest from the room at once. */
  vanish(): void {
    this.state = 'gone';
    this.walk = null;
    this.figure.isVisible = false;
    this.onChangedObservable.notifyObservers(this);
  }

  /** Whoever has left is painted no more. */
  get hasLeft(): boolean {
    return this.state === 'gone';
  }

  get position(): FloorPoint {
    return this.walk ? this.walk.at(this.walkedM) : this.spot.at;
  }

  /** Shows a guest who waits: walking in, or already there when no way is set. */
  private show(): void {
    if (this.state !== 'waiting') return;
    this.state = this.walk ? 'coming' : 'here';
    this.hold();
    this.figure.isVisible = true;
  }

  private setOut(way: readonly FloorPoint[]): void {
    this.walk = new FloorPath(way);
    this.walkedM = 0;
  }

  private goOn(walk: FloorPath, durationS: number): void {
    this.walkedM += SPEED_M_PER_S * durationS;
    if (this.walkedM < walk.lengthM) return;
    this.walk = null;
    if (this.state === 'leaving') this.vanish();
    else this.state = 'here';
  }

  private hold(): void {
    const [x, z] = this.position;
    const { figure, walk, spot } = this;
    const direction = walk?.directionAt(this.walkedM) ?? this.looks;
    if (walk) figure.walk(direction);
    else figure.rest(direction, spot.seated === true);
    const y = !walk && spot.seated ? -SEAT_M : 0;
    const stride = walk && !figure.canWalk ? (Math.PI * this.walkedM) / STEP_M : 0;
    figure.hold({ x, y, z, bobM: BOB_M * Math.abs(Math.sin(stride)), lean: LEAN * Math.sin(stride) });
  }
}

/** A path over the floor, in straight lines from point to point. */
export class FloorPath {
  readonly lengthM: number;
  /** The distance of each point from the start, along the path, in metres. */
  private readonly marks: number[] = [0];

  /** @param points at least one */
  constructor(private readonly points: readonly FloorPoint[]) {
    for (let i = 1; i < points.length; i++) {
      const [[fromX, fromZ], [toX, toZ]] = [points[i - 1]!, points[i]!];
      this.marks.push(this.marks[i - 1]! + Math.hypot(toX - fromX, toZ - fromZ));
    }
    this.lengthM = this.marks.at(-1)!;
  }

  /** The way that somebody faces after so many metres: to a side, to the eye or away from it. */
  directionAt(distanceM: number): Direction {
    const found = this.marks.findIndex((mark) => mark > distanceM);
    const next = Math.max(1, found === -1 ? this.points.length - 1 : found);
    const from = this.points[next - 1]!;
    const [[fromX, fromZ], [toX, toZ]] = [from, this.points[next] ?? from];
    const [along, away] = [toX - fromX, toZ - fromZ];
    if (Math.abs(along) > Math.abs(away)) return along > 0 ? 'right' : 'left';
    return away > 0 ? 'up' : 'down';
  }

  /** The point after so many metres; beyond the end it is the last point. */
  at(distanceM: number): FloorPoint {
    const next = this.marks.findIndex((mark) => mark > distanceM);
    if (next === -1) return this.points.at(-1)!;
    if (next === 0) return this.points[0]!;
    const [[fromX, fromZ], [toX, toZ]] = [this.points[next - 1]!, this.points[next]!];
    const share = (distanceM - this.marks[next - 1]!) / (this.marks[next]! - this.marks[next - 1]!);
    return [fromX + share * (toX - fromX), fromZ + share * (toZ - fromZ)];
  }
}
