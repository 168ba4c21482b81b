// Which tiles the convolutions of a device are computed in.
import type { ConvAttrs } from '../graph.ts';

/** Threads of a workgroup: 8 groups of 4 channels by 8 pixels, or a multiple of 8 pixels. */
export const SIDE = 8;
export const TILE_CHANNELS = 4 * SIDE;

/** What one workgroup of a convolution computes and holds. */
export interface Tile {
  /** Pixels of a thread: the more, the fewer loads there are for each, and the fewer workgroups. */
  readonly rows: 1 | 2 | 4;
  /** Summands that the workgroup holds at a time. */
  readonly depth: 16 | 32;
}

/** The last is the tile of tfjs's own convolution. */
const TILES: readonly Tile[] = [
  { rows: 4, depth: 16 },
  { rows: 2, depth: 16 },
  { rows: 1, depth: 16 },
  { rows: 4, depth: 32 },
];
const SMALLEST = 2;

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

/** As many convolutions as several models have; those beyond are not tuned. */
const MAX_UNTUNED = 256;

/** What tunings have found for a convolution. */
interface Tuned {
  numImages: number;
  index: number;
}

/** The choice of tiles on one device: by a rule, until a tuning has measured. */
export class Tiling {
  /** The tiles to choose from. An adapter on the CPU is busy with one workgroup, and gets the largest tile. */
  readonly tiles: readonly Tile[];
  /** Grows with every choice, so that whoever has taken one over sees that there are others. */
  version = 0;
  private readonly noted = new Map<string, ConvProblem>();
  private readonly tuned = new Map<string, Tuned[]>();

  constructor(adapter: AdapterKind) {
    this.tiles = adapter === 'hardware' ? TILES : TILES.slice(0, 1);
  }

  /** Remembers a convolution for the next tuning. */
  note(problem: ConvProblem): void {
    const isKnown = this.tuned.has(keyOf(problem));
    if (this.tiles.length > 1 && !isKnown && this.noted.size < MAX_UNTUNED) this.noted.set(keyOf(problem), problem);
  }

  /** The convolutions that no tuning has measured. */
  get untuned(): readonly ConvProblem[] {
    return [...this.noted.values()];
  }

  /** The index of the tile to take now: as measured for the number of images that is nearest. */
  choice(problem: ConvProblem): number {
    if (this.tiles.length === 1) return 0;
    const tuned = this.tuned.get(keyOf(problem));
    if (!tuned) return byRule(problem);
    const distance = ({ numImages }: Tuned) => Math.abs(Math.log(numImages / problem.numImages));
    return tuned.reduce((best, other) => (distance(other) < distance(best) ? other : best)).index;
  }

  /** Takes over what a measurement found best. */
  choose(problem: ConvProblem, index: number): void {
    const key = keyOf(problem);
    this.noted.delete(key);
    this.tuned.set(key, [...(this.tuned.get(key) ?? []), { numImages: problem.numImages, index }]);
    this.version++;
  }
}

/** The same for all numbers of images. */
const keyOf = ({ numImages: _, ...problem }: ConvProblem) => JSON.stringify(problem);

/** The first of the tiles of which there are enough to keep a GPU busy, or the smallest. */
export function byRule({ numImages, to }: ConvProblem): number {
  const [height, width, cout] = to as [number, number, number];
  const numPixels = numImages * height * width;
  const fitting = TILES.findIndex((tile) => numWorkgroupsFor(tile, numPixels, cout) >= ENOUGH_WORKGROUPS);
  return fitting < 0 ? SMALLEST : fitting;
}
