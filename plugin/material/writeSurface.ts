// Makes the maps of a surface. This file is loaded when the first surface material is made.
import type { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import {
  materialSettings,
  prepareSurfaceTexels,
  resultOf,
  type SurfaceOptions,
  scaleNearest,
  surfaceMapsInSlices,
  surfaceSettings,
  writeSurfaceTexels,
} from '../../runtime/index.ts';
import { checkNames } from '../checkNames.ts';
import { sharesDevice } from '../device.ts';
import { PAINTER_DEFAULTS } from '../painting/createPainter.ts';
import { FrameBudget } from '../painting/frameBudget.ts';
import type { GeneratedTexture } from '../texture/generatedTexture.ts';
import { gpuTextureOf, updateMipmaps } from '../texture/texelTexture.ts';

/** A picture, and the two textures that its maps are written into. */
interface WrittenSurface {
  readonly albedo: GeneratedTexture;
  readonly normal: RawTexture;
  readonly orm: RawTexture;
}

/** Warns of settings that do not exist. @throws RangeError for one out of range; TypeError when they are no object */
export function checkSurface(surface: SurfaceOptions): void {
  checkNames('surface', surface, Object.keys(materialSettings()));
  surfaceSettings(surface);
}

/**
 * Fills the maps of an albedo texture that has its picture: those that were generated with it as they are, and the others from
 * their height; or all from the picture alone. Where the picture is on the GPU alone, compute passes make them
 * there; otherwise this thread makes them, for as long in each frame as its generator may take.
 *
 * @throws RangeError for an option out of range; the signal's reason when aborted
 */
export async function writeSurface(
  written: WrittenSurface,
  surface: SurfaceOptions,
  signal: AbortSignal,
): Promise<void> {
  const { albedo } = written;
  // The texels have the bottom row first, and so do the maps: up in the picture is down in them.
  const options: SurfaceOptions = { ...surface, green: 'directx' };
  if (albedo.texels) await writeInSlices(written, albedo.texels.slice(), options, signal);
  else await writeOnDevice(written, options, signal);
}

async function writeOnDevice({ albedo, normal, orm }: WrittenSurface, options: SurfaceOptions, signal: AbortSignal) {
  const { device } = sharesDevice(albedo.getScene()!.getEngine())!;
  const pipelines = await prepareSurfaceTexels(device);
  signal.throwIfAborted();
  const targets = { normal: gpuTextureOf(normal), orm: gpuTextureOf(orm) };
  const generated = albedo.maps && gpuTextureOf(albedo.maps.texture);
  writeSurfaceTexels(device, pipelines, gpuTextureOf(albedo), targets, options, generated, factorOf(albedo));
  updateMipmaps(normal);
  updateMipmaps(orm);
}

async function writeInSlices(
  { albedo, normal, orm }: WrittenSurface,
  texels: Uint8Array,
  options: SurfaceOptions,
  signal: AbortSignal,
): Promise<void> {
  const { widthPx, heightPx } = albedo.look;
  const slices = surfaceMapsInSlices(texels, widthPx, heightPx, options, generatedMaps(albedo), factorOf(albedo));
  const engine = albedo.getScene()!.getEngine();
  const budget = new FrameBudget(albedo.frameBudgetMs ?? PAINTER_DEFAULTS.frameBudgetMs, engine);
  const maps = await resultOf(slices, { pace: { slice: () => budget.turnAsync() }, signal });
  normal.update(interleaved(maps.normal.pixels, maps.height.pixels));
  orm.update(interleaved(maps.orm.pixels, maps.cavity.pixels));
}

/** The bytes of the maps that were generated with the picture, of its size; null where there are none. */
function generatedMaps(albedo: GeneratedTexture): Uint8Array | null {
  const { maps } = albedo;
  if (!maps?.pixels) return null;
  return scaleNearest(maps.pixels, maps.widthPx, maps.heightPx, factorOf(albedo));
}

/** The factor by which pixel art has enlarged the picture of a texture. */
function factorOf({ look }: GeneratedTexture): number {
  return look.pixelArt?.factor ?? 1;
}

/** RGBA from RGB and alpha. */
function interleaved(rgb: Uint8Array, alpha: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(4 * alpha.length);
  for (let i = 0, from = 0, to = 0; i < alpha.length; i++, from += 3, to += 4) {
    rgba[to] = rgb[from]!;
    rgba[to + 1] = rgb[from + 1]!;
    rgba[to + 2] = rgb[from + 2]!;
    rgba[to + 3] = alpha[i]!;
  }
  return rgba;
}
