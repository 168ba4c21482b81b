// The guide's pictures, all painted by shipped models from fixed seeds.

import { denoising, forward, latents, reconstruction, schedules, slerped } from './diffusion.ts';
import { inpainting, variation } from './editing.ts';
import { overgrown, tiles, weathered } from './materials.ts';
import type { Draw } from './painting.ts';
import { blends, expressions, hair, kinds, palettes, people } from './people.ts';
import { pipelines } from './pipelines.ts';
import { walkers } from './walkers.ts';

/** The pictures by the model that paints them and by the name of their file. */
export const PICTURES: Record<string, Record<string, Draw>> = {
  portraits: {
    kinds,
    people,
    hair,
    expressions,
    blends,
    reconstruction,
    forward,
    denoising,
    schedules,
    latents,
    variation,
    slerp: slerped,
    inpainting,
    palettes,
    pipelines,
  },
  characters: { walkers },
  materials: { tiles, weathered, overgrown },
};
