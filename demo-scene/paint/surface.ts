// Textures painted in code: a colour and a height for each texel, and the normals that follow from the heights.
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import type { Scene } from '@babylonjs/core/scene.js';

export type Rgb = readonly [red: number, green: number, blue: number];

export interface Texel {
  /** 0 … 255, sRGB. */
  colour: Rgb;
  /** 0 … 1. */
  height: number;
}

/** What a surface looks like at (u, v), each 0 … 1; it repeats beyond. */
export type Surface = (u: number, v: number) => Texel;

export interface SurfaceTextures {
  albedo: RawTexture;
  normals: RawTexture;
}

/** @param relief how deep the heights are, in texels */
export function paintSurface(scene: Scene, surface: Surface, sizePx: number, relief: number): SurfaceTextures {
  const numTexels = sizePx * sizePx;
  const colours = new Uint8Array(4 * numTexels);
  const heights = new Float32Array(numTexels);
  for (let i = 0; i < numTexels; i++) {
    const { colour, height } = surface((i % sizePx) / sizePx, Math.floor(i / sizePx) / sizePx);
    colours.set([...colour, 255], 4 * i);
    heights[i] = height;
  }
  const normals = normalsOf(heights, sizePx, relief);
  return { albedo: toTexture(scene, colours, sizePx), normals: toTexture(scene, normals, sizePx) };
}

/** RGBA bytes of a tangent-space normal map. */
function normalsOf(heights: Float32Array, sizePx: number, relief: number): Uint8Array {
  const normals = new Uint8Array(4 * heights.length);
  for (let i = 0; i < heights.length; i++) {
    const [x, y] = [i % sizePx, Math.floor(i / sizePx)];
    const right = heights[y * sizePx + ((x + 1) % sizePx)]!;
    const above = heights[((y + 1) % sizePx) * sizePx + x]!;
    const [slopeX, slopeY] = [(heights[i]! - right) * relief, (heights[i]! - above) * relief];
    const length = Math.hypot(slopeX, slopeY, 1);
    const bytes = [slopeX, slopeY, 1].map((value) => 127.5 * (1 + value / length));
    normals.set([...bytes, 255], 4 * i);
  }
  return normals;
}

const ANISOTROPY = 8;

function toTexture(scene: Scene, bytes: Uint8Array, sizePx: number): RawTexture {
  const texture = RawTexture.CreateRGBATexture(
    bytes,
    sizePx,
    sizePx,
    scene,
    true,
    false,
    Texture.TRILINEAR_SAMPLINGMODE,
  );
  texture.wrapU = texture.wrapV = Texture.WRAP_ADDRESSMODE;
  texture.anisotropicFilteringLevel = ANISOTROPY;
  return texture;
}
