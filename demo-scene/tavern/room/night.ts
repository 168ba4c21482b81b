// The night outside, painted pixel by pixel: a moon, stars, roofs and lit windows, as the door and the window show it. The moon
// is in the window alone, since both can be seen at once.
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Color3 } from '@babylonjs/core/Maths/math.color.js';
import { CreateGround } from '@babylonjs/core/Meshes/Builders/groundBuilder.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import type { Mesh } from '@babylonjs/core/Meshes/mesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { ART_PIXEL_M } from '../artPixel.ts';
import type { Vec } from './parts.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** The sky from the top down to the horizon. */
const SKY: readonly Colour[] = [
  [9, 12, 34],
  [14, 20, 50],
  [22, 33, 70],
  [36, 50, 92],
  [60, 68, 108],
];
const STARS: readonly Colour[] = [
  [255, 250, 230],
  [190, 205, 255],
  [120, 140, 200],
];
const MOON: Colour = [250, 240, 205];
const MOON_SHADE: Colour = [214, 204, 176];
const HALO: Colour = [70, 84, 130];
const ROOF: Colour = [13, 13, 26];
const WALL: Colour = [20, 19, 33];
const LIT: Colour = [255, 186, 92];
const LIT_DIM: Colour = [196, 116, 48];
const GRASS: Colour = [12, 20, 22];
const PATH: Colour = [40, 44, 58];
const STAR_SHARE = 0.012;
/** The thresholds of ordered dithering (Bayer 1973), 4 × 4. */
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5].map((rank) => (rank + 0.5) / 16);

export interface NightView {
  widthPx: number;
  heightPx: number;
  /** The row of the horizon, as a share of the height from the top. */
  horizon: number;
  /** Middle and radius of the moon, in pixels; a view without it looks past the moon. */
  moon?: readonly [x: number, y: number, radius: number];
  /** Left edge, width and height of the houses on the horizon, in pixels. */
  houses: readonly (readonly [x: number, width: number, height: number])[];
}

/** A view of the night: RGBA bytes, top row first. */
export function nightPixels(view: NightView): Uint8Array {
  const { widthPx, heightPx } = view;
  const pixels = new Uint8Array(4 * widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const colour = houseAt(view, x, y) ?? groundAt(view, x, y) ?? moonAt(view, x, y) ?? skyAt(view, x, y);
      pixels.set([...colour, 255], 4 * (y * widthPx + x));
    }
  }
  return pixels;
}

function skyAt({ heightPx, horizon }: NightView, x: number, y: number): Colour {
  const height = y / (horizon * heightPx);
  if (scattered(x, y) < STAR_SHARE * (1.2 - height)) return STARS[Math.floor(3 * scattered(y, x))]!;
  const at = Math.min(0.999, height) * (SKY.length - 1);
  const step = Math.floor(at) + (at % 1 > BAYER[(y % 4) * 4 + (x % 4)]! ? 1 : 0);
  return SKY[step]!;
}

function moonAt({ moon }: NightView, x: number, y: number): Colour | null {
  if (!moon) return null;
  const [moonX, moonY, radius] = moon;
  const distance = Math.hypot(x - moonX, y - moonY) / radius;
  if (distance <= 1)
    return Math.hypot(x - moonX - 0.35 * radius, y - moonY + 0.2 * radius) / radius > 1 ? MOON_SHADE : MOON;
  const glow = 1.9 - distance;
  return glow > BAYER[(y % 4) * 4 + (x % 4)]! ? HALO : null;
}

/** Houses with steep roofs; some of their windows are lit. */
function houseAt({ heightPx, horizon, houses }: NightView, x: number, y: number): Colour | null {
  const above = Math.round(horizon * heightPx) - y;
  if (above < 0) return null;
  for (const [left, width, height] of houses) {
    const [along, middle] = [x - left, width / 2];
    if (along < 0 || along >= width) continue;
    const eaves = 0.55 * height;
    if (above > eaves) {
      if (above <= height - Math.abs(along + 0.5 - middle) * ((height - eaves) / middle)) return ROOF;
      continue;
    }
    const [column, row] = [along % 6, Math.floor(above) % 8];
    const isWindow = column >= 2 && column <= 4 && row >= 3 && row <= 6 && along < width - 1;
    if (isWindow && scattered(Math.floor(x / 6) + left, Math.floor(above / 8)) > 0.35) return row === 3 ? LIT_DIM : LIT;
    return WALL;
  }
  return null;
}

/** Grass, and a path that widens towards the door. */
function groundAt({ widthPx, heightPx, horizon }: NightView, x: number, y: number): Colour | null {
  const below = y - horizon * heightPx;
  if (below <= 0) return null;
  const isPath = Math.abs(x - widthPx / 2 - 3 * Math.sin(below / 9)) < 3 + 0.36 * below;
  return isPath && scattered(x >> 1, y) > 0.12 ? PATH : GRASS;
}

/** A number from 0 to less than 1, always the same for one place. */
function scattered(x: number, y: number): number {
  let bits = Math.imul(x + 1, 0x9e3779b1) ^ Math.imul(y + 7, 0x85ebca77);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39);
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
}

/** Hangs a view of the night behind an opening. @param at the middle of the opening */
export function hangNight(
  scene: Scene,
  [width, height]: readonly [number, number],
  at: Vec,
  view: Omit<NightView, 'widthPx' | 'heightPx'>,
): Mesh {
  const [widthPx, heightPx] = [width, height].map((length) => Math.round(length / ART_PIXEL_M)) as [number, number];
  const pixels = nightPixels({ ...view, widthPx, heightPx });
  const texture = RawTexture.CreateRGBATexture(
    pixels,
    widthPx,
    heightPx,
    scene,
    false,
    true,
    RawTexture.NEAREST_SAMPLINGMODE,
  );
  const material = new StandardMaterial('night', scene);
  material.disableLighting = true;
  material.emissiveTexture = texture;
  const mesh = CreatePlane('night', { width, height }, scene);
  mesh.material = material;
  mesh.position.set(...at);
  mesh.isPickable = false;
  return mesh;
}

const FADE_PX = 16;

/** The moon's light on the floor inside the door: invisible until the door opens. */
export function createMoonlight(scene: Scene, widthM: number, lengthM: number, [x, y, z]: Vec): Mesh {
  const fade = new Uint8Array(4 * FADE_PX).map((_, i) => (i % 4 < 3 ? 255 : 150 * ((i >> 2) / FADE_PX)));
  const material = new StandardMaterial('moonlight', scene);
  material.disableLighting = true;
  material.emissiveColor = new Color3(0.3, 0.4, 0.75);
  material.opacityTexture = RawTexture.CreateRGBATexture(fade, 1, FADE_PX, scene, false);
  const light = CreateGround('moonlight', { width: widthM, height: lengthM }, scene);
  light.material = material;
  light.position.set(x, y, z);
  light.isPickable = false;
  light.isVisible = false;
  return light;
}
