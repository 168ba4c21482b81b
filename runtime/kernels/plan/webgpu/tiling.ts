// Which tiles the convolutions of a device are computed in.
import type { ConvAttrs } from '../graph.ts';

/** Threads side by side in a workgroup: 8 groups of 4 channels by 8 pixels, or a multiple of 8 pixels. */
export const SIDE = 8;
export const TILE_CHANNELS = 4 * SIDE;

/** What one workgroup of a convolution computes and holds. */
export interface Tile {
  /** Pixels of a thread: the more, the fewer loads there are for each, and the fewer workgroups. */
  readonly rows: 1 | 2 | 4 | 8;
  /** Summands that threads hold at a time. */
  readonly depth: 16 | 32;
  /** Groups of threads that share the summands: where a map has few tiles, a GPU has threads to spare. */
  readonly parts: 1 | 4;
  /** Whether the summands are taken as they lie in the filter, and not tap by tap. */
  readonly isFlat?: boolean;
}

/** From the largest to the smallest. */
const BY_SIZE: readonly Tile[] = ([8, 4, 2, 1] as const).map((rows) => ({ rows, depth: 16, parts: 1 }));

const SOON_COMPILED = BY_SIZE[2]!;

/** The last ones are for small maps, and for computing as tfjs's own convolution (Conv2DMM) does. */
const TILES: readonly Tile[] = [
  ...BY_SIZE,
  { rows: 1, depth: 16, parts: 4 },
  { rows: 4, depth: 32, parts: 1, isFlat: true },
];

/** The workgroups of a convolution whose output has so many pixels and channels. */
export function numWorkgroupsFor({ rows }: Tile, numPixels: number, cout: number): number {
  return Math.ceil(numPixels / (SIDE * rows)) * Math.ceil(cout / TILE_CHANNELS);
}

/** A convolution as far as its time depends on it. */
export interface ConvProblem {
  readonly numImages: number;
  /** (h, w, cin) of an image, and (h, w, cout) of what is made of it. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly filter: readonly number[];
  readonly attrs: ConvAttrs;
  readonly hasBias: boolean;
}

/** Products of a convolution: what it costs, whatever computes it. */
export function numProducts({ numImages, to, filter }: ConvProblem): number {
  return [numImages, to[0]!, to[1]!, ...filter].reduce((a, b) => a * b);
}

/** Workgroups that keep a GPU busy; below that, tiles of fewer pixels are taken. */
const ENOUGH_WORKGROUPS = 64;

export type AdapterKind = 'hardware' | 'software';

/** Several models have fewer convolutions than this; any beyond are not tuned. */
const MAX_UNTUNED = 256;

/** What tunings have found for a convolution. */
interface Tuned {
  numImages: number;
  index: number;
}

/** The choice of tiles on one device: by a rule, until a tuning has measured. */
export class Tiling {
  /** Grows with every choice, so that whoever has taken one over sees that there are others. */
  version = 0;
  private readonly noted = new Map<string, ConvProblem>();
  private readonly tuned = new Map<string, Tuned[]>();

  constructor(private readonly adapter: AdapterKind) {}

  /** The tiles to choose from. An adapter on the CPU is busy with any number of workgroups, and needs no choice. */
  tilesFor(problem: ConvProblem): readonly Tile[] {
    return this.adapter === 'hardware' ? TILES : [tileOfCpu(problem)];
  }

  /** Remembers a convolution for the next tuning. */
  note(problem: ConvProblem): void {
    if (this.adapter === 'software' || this.tuned.has(keyOf(problem)) || this.noted.size >= MAX_UNTUNED) return;
    this.noted.set(keyOf(problem), problem);
  }

  /** Forgets a convolution that cannot be measured. */
  drop(problem: ConvProblem): void {
    this.noted.delete(keyOf(problem));
  }

  /** The convolutions that no tuning has measured. */
  get untuned(): readonly ConvProblem[] {
    return [...this.noted.values()];
  }

  /** The index of the tile to take now: as measured for the number of images that is nearest. */
  choice(problem: ConvProblem): number {
    if (this.adapter === 'software') return 0;
    const tuned = this.tuned.get(keyOf(problem));
    if (!tuned) return byRule(problem);
    const distance = ({ numImages }: Tuned) => Math.abs(Math.log(numImages / problem.numImages));
    return tuned.reduce((best, other) => (distance(other) < distance(best) ? other : best)).index;
  }

  /** Takes over what a measurement found best. */
  choose(problem: ConvProblem, index: number): void {
    const key = keyOf(problem);
    this.drop(problem);
    this.tuned.set(key, [...(this.tuned.get(key) ?? []), { numImages: problem.numImages, index }]);
    this.version++;
  }
}

/** The same for all numbers of images. */
const keyOf = ({ numImages: _, ...problem }: ConvProblem) => JSON.stringify(problem);

const numPixelsOf = ({ numImages, to }: ConvProblem) => numImages * to[0]! * to[1]!;

/** The largest of the tiles of which there are enough to keep a GPU busy, or the smallest; the very largest only if measured. */
export function byRule(problem: ConvProblem): number {
  const isEnough = (tile: Tile) => numWorkgroupsFor(tile, numPixelsOf(problem), problem.to[2]!) >= ENOUGH_WORKGROUPS;
  const fitting = BY_SIZE.findIndex((tile, i) => i > 0 && isEnough(tile));
  return fitting < 0 ? BY_SIZE.length - 1 : fitting;
}

/** Products below which a CPU takes longer to compile a program of many rows (up to a second) than to run one of few. */
const MANY_PRODUCTS = 2 ** 22;

/** The smallest tile that holds all pixels, or the largest; of few products, one that is soon compiled. */
function tileOfCpu(problem: ConvProblem): Tile {
  if (numProducts(problem) < MANY_PRODUCTS) return SOON_COMPILED;
  return BY_SIZE.findLast(({ rows }) => SIDE * rows >= numPixelsOf(problem)) ?? BY_SIZE[0]!;
}
