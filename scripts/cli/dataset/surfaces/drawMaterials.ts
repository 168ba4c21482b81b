// Seamless materials drawn by formula: the surfaces, unlit and more or less worn, with their exact maps.

import { uniforms } from '../../../../runtime/core/random.ts';
import { wrapped } from '../../../../runtime/core/wrapped.ts';
import type { Dataset } from '../../../../runtime/index.ts';
import {
  brick,
  paving,
  roof,
  SURFACE_DEFAULTS,
  type SurfaceDatasetOptions,
  stone,
  tile,
  weave,
  wood,
} from './drawSurfaces.ts';
import { fractal, smoothstep } from './noise.ts';
import { Dice, type MaterialPoint, mix, type Rgb, renderMaterial, type Surface, scale } from './surface.ts';

interface Kind {
  surface: (dice: Dice) => Surface;
  /** Where it is not worn. */
  roughness: number;
  metallic: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  brick: { surface: brick, roughness: 0.9, metallic: 0 },
  metal: { surface: metal, roughness: 0.35, metallic: 1 },
  paving: { surface: paving, roughness: 0.85, metallic: 0 },
  roof: { surface: roof, roughness: 0.75, metallic: 0 },
  stone: { surface: stone, roughness: 0.85, metallic: 0 },
  tile: { surface: tile, roughness: 0.2, metallic: 0 },
  weave: { surface: weave, roughness: 0.8, metallic: 0 },
  wood: { surface: wood, roughness: 0.6, metallic: 0 },
};

export const DRAWN_MATERIALS = Object.keys(KINDS);

const WEAR_STREAM = 1;

/** Draws a data set of materials, with `wear` from 0 to 1. Yields to timers while it draws. */
export async function drawMaterials(options: SurfaceDatasetOptions = {}): Promise<Dataset> {
  const { count, sizePx, seed, onProgress } = { ...SURFACE_DEFAULTS, ...options };
  const numImages = DRAWN_MATERIALS.length * count;
  const wear = Float32Array.from(uniforms(seed, WEAR_STREAM, numImages));
  const images = new Uint8Array(numImages * sizePx * sizePx * 6);
  for (let index = 0; index < numImages; index++) {
    const { surface, ...kind } = KINDS[DRAWN_MATERIALS[Math.floor(index / count)]!]!;
    const dice = new Dice(seed, index + WEAR_STREAM + 1);
    const material = worn(surface(dice), kind, wear[index]!, dice.whole(0, 1e6));
    images.set(renderMaterial(material, sizePx), index * sizePx * sizePx * 6);
    onProgress?.(index + 1, numImages);
    if (index % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    name: 'materials',
    widthPx: sizePx,
    heightPx: sizePx,
    channels: 6,
    labels: [...DRAWN_MATERIALS],
    licence: 'CC0 1.0',
    attribution: 'Drawn by formula (figment dataset surfaces --maps)',
    images,
    classLabels: Int32Array.from({ length: numImages }, (_, index) => Math.floor(index / count)),
    attributes: [{ name: 'wear', values: { min: 0, max: 1 }, data: wear }],
  };
}

const DIRT: Rgb = [92, 70, 48];
const RUST: Rgb = [128, 66, 30];
const WORN_ROUGHNESS = 0.95;

/** A surface with stains that grow with `wear`, 0 … 1: rust on metal, dirt elsewhere, a little lower and rough. */
export function worn(
  surface: Surface,
  { roughness, metallic }: Omit<Kind, 'surface'>,
  wear: number,
  seed: number,
): (u: number, v: number) => MaterialPoint {
  const edge = 1.05 - 0.85 * wear;
  return (u, v) => {
    const { colour, height } = surface(u, v);
    const stain = smoothstep(edge - 0.08, edge + 0.08, fractal(seed, 4, 4, 4, wrapped(u, 1), wrapped(v, 1)));
    const own = roughness + 0.15 * (0.5 - height);
    return {
      colour: mix(colour, metallic > 0 ? RUST : DIRT, 0.8 * stain),
      height: Math.min(1, height) * (1 - 0.2 * stain),
      roughness: own + (WORN_ROUGHNESS - own) * stain,
      metallic: metallic * (1 - stain),
    };
  };
}

const METALS: Rgb[] = [
  [150, 152, 156],
  [112, 116, 122],
  [170, 160, 146],
];

/** Plates with rivets at their corners. */
export function metal(dice: Dice): Surface {
  const [plates, seed] = [dice.oneOf([1, 2, 2, 3]), dice.whole(0, 1e6)];
  const [base, gap, rivet] = [dice.colour(METALS), dice.between(0.02, 0.05), dice.between(0.04, 0.08)];
  return (u, v) => {
    const [x, y] = [wrapped(u * plates, 1), wrapped(v * plates, 1)];
    const raised = smoothstep(gap / 2, gap, Math.min(x, 1 - x, y, 1 - y));
    const inset = 2.5 * rivet;
    const [across, down] = [Math.min(x, 1 - x) - inset, Math.min(y, 1 - y) - inset];
    const knob = 1 - smoothstep(0.5 * rivet, rivet, Math.hypot(across, down));
    const brushed = fractal(seed, 2, 48, 2, wrapped(u, 1), wrapped(v, 1));
    return { colour: scale(base, 0.85 + 0.3 * brushed), height: raised * (0.7 + 0.3 * knob) };
  };
}
