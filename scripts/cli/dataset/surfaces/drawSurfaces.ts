// Seamless surfaces drawn by formula, to train on beside photographs: their courses and grids are regular.
import { wrapped } from '../../../../runtime/core/wrapped.ts';
import type { Dataset } from '../../../../runtime/index.ts';
import { colours } from '../colours.ts';
import { cellAt, fractal, hash, smoothstep } from './noise.ts';
import { Dice, mix, renderSurface, type Surface, scale } from './surface.ts';

const MATERIALS: Readonly<Record<string, (dice: Dice) => Surface>> = { brick, paving, roof, stone, tile, weave, wood };

export const SURFACE_LABELS = Object.keys(MATERIALS);

export interface SurfaceDatasetOptions {
  /** Images of each material. */
  count?: number;
  sizePx?: number;
  /** uint32. */
  seed?: number;
  /** Called after each image. */
  onProgress?: (numDone: number, numImages: number) => void;
}

export const SURFACE_DEFAULTS = { count: 200, sizePx: 64, seed: 0 };

/** Draws a data set of seamless RGB surfaces. Yields to timers while it draws. */
export async function drawSurfaces(options: SurfaceDatasetOptions = {}): Promise<Dataset> {
  const { count, sizePx, seed, onProgress } = { ...SURFACE_DEFAULTS, ...options };
  const numImages = SURFACE_LABELS.length * count;
  const images = new Uint8Array(numImages * sizePx * sizePx * 3);
  for (let index = 0; index < numImages; index++) {
    const dice = new Dice(seed, index);
    const relief = dice.between(1, 5);
    const surface = MATERIALS[SURFACE_LABELS[Math.floor(index / count)]!]!(dice);
    images.set(renderSurface(surface, sizePx, relief), index * sizePx * sizePx * 3);
    onProgress?.(index + 1, numImages);
    if (index % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    name: 'surfaces',
    widthPx: sizePx,
    heightPx: sizePx,
    channels: 3,
    labels: [...SURFACE_LABELS],
    licence: 'CC0 1.0',
    attribution: 'Drawn by formula (figment dataset surfaces)',
    images,
    classLabels: Int32Array.from({ length: numImages }, (_, index) => Math.floor(index / count)),
  };
}

const WOODS = colours('966840 68442c ba8e5e 543a2c 82705c 9e5834');
const REEDS = colours('ba863e 96683c ceaa6e 606e54 785642');

/** Planks with grain along them, upright or lying, some broken by joints. */
export function wood(dice: Dice): Surface {
  const planks = dice.oneOf([2, 4, 4, 6, 8]);
  const [isUpright, hasEnds, seed] = [dice.between(0, 1) < 0.5, dice.between(0, 1) < 0.6, dice.whole(0, 1e6)];
  const [base, dark, spread] = [dice.colour(WOODS), dice.between(0.45, 0.7), dice.between(0.1, 0.35)];
  const [gap, rings] = [dice.between(0.03, 0.08), dice.whole(2, 5)];
  return (u, v) => {
    const [along, across] = isUpright ? [wrapped(v, 1), wrapped(u, 1)] : [wrapped(u, 1), wrapped(v, 1)];
    const plank = Math.floor(across * planks);
    const place = across * planks - plank;
    const start = hash(seed, plank, 7);
    const end = hasEnds ? wrapped(along - start, 1) : 0.5;
    const edge = Math.min(place, 1 - place, Math.min(end, 1 - end) * planks);
    const raised = smoothstep(gap / 2, gap / 2 + 0.06, edge);
    const bend = fractal(seed + plank, 2, 2, 2, along, across);
    const grain = fractal(seed + 31 * plank, 3, rings * planks * 2, 3, along, wrapped(across + 0.05 * bend, 1));
    const tone = 1 + spread * (hash(seed, plank, 3) - 0.5);
    const colour = mix(scale(base, tone * dark), scale(base, tone), 0.25 + 0.75 * smoothstep(0.25, 0.7, grain));
    return { colour: scale(colour, 0.35 + 0.65 * raised), height: raised * (0.85 + 0.15 * grain) };
  };
}

/** Bands that go over and under each other. */
export function weave(dice: Dice): Surface {
  const bands = 2 * dice.whole(2, 5);
  const [first, seed] = [dice.colour(REEDS), dice.whole(0, 1e6)];
  const second = dice.between(0, 1) < 0.5 ? first : dice.colour(REEDS);
  const [fill, twill] = [dice.between(0.75, 0.95), dice.oneOf([1, 1, 2])];
  const strands = dice.whole(2, 4);
  return (u, v) => {
    const [x, y] = [u * bands, v * bands];
    const [i, j] = [Math.floor(x), Math.floor(y)];
    const isAcross = wrapped(Math.floor((i + j) / twill), 2) === 0;
    const [along, place, at] = isAcross ? [x - i, y - j, y] : [y - j, x - i, x];
    const half = (Math.abs(place - 0.5) * 2) / fill;
    const arch = Math.sin(Math.PI * Math.min(1, Math.max(0, along)));
    const bulge = half < 1 ? Math.sqrt(1 - half * half) : 0;
    const fibre = 0.5 + 0.5 * Math.cos(2 * Math.PI * at * strands);
    const grain = isAcross ? fractal(seed, 8, 64, 2, u, v) : fractal(seed, 64, 8, 2, u, v);
    const height = half < 1 ? bulge * (0.5 + 0.5 * arch) : 0;
    const tone = (0.75 + 0.15 * fibre + 0.25 * grain) * (half < 1 ? 0.55 + 0.45 * arch : 0.3);
    return { colour: scale(isAcross ? first : second, tone), height };
  };
}

const BRICKS = colours('964834 ac6246 783c32 bca082 807a74 60463c');
const MORTARS = colours('b2aaa0 78726c 46403c cdc4b4');
const STONES = colours('88847e 68686a a0927a 766e5c 54545a');
const GLAZES = colours('d6d2c8 3c6e7c 9e5438 464a5c c4aa82 5a7656');
const SHINGLES = colours('964830 5c585c 6e543e 48544e b06c42');

/** Rows of bricks, every other one moved by half a brick. */
export function brick(dice: Dice): Surface {
  const rows = 2 * dice.whole(2, 6);
  const columns = Math.max(1, Math.round(rows / dice.between(2, 3.2)));
  const [joint, bevel, seed] = [dice.between(0.04, 0.1), dice.between(0.03, 0.12), dice.whole(0, 1e6)];
  const [base, mortar, spread] = [dice.colour(BRICKS), dice.colour(MORTARS), dice.between(0.1, 0.4)];
  const [rough, offset] = [dice.between(0.1, 0.35), dice.oneOf([0.5, 0.5, 0.5, 0.33])];
  return (u, v) => {
    const y = wrapped(v * rows, rows);
    const row = Math.floor(y);
    const x = wrapped(u * columns + (row % 2) * offset, columns);
    const [across, down] = [x % 1, y % 1];
    const aspect = rows / columns;
    const edge = Math.min(Math.min(across, 1 - across) * aspect, Math.min(down, 1 - down));
    const grain = fractal(seed, 12, 12, 3, u, v);
    const raised = smoothstep(joint / 2, joint / 2 + bevel, edge + 0.06 * (grain - 0.5));
    const tone = 1 + spread * (hash(seed, Math.floor(x), row) - 0.5) + rough * (grain - 0.5);
    return {
      colour: mix(scale(mortar, 0.85 + 0.3 * grain), scale(base, tone), raised),
      height: raised * (0.8 + 0.3 * grain),
    };
  };
}

/** A square grid, plain, checkered or with a rhomb at each crossing. */
export function tile(dice: Dice): Surface {
  const cells = dice.oneOf([2, 2, 4, 4, 6, 8]);
  const [joint, bevel, seed] = [dice.between(0.03, 0.08), dice.between(0.02, 0.08), dice.whole(0, 1e6)];
  const [first, second, mortar] = [dice.colour(GLAZES), dice.colour(GLAZES), dice.colour(MORTARS)];
  const [kind, spread, rhomb] = [
    dice.oneOf(['plain', 'plain', 'checker', 'rhomb']),
    dice.between(0, 0.2),
    dice.between(0.15, 0.35),
  ];
  return (u, v) => {
    const [x, y] = [wrapped(u * cells, cells), wrapped(v * cells, cells)];
    const [i, j] = [Math.floor(x), Math.floor(y)];
    const corner = Math.abs(x - Math.round(x)) + Math.abs(y - Math.round(y));
    const isRhomb = kind === 'rhomb' && corner < rhomb;
    const square = Math.min(x - i, 1 - (x - i), y - j, 1 - (y - j));
    const edge = kind === 'rhomb' ? Math.min(isRhomb ? 1 : square, Math.abs(corner - rhomb) / Math.SQRT2) : square;
    const raised = smoothstep(joint / 2, joint / 2 + bevel, edge);
    const cloud = fractal(seed, 6, 6, 3, u, v);
    const isSecond = isRhomb || (kind === 'checker' && (i + j) % 2 === 1);
    const tone = 1 + spread * (hash(seed, i, j) - 0.5) + 0.15 * (cloud - 0.5);
    return { colour: mix(mortar, scale(isSecond ? second : first, tone), raised), height: raised };
  };
}

/** Cobbles: round stones close together. */
export function paving(dice: Dice): Surface {
  return stones(dice, dice.whole(5, 9), dice.between(0.3, 0.7), dice.between(0.25, 0.4));
}

/** A wall of large rough stones. */
export function stone(dice: Dice): Surface {
  return stones(dice, dice.whole(3, 5), dice.between(0.6, 1), dice.between(0.1, 0.25));
}

function stones(dice: Dice, cells: number, jitter: number, roundness: number): Surface {
  const [joint, seed, spread] = [dice.between(0.04, 0.12), dice.whole(0, 1e6), dice.between(0.15, 0.5)];
  const [base, mortar, rough] = [dice.colour(STONES), dice.colour(MORTARS), dice.between(0.2, 0.5)];
  return (u, v) => {
    const grain = fractal(seed + 9, 10, 10, 4, u, v);
    const { id, edge } = cellAt(seed, cells, jitter, u, v);
    const raised = smoothstep(joint, joint + roundness, edge + 0.1 * (grain - 0.5));
    const tone = 1 + spread * (id - 0.5) + rough * (grain - 0.5);
    return {
      colour: mix(scale(mortar, 0.7), scale(base, tone), smoothstep(0, 0.5, raised)),
      height: raised * (0.75 + 0.35 * grain),
    };
  };
}

/** Overlapping rows of shingles, straight or rounded below. */
export function roof(dice: Dice): Surface {
  const rows = 2 * dice.whole(2, 5);
  const columns = Math.max(2, Math.round(rows * dice.between(0.5, 1)));
  const [round, seed, spread] = [dice.oneOf([0, 0.25, 0.45]), dice.whole(0, 1e6), dice.between(0.1, 0.4)];
  const [base, gap] = [dice.colour(SHINGLES), dice.between(0.05, 0.1)];
  return (u, v) => {
    let row = Math.floor(v * rows);
    let down = v * rows - row;
    const columnAt = (line: number) => wrapped(u * columns + (wrapped(line, rows) % 2) * 0.5, columns);
    const lowerEdge = (line: number) => 1 - round * (2 * Math.abs((columnAt(line) % 1) - 0.5)) ** 2;
    if (down > lowerEdge(row)) [row, down] = [row + 1, down - 1]; // the row below shows through
    const x = columnAt(row);
    const side = Math.min(x % 1, 1 - (x % 1));
    const reach = Math.min(1, (lowerEdge(row) - down) / 0.12);
    const grain = fractal(seed, 8, 16, 3, u, v);
    const joint = smoothstep(0, gap, side);
    const tone =
      (1 + spread * (hash(seed, Math.floor(x), wrapped(row, rows)) - 0.5) + 0.25 * (grain - 0.5)) *
      (0.65 + 0.35 * joint);
    const height = (0.35 + 0.6 * Math.max(0, Math.min(1, down + 0.3))) * joint * smoothstep(0, 1, reach);
    return { colour: scale(base, tone), height };
  };
}
