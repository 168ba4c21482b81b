// What maps and pixel art can be asked for, by calls as by bake files: the ends of ranges.

type Bounds = readonly [min: number, max: number];

/** Numbers of a material's maps. */
export const SURFACE_BOUNDS = {
  depthPx: [0, 64],
  reliefPx: [0.5, 256],
  /** A height map's is no larger than its `reliefPx`, either. */
  grainPx: [0, 256],
  grain: [0, 2],
  plateau: [0, 4],
  radiusPx: [1, 64],
  edgePx: [0.5, 64],
  strength: [0, 8],
  roughness: [0, 1],
  wear: [-1, 1],
  metallic: [0, 1],
  rust: [0, 1],
} satisfies Record<string, Bounds>;

/** Numbers of pixel art; colours are how many a palette of its own has. */
export const PIXEL_ART_BOUNDS = {
  colours: [2, 256],
  dither: [0, 1],
  tolerance: [0, 255],
} satisfies Record<string, Bounds>;
