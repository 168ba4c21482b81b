import { cellAt, fractal, hash, smoothstep, wrap } from './noise.ts';
import { type Dice, mix, type Rgb, type Surface, scale } from './surface.ts';

const BRICKS: Rgb[] = [
  [150, 72, 52],
  [172, 98, 70],
  [120, 60, 50],
  [188, 160, 130],
  [128, 122, 116],
  [96, 70, 60],
];
const MORTARS: Rgb[] = [
  [178, 170, 160],
  [120, 114, 108],
  [70, 64, 60],
  [205, 196, 180],
];
const STONES: Rgb[] = [
  [136, 132, 126],
  [104, 104, 106],
  [160, 146, 122],
  [118, 110, 92],
  [84, 84, 90],
];
const GLAZES: Rgb[] = [
  [214, 210, 200],
  [60, 110, 124],
  [158, 84, 56],
  [70, 74, 92],
  [196, 170, 130],
  [90, 118, 86],
];
const SHINGLES: Rgb[] = [
  [150, 72, 48],
  [92, 88, 92],
  [110, 84, 62],
  [72, 84, 78],
  [176, 108, 66],
];

/** Rows of bricks, every other one moved by half a brick. */
export function brick(dice: Dice): Surface {
  const rows = 2 * dice.whole(2, 6);
  const columns = Math.max(1, Math.round(rows / dice.between(2, 3.2)));
  const [joint, bevel, seed] = [dice.between(0.04, 0.1), dice.between(0.03, 0.12), dice.whole(0, 1e6)];
  const [base, mortar, spread] = [dice.colour(BRICKS), dice.colour(MORTARS), dice.between(0.1, 0.4)];
  const [rough, offset] = [dice.between(0.1, 0.35), dice.oneOf([0.5, 0.5, 0.5, 0.33])];
  return (u, v) => {
    const y = wrap(v * rows, rows);
    const row = Math.floor(y);
    const x = wrap(u * columns + (row % 2) * offset, columns);
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
    const [x, y] = [wrap(u * cells, cells), wrap(v * cells, cells)];
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
    const columnAt = (line: number) => wrap(u * columns + (wrap(line, rows) % 2) * 0.5, columns);
    const lowerEdge = (line: number) => 1 - round * (2 * Math.abs((columnAt(line) % 1) - 0.5)) ** 2;
    if (down > lowerEdge(row)) [row, down] = [row + 1, down - 1]; // the row below shows through
    const x = columnAt(row);
    const side = Math.min(x % 1, 1 - (x % 1));
    const reach = Math.min(1, (lowerEdge(row) - down) / 0.12);
    const grain = fractal(seed, 8, 16, 3, u, v);
    const joint = smoothstep(0, gap, side);
    const tone =
      (1 + spread * (hash(seed, Math.floor(x), wrap(row, rows)) - 0.5) + 0.25 * (grain - 0.5)) * (0.65 + 0.35 * joint);
    const height = (0.35 + 0.6 * Math.max(0, Math.min(1, down + 0.3))) * joint * smoothstep(0, 1, reach);
    return { colour: scale(base, tone), height };
  };
}
