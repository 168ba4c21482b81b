import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { AssetGenerator, CellProgress, GeneratedSprites } from '../../plugin/index.ts';
import type { Place, Point } from '../tavernFile.ts';
import type { Body } from './body.ts';
import { nameOf } from './names.ts';
import type { RecipeChanges, Sitter, SitterRecipe } from './sitter.ts';
import { Walk } from './walk.ts';

const SPEED_M_PER_S = 1.15;
const STEP_M = 0.55;
const BOB_M = 0.045;
const LEAN = 0.045;
/** To sit down or to get up, in seconds. */
const RISE_S = 0.5;
const PREVIEW_EVERY = 2;

/** Waits outside for a face, walks in, is there, walks out, is gone. */
export type GuestState = 'waiting' | 'coming' | 'here' | 'leaving' | 'gone';

/** A guest: a body, a cell of the sheet, and a place in the room. */
export class Guest implements Sitter {
  readonly onChangedObservable = new Observable<Sitter>();
  isSpokenTo = false;
  state: GuestState = 'waiting';
  private walk: Walk | null = null;
  private walkedM = 0;
  private rise: number;
  private current: SitterRecipe;

  constructor(
    private readonly generator: AssetGenerator,
    private readonly sheet: GeneratedSprites,
    readonly body: Body,
    readonly spot: Place,
    readonly place: string,
    recipe: SitterRecipe,
  ) {
    this.current = recipe;
    this.rise = this.restingRise;
  }

  get name(): string {
    return nameOf(this.recipe.label, this.recipe.seed);
  }

  get recipe(): SitterRecipe {
    return this.current;
  }

  get isPainting(): boolean {
    return this.sheet.isPainting(this.body.cell);
  }

  get isWalking(): boolean {
    return this.walk !== null;
  }

  /** Whether a picked sprite is this guest. */
  is(sprite: Sprite): boolean {
    return this.body.has(sprite);
  }

  pixelsAsync(): Promise<Uint8Array> {
    return this.generator.generatePixelsAsync(this.current);
  }

  async changeAsync(changes: RecipeChanges): Promise<void> {
    if (this.state === 'gone') throw new Error(`${this.name} has left the tavern.`);
    await this.paintAsync({ ...this.current, ...changes }, 1);
  }

  /** Has the picture of a recipe made; at the first look at it, who waits comes in. */
  async paintAsync(recipe: SitterRecipe, priority: number): Promise<void> {
    const { cell } = this.body;
    const painting = this.sheet.repaintCellAsync(cell, asksForAll(recipe), { priority, previewEvery: PREVIEW_EVERY });
    this.changed();
    try {
      await painting;
      this.current = this.sheet.cells[cell]!;
      this.showFace();
    } finally {
      this.changed();
    }
  }

  /** What the sheet tells of this guest's cell. */
  onProgress({ step }: CellProgress): void {
    if (step > PREVIEW_EVERY) this.showFace();
  }

  /** Is there at once. */
  settle(): void {
    this.state = 'here';
    this.walk = null;
    this.rise = this.restingRise;
    this.hold(this.spot.at);
    this.body.isVisible = true;
  }

  /** Walks in from the door, as soon as there is a face to see. */
  comeAlong(way: readonly Point[]): void {
    this.setOut(way);
    this.rise = 1;
  }

  /** Gets up and walks out. */
  leaveAlong(way: readonly Point[]): void {
    this.state = 'leaving';
    this.setOut(way);
  }

  /** Lets so many seconds pass. */
  update(durationS: number): void {
    if (this.state === 'waiting' || this.state === 'gone') return;
    if (this.walk && this.rise === 1) this.goOn(this.walk, durationS);
    else this.riseTo(this.walk ? 1 : this.restingRise, durationS);
  }

  /** Is out of the room at once. */
  vanish(): void {
    this.state = 'gone';
    this.walk = null;
    this.body.isVisible = false;
    this.onChangedObservable.clear();
  }

  /** Where the guest is now. */
  get position(): Point {
    return this.walk ? this.walk.at(this.walkedM) : this.spot.at;
  }

  /** Comes in, or is there at once where there is no way to walk. */
  private showFace(): void {
    if (this.state !== 'waiting') return;
    this.state = this.walk ? 'coming' : 'here';
    this.hold(this.position);
    this.body.isVisible = true;
  }

  private setOut(way: readonly Point[]): void {
    this.walk = new Walk(way);
    this.walkedM = 0;
  }

  private get restingRise(): number {
    return this.spot.stands ? 1 : 0;
  }

  private goOn(walk: Walk, durationS: number): void {
    this.walkedM += SPEED_M_PER_S * durationS;
    this.hold(this.position);
    if (this.walkedM < walk.lengthM) return;
    this.walk = null;
    if (this.state === 'leaving') this.vanish();
    else this.state = 'here';
  }

  /** Gets up or sits down. */
  private riseTo(goal: number, durationS: number): void {
    const most = durationS / RISE_S;
    this.rise += Math.max(-most, Math.min(most, goal - this.rise));
    this.hold(this.position);
  }

  private hold([x, z]: Point): void {
    const stride = this.walk ? (Math.PI * this.walkedM) / STEP_M : 0;
    this.body.hold({ x, z, rise: this.rise, bobM: BOB_M * Math.abs(Math.sin(stride)), lean: LEAN * Math.sin(stride) });
  }

  private changed(): void {
    this.onChangedObservable.notifyObservers(this);
  }
}

/** A recipe for a cell that showed somebody else: what is absent is to be the default. */
function asksForAll(recipe: SitterRecipe): SitterRecipe & { interpolate: SitterRecipe['interpolate'] } {
  return { interpolate: undefined, ...recipe };
}
