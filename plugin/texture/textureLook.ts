import type { Scene } from '@babylonjs/core/scene.js';
import {
  definedOf,
  type ImageSize,
  imageSize,
  type ModelInfo,
  type PixelArtOptions,
  quote,
  type Recipe,
  type RecipeOptions,
} from '../../runtime/index.ts';
import { checkNames } from '../checkNames.ts';
import { LINEAR_LINEAR_LINEAR, NEAREST, NEAREST_LINEAR_LINEAR } from './texelTexture.ts';
import type { SavedSettings } from './textureSettings.ts';

/** A palette or a number of colours, and an enlargement; see `pixelArt` of the runtime. Whether pictures wrap follows from the model. */
export type PixelArtLook = Partial<PixelArtOptions>;

const PIXEL_ART_NAMES: Readonly<Record<keyof PixelArtLook, true>> = {
  factor: true,
  palette: true,
  colours: true,
  dither: true,
  tolerance: true,
  wraps: true,
};

/**
 * The options of pixel art that are given; it warns of those that do not exist.
 *
 * @throws TypeError when they are no object; RangeError for a factor by which no picture can be enlarged
 */
export function pixelArtOf(asked: PixelArtLook | undefined): PixelArtLook | undefined {
  if (asked === undefined) return undefined;
  checkNames('pixelArt', asked, Object.keys(PIXEL_ART_NAMES));
  const { factor = 1, palette } = asked;
  if (![1, 2, 4].includes(factor)) throw new RangeError(`pixelArt: factor is ${quote(factor)}; expected 1, 2 or 4`);
  return { ...definedOf(asked), ...(Array.isArray(palette) && { palette: [...palette] }) }; // the caller may change its own
}

/** The same of a scene file, which is not trusted; what is no object is passed over. */
export function savedPixelArt(pixelArt: unknown): PixelArtLook | undefined {
  return typeof pixelArt === 'object' && pixelArt ? pixelArtOf(pixelArt) : undefined;
}

/** How a texture of generated pictures is laid out and sampled. */
export interface TextureLook {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly mipmaps: boolean;
  /** One of Babylon's `Texture.…_SAMPLINGMODE`. */
  readonly samplingMode: number;
  readonly hasAlpha: boolean;
  /** Repeats without a seam. */
  readonly tiles: boolean;
  /** How pictures are turned into pixel art before they are shown; the size above includes its factor. */
  readonly pixelArt?: PixelArtLook;
}

export interface LookOptions {
  /** Default: false for a model of pixel art, true otherwise. */
  mipmaps?: boolean;
  /**
   * One of Babylon's `Texture.…_SAMPLINGMODE`, 1 to 12; default: trilinear, but for pixel art the nearest texel where it is
   * magnified, and mipmaps, if it has them, where it is far away.
   */
  samplingMode?: number;
  /** Snaps pictures to a palette, given or of their own, dithers them, enlarges them 2 or 4 times; default: pictures stay as they are painted. */
  pixelArt?: PixelArtLook;
}

/** The widest and highest texture that every WebGPU device has. */
export const MAX_SIZE_PX = 8192;
/** Every GPU has textures of this size. Babylon's NullEngine states less, but draws nothing and takes any. */
const LEAST_MAX_SIZE_PX = 2048;
/** The largest picture that a model makes, four times as wide and high. */
const MAX_PIXELS = 2 ** 24;

/** The widest and highest texture that a scene is given: what its device has, where that is less than others have. */
export function maxSizeIn(scene: Scene): number {
  const { maxTextureSize } = scene.getEngine().getCaps();
  return maxTextureSize < LEAST_MAX_SIZE_PX ? MAX_SIZE_PX : Math.min(maxTextureSize, MAX_SIZE_PX);
}

/**
 * The look that suits a model's pictures.
 *
 * @throws RangeError for a size that the model does not make, or a sampling mode that Babylon does not have; TypeError for
 *         `pixelArt` that is no object
 */
export function lookOf(info: ModelInfo, options: LookOptions & ImageSize = {}): TextureLook {
  const { pixelArt: isPixelArt, channels, circularPadding } = info;
  const [widthPx, heightPx] = imageSize(info, options);
  const pixelArt = pixelArtOf(options.pixelArt);
  const factor = pixelArt?.factor ?? 1;
  const { mipmaps = !isPixelArt } = options;
  const nearest = mipmaps ? NEAREST_LINEAR_LINEAR : NEAREST;
  const { samplingMode = isPixelArt || pixelArt ? nearest : LINEAR_LINEAR_LINEAR } = options;
  if (!isSamplingMode(samplingMode)) {
    const expected = 'a number of Babylon, such as Texture.NEAREST_SAMPLINGMODE';
    throw new RangeError(`generate: samplingMode is ${quote(samplingMode)}; expected ${expected}`);
  }
  return {
    widthPx: factor * widthPx,
    heightPx: factor * heightPx,
    mipmaps,
    samplingMode,
    hasAlpha: channels === 4,
    tiles: circularPadding,
    ...(pixelArt && { pixelArt: { wraps: circularPadding, ...pixelArt } }),
  };
}

/** The size of the pictures that a texture of this look shows, before they are enlarged. */
export function paintedSize({ widthPx, heightPx, pixelArt }: TextureLook): [widthPx: number, heightPx: number] {
  const { factor = 1 } = pixelArt ?? {};
  return [widthPx / factor, heightPx / factor];
}

/** @throws RangeError when the picture of a recipe has another size than a texture shows */
export function assertFits(recipe: Recipe, info: ModelInfo, { name, look }: { name: string; look: TextureLook }): void {
  const [widthPx, heightPx] = imageSize(info, recipe);
  const [ownWidth, ownHeight] = paintedSize(look);
  if (widthPx === ownWidth && heightPx === ownHeight) return;
  throw new RangeError(
    `GeneratedTexture: ${name} is ${ownWidth}×${ownHeight}, but ${info.name} is to draw ${widthPx}×${heightPx}; make another texture of that size`,
  );
}

/** @throws RangeError when the device of a scene has no textures so large */
export function assertFitsDevice({ widthPx, heightPx }: TextureLook, scene: Scene): void {
  const most = maxSizeIn(scene);
  if (Math.max(widthPx, heightPx) <= most) return;
  throw new RangeError(
    `GeneratedTexture: ${widthPx}×${heightPx} pixels; textures of this device have at most ${most} a side: ask for a smaller picture, or a smaller factor of pixel art`,
  );
}

/** A look as a scene file holds it, without the fields that are false. */
export interface SavedLook {
  size: [widthPx: number, heightPx: number];
  samplingMode: number;
  hasAlpha?: boolean;
  mipmaps?: boolean;
  tiles?: boolean;
  pixelArt?: PixelArtLook;
}

export function saveLook({
  widthPx,
  heightPx,
  samplingMode,
  hasAlpha,
  mipmaps,
  tiles,
  pixelArt,
}: TextureLook): SavedLook {
  return {
    size: [widthPx, heightPx],
    samplingMode,
    ...(hasAlpha && { hasAlpha }),
    ...(mipmaps && { mipmaps }),
    ...(tiles && { tiles }),
    ...(pixelArt && { pixelArt }),
  };
}

/** Reads a saved look, which is not trusted. @throws RangeError when its size is not valid */
export function parseLook(
  { size, samplingMode, hasAlpha, mipmaps, tiles, pixelArt }: SavedLook,
  maxPixels = MAX_PIXELS,
  className = 'GeneratedTexture',
): TextureLook {
  const [widthPx, heightPx] = Array.isArray(size) ? size : [];
  const art = savedPixelArt(pixelArt);
  const isSide = (sizePx?: number) => Number.isInteger(sizePx) && sizePx! >= 1 && sizePx! <= MAX_SIZE_PX;
  if (!isSide(widthPx) || !isSide(heightPx) || widthPx! * heightPx! > maxPixels) {
    throw new RangeError(
      `${className}: size ${JSON.stringify(size)?.slice(0, 80)}; expected [width, height], 1 to ${MAX_SIZE_PX}, and at most ${maxPixels} pixels`,
    );
  }
  return {
    widthPx: widthPx!,
    heightPx: heightPx!,
    samplingMode: isSamplingMode(samplingMode) ? samplingMode : NEAREST,
    hasAlpha: hasAlpha === true,
    mipmaps: mipmaps === true,
    tiles: tiles === true,
    ...(art && { pixelArt: art }),
  };
}

function isSamplingMode(mode: number): boolean {
  return Number.isInteger(mode) && mode >= 1 && mode <= 12;
}

/** A generated texture as a scene file holds it. */
export interface SavedGeneratedTexture extends SavedLook, SavedSettings {
  customType: string;
  name: string;
  /** Empty, but there, because Babylon's node materials restore only textures that have one. */
  url?: string;
  /** The name of the model's package, or the address of its folder, which counts from the scene file's unless it is a whole one. */
  model: string;
  recipe: RecipeOptions;
}
