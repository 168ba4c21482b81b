// Seamless surfaces drawn by formula, to train on beside photographs: their courses and grids are regular.
import type { Dataset } from '../../../../runtime/index.ts';
import { weave, wood } from './fibres.ts';
import { brick, paving, roof, stone, tile } from './masonry.ts';
import { Dice, renderSurface, type Surface } from './surface.ts';

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
