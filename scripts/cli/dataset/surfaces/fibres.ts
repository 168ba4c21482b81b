import { fractal, hash, smoothstep, wrap } from './noise.ts';
import { type Dice, mix, type Rgb, type Surface, scale } from './surface.ts';

const WOODS: Rgb[] = [
  [150, 104, 64],
  [104, 68, 44],
  [186, 142, 94],
  [84, 58, 44],
  [130, 112, 92],
  [158, 88, 52],
];
const REEDS: Rgb[] = [
  [186, 134, 62],
  [150, 104, 60],
  [206, 170, 110],
  [96, 110, 84],
  [120, 86, 66],
];

/** Planks with grain along them, upright or lying, some broken by joints. */
export function wood(dice: Dice): Surface {
  const planks = dice.oneOf([2, 4, 4, 6, 8]);
  const [isUpright, hasEnds, seed] = [dice.between(0, 1) < 0.5, dice.between(0, 1) < 0.6, dice.whole(0, 1e6)];
  const [base, dark, spread] = [dice.colour(WOODS), dice.between(0.45, 0.7), dice.between(0.1, 0.35)];
  const [gap, rings] = [dice.between(0.03, 0.08), dice.whole(2, 5)];
  return (u, v) => {
    const [along, across] = isUpright ? [wrap(v, 1), wrap(u, 1)] : [wrap(u, 1), wrap(v, 1)];
    const plank = Math.floor(across * planks);
    const place = across * planks - plank;
    const start = hash(seed, plank, 7);
    const end = hasEnds ? wrap(along - start, 1) : 0.5;
    const edge = Math.min(place, 1 - place, Math.min(end, 1 - end) * planks);
    const raised = smoothstep(gap / 2, gap / 2 + 0.06, edge);
    const bend = fractal(seed + plank, 2, 2, 2, along, across);
    const grain = fractal(seed + 31 * plank, 3, rings * planks * 2, 3, along, wrap(across + 0.05 * bend, 1));
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
    const isAcross = wrap(Math.floor((i + j) / twill), 2) === 0;
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
