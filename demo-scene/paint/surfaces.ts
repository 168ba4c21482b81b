import { fractalNoise, lattice, lerp, smoothstep, valueNoise } from './noise.ts';
import type { Rgb, Surface } from './surface.ts';

function mixColours(from: Rgb, to: Rgb, share: number): Rgb {
  return [lerp(from[0], to[0], share), lerp(from[1], to[1], share), lerp(from[2], to[2], share)];
}

/** Timber with its grain along u. */
export function timber(seed: number, dark: Rgb, light: Rgb): Surface {
  const rings = fractalNoise(seed, 2, 12, 3);
  const fibres = valueNoise(seed + 9, 6, 128);
  const tone = fractalNoise(seed + 19, 1, 4, 2);
  return (u, v) => {
    const ring = Math.abs(((rings(u, v) * 7) % 1) - 0.5) * 2;
    const share = 0.5 * tone(u, v) + 0.3 * ring + 0.3 * fibres(u, v) - 0.05;
    return { colour: mixColours(dark, light, share), height: 0.6 * fibres(u, v) + 0.4 * ring };
  };
}

const NUM_BOARDS = 8;
const SEAM = 0.035;

/** Floor boards along u, laid with staggered ends. */
export function boards(seed: number, dark: Rgb, light: Rgb): Surface {
  const wood = timber(seed, dark, light);
  const wear = fractalNoise(seed + 40, 3, 3, 3);
  return (u, v) => {
    const board = Math.floor(v * NUM_BOARDS);
    const across = v * NUM_BOARDS - board;
    const along = (u + lattice(seed, board, 1)) % 1;
    const isSeam = Math.min(across, 1 - across) < SEAM || along < SEAM / NUM_BOARDS;
    const { colour, height } = wood((u + lattice(seed, board, 2)) % 1, v);
    const tone = (0.72 + 0.4 * lattice(seed, board, 3)) * (0.75 + 0.5 * wear(u, v)) * (isSeam ? 0.25 : 1);
    const shaded: Rgb = [colour[0] * tone, colour[1] * tone, colour[2] * tone];
    return { colour: shaded, height: isSeam ? 0 : 0.6 + 0.15 * height + 0.2 * lattice(seed, board, 4) };
  };
}

/** Lime plaster, smoked by years of candles. */
export function plaster(seed: number, dark: Rgb, light: Rgb): Surface {
  const stains = fractalNoise(seed, 2, 2, 4);
  const trowel = fractalNoise(seed + 7, 8, 8, 4);
  return (u, v) => {
    const share = 0.7 * smoothstep(0.25, 0.75, stains(u, v)) + 0.3 * trowel(u, v);
    return { colour: mixColours(dark, light, share), height: trowel(u, v) };
  };
}

const COURSES = 6;
const STONES = 4;
const MORTAR = 0.06;

/** Rough stones in courses. */
export function masonry(seed: number, mortar: Rgb, dark: Rgb, light: Rgb): Surface {
  const rough = fractalNoise(seed, 10, 10, 4);
  const bend = fractalNoise(seed + 3, 5, 5, 2);
  return (u, v) => {
    const [bentU, bentV] = [u + 0.03 * (bend(u, v) - 0.5), v + 0.035 * (bend(v, u) - 0.5) + 1];
    const course = Math.floor(bentV * COURSES) % COURSES;
    const x = (bentU + 1 + lattice(seed, course, 5) + (0.5 * (course % 2)) / STONES) * STONES;
    const stone = Math.floor(x) % STONES;
    const [across, along] = [(bentV * COURSES) % 1, x % 1];
    const edge = Math.min(across, 1 - across, 1.6 * along, 1.6 * (1 - along));
    const body = smoothstep(MORTAR, 0.2, edge);
    const tone = mixColours(dark, light, 0.65 * lattice(seed + 1, course, stone) + 0.35 * rough(u, v));
    return { colour: mixColours(mortar, tone, body), height: 0.75 * body + 0.25 * rough(u, v) };
  };
}
