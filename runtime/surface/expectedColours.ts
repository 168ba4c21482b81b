import { type Oklab, toOklab } from '../core/oklab.ts';
import {
  CHANCE_STEP,
  ChanceTable,
  cellOf,
  type LikelyColours,
  NEVER,
  type PalettePlaces,
  type PlacesLayout,
  RARELY,
} from '../core/palettePlaces.ts';
import { OFFSET_STEP, type PalettePrior, UNLIKELY } from '../core/palettePrior.ts';
import { HALF_OPAQUE } from '../core/pixels.ts';

/** Pixels, of which the opaque one gets its colour then. */
const [CLEAR, OPAQUE] = [
  [0, 0, 0, 0],
  [0, 0, 0, 255],
];

/** How many values an entry of a palette has. */
const ENTRY = 8;

/** The colours that a picture may have, and what decides between them: see `PalettePrior`. */
export interface PictureColours {
  /**
   * (n, 8): of each colour the Oklab in which it is decoded, its cost, its red, green and blue (0 … 255), and its place in the palette. They
   * are in the palette's order where it knows places, else the cheapest comes first.
   */
  entries: Float32Array;
  /** The standard deviation in Oklab. */
  deviation: number;
  /** 0 … 1. */
  sure: number;
  /** Where each shows, in a picture of that layout; null: anywhere. */
  places: (PlacesLayout & { known: PalettePlaces }) | null;
  /** Whether pixels are opaque or clear, with nothing between. */
  isCut: boolean;
}

/**
 * The colours of a palette with what each costs a picture.
 *
 * @param costs  (n): see `paletteCosts`
 * @param layout of the picture, for a palette that knows places
 * @throws       RangeError when there is not one cost for each colour, or no colour
 */
export function pictureColours(
  { colours, deviation, sure, offsets, places, isCut = false }: Omit<PalettePrior, 'logits'>,
  costs: Float32Array,
  layout: PlacesLayout | null = null,
): PictureColours {
  if (colours.length !== 3 * costs.length || costs.length === 0) {
    throw new RangeError(
      `pictureColours: ${colours.length / 3} colours and ${costs.length} costs; expected one for each`,
    );
  }
  const order = Array.from(costs.keys());
  if (!places) order.sort((one, other) => costs[one]! - costs[other]!);
  const entries = new Float32Array(ENTRY * costs.length);
  for (const [place, colour] of order.entries()) {
    const decoded = oklabAt(colours, 3 * colour).map(
      (value, i) => value + OFFSET_STEP * (offsets?.[3 * colour + i] ?? 0),
    );
    entries.set(decoded, ENTRY * place);
    entries[ENTRY * place + 3] = costs[colour]!;
    entries.set(colours.subarray(3 * colour, 3 * colour + 3), ENTRY * place + 4);
    entries[ENTRY * place + 7] = colour;
  }
  return { entries, deviation, sure, places: places && layout ? { ...layout, known: places } : null, isCut };
}

/**
 * Gives every pixel the colour that is to be expected where it was decoded: the mean of the colours c by how likely each was meant,
 *
 *   p(c | x) ∝ exp(−(‖x − c‖² + cost(c)) / 2 σ²)
 *
 * in Oklab, without those that are `UNLIKELY`. Where the likeliest is likelier than `sure` the pixel gets that one, so that flat areas are
 * flat. Where a palette knows places, a colour also costs −2 σ² log q(c, j) at the pixel j (see `PalettePlaces`), but never more in all than
 * a chance of `RARELY`; a picture of another size may have all colours anywhere. Alpha stays, and clear pixels do; where the palette is
 * cut, a pixel is opaque from one half on and else clear and black.
 *
 * Source: Bishop 2006, Pattern Recognition and Machine Learning, section 1.5.5: the estimate of least squared error; and see
 * `paletteCosts`.
 * @param pixels RGBA bytes, sRGB
 * @returns      as many bytes as `pixels`
 * @throws       RangeError when the bytes are no whole pixels
 */
export function expectedColours(
  pixels: Uint8Array | Uint8ClampedArray,
  colours: PictureColours,
): Uint8Array<ArrayBuffer> {
  if (pixels.length % 4 !== 0) {
    throw new RangeError(`expectedColours: ${pixels.length} bytes; expected whole pixels of 4`);
  }
  const { entries, sure, isCut } = colours;
  const choice = new Choice(colours, pixels.length / 4);
  const result = new Uint8Array(pixels);
  for (let at = 0; at < pixels.length; at += 4) {
    if (isCut) result.set(pixels[at + 3]! < HALF_OPAQUE ? CLEAR : OPAQUE, at);
    if (result[at + 3] === 0) continue;
    const [best, sums] = choice.between(oklabAt(pixels, at), at / 4);
    const isMixed = sure * sums[3]! > 1; // the likeliest has the weight 1
    for (let channel = 0; channel < 3; channel++) {
      result[at + channel] = isMixed ? Math.round(sums[channel]! / sums[3]!) : entries[best + 4 + channel]!;
    }
  }
  return result;
}

/** The tables of palettes whose pictures were made here. */
const tables = new WeakMap<PalettePlaces, ChanceTable>();

function tableOf(places: PalettePlaces, numColours: number): ChanceTable {
  const table = tables.get(places) ?? new ChanceTable(places, numColours);
  tables.set(places, table);
  return table;
}

/** Chooses between colours at one pixel after the other. */
class Choice {
  private readonly entries: Float32Array;
  private readonly twiceVariance: number;
  private readonly layout: PlacesLayout | null;
  private readonly table: ChanceTable | null;
  /** How much less likely than the likeliest a colour may be and still count: where none is mixed, not at all. */
  private readonly reach: number;
  /** What the chance of a byte costs, and the most that a colour costs. */
  private readonly unit: number;
  private readonly most: number;
  /** Colours and bytes of a pixel where every one may be. */
  private readonly everywhere: LikelyColours;
  private readonly isCheapestFirst: boolean;
  private readonly totals: Float64Array;
  private readonly sums = new Float64Array(4);

  constructor({ entries, deviation, sure, places }: PictureColours, numPixels: number) {
    const numColours = entries.length / ENTRY;
    this.entries = entries;
    this.twiceVariance = 2 * deviation ** 2;
    this.reach = sure > 0 ? -UNLIKELY * this.twiceVariance : 0;
    this.layout = places && numPixels === places.widthPx * places.views.length * places.heightPx ? places : null;
    this.table = places && this.layout && tableOf(places.known, numColours);
    this.unit = this.twiceVariance * CHANCE_STEP;
    this.most = this.table ? -this.twiceVariance * Math.log(RARELY) : Number.POSITIVE_INFINITY;
    this.everywhere = {
      colours: Uint16Array.from({ length: numColours }, (_, i) => i),
      bytes: new Uint8Array(numColours),
    };
    this.isCheapestFirst = !places;
    this.totals = new Float64Array(numColours);
  }

  /**
   * Where the entry of the likeliest colour begins, and the sums of red, green and blue by weights with that of the weights.
   *
   * Colours that are rare at the pixel all cost the most that any does, so they are looked at only where nothing likely is near.
   */
  between(own: Oklab, pixel: number): [best: number, sums: Float64Array] {
    const likely = this.table ? this.table.likelyAt(cellOf(pixel, this.layout!)) : this.everywhere;
    const best = this.weigh(own, likely, this.table !== null);
    if (best >= 0 && this.totals[best]! + this.reach < this.most) return this.addUp(likely, best);
    const rare = this.withRare(likely);
    return this.addUp(rare, this.weigh(own, rare, false));
  }

  /** All colours, with bytes for those that are likely and the largest for the others. */
  private withRare({ colours, bytes }: LikelyColours): LikelyColours {
    const all = { colours: this.everywhere.colours, bytes: new Uint8Array(this.everywhere.bytes.length).fill(NEVER) };
    for (const [i, colour] of colours.entries()) all.bytes[colour] = bytes[i]!;
    return all;
  }

  /**
   * Notes for each colour that may count its squared distance and its cost.
   *
   * @param isSorted whether those with the largest chances come first
   * @returns        the place of the least total; −1 of no colours
   */
  private weigh(own: Oklab, { colours, bytes }: LikelyColours, isSorted: boolean): number {
    const { entries, unit, most, totals, reach } = this;
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    totals.fill(Number.POSITIVE_INFINITY, 0, colours.length);
    for (let i = 0; i < colours.length; i++) {
      const at = ENTRY * colours[i]!;
      const chance = unit * bytes[i]!;
      const cost = Math.min(most, entries[at + 3]! + chance);
      if ((isSorted ? chance : this.isCheapestFirst ? cost : 0) > least + reach) break;
      const lightness = own[0] - entries[at]!;
      const a = own[1] - entries[at + 1]!;
      const b = own[2] - entries[at + 2]!;
      const total = lightness * lightness + a * a + b * b + cost;
      totals[i] = total;
      if (total >= least) continue;
      least = total;
      best = i;
    }
    return best;
  }

  private addUp({ colours }: LikelyColours, best: number): [best: number, sums: Float64Array] {
    const { entries, totals, twiceVariance, sums } = this;
    const least = totals[best]!;
    const most = least + this.reach;
    sums.fill(0);
    for (let i = 0; i < colours.length && this.reach > 0; i++) {
      if (totals[i]! > most) continue;
      const at = ENTRY * colours[i]!;
      const weight = Math.exp((least - totals[i]!) / twiceVariance);
      sums[0]! += weight * entries[at + 4]!;
      sums[1]! += weight * entries[at + 5]!;
      sums[2]! += weight * entries[at + 6]!;
      sums[3]! += weight;
    }
    return [ENTRY * colours[best]!, sums];
  }
}

function oklabAt(bytes: ArrayLike<number>, at: number): Oklab {
  return toOklab(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!);
}
