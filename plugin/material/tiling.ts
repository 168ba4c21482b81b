import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { quote } from '../../runtime/index.ts';

/** How often a picture repeats across a mesh: in both directions, or in each. */
export type Repetition = number | readonly [u: number, v: number];

/** How often a picture repeats in each direction. @throws RangeError for what is no number, or not above 0 */
export function repeats(tiling: Repetition): readonly [u: number, v: number] {
  const pair: unknown = typeof tiling === 'number' ? [tiling, tiling] : tiling;
  const isRight =
    Array.isArray(pair) && pair.length === 2 && pair.every((times) => Number.isFinite(times) && times > 0);
  if (isRight) return [pair[0], pair[1]];
  const expected = 'a number above 0, or one for each direction: [4, 2]';
  throw new RangeError(
    `generateMaterialAsync: tiling is ${typeof tiling === 'string' ? quote(tiling) : tiling}; expected ${expected}`,
  );
}

/** Repeats a picture so often, also one whose edges do not meet. */
export function repeat(texture: Texture, [u, v]: readonly [u: number, v: number]): void {
  texture.uScale *= u;
  texture.vScale *= v;
  if (u !== 1) texture.wrapU = Texture.WRAP_ADDRESSMODE;
  if (v !== 1) texture.wrapV = Texture.WRAP_ADDRESSMODE;
}
