import { assertEdit, assertRequests, type EditOptions, editDefaults, fingerprint } from '../runtime/index.ts';
import { fromBase64, toBase64 } from './base64.ts';

/** Bytes, or the same as base64, as saved recipes have them. */
export type PictureBytes = Uint8Array | Uint8ClampedArray | string;

/** What a picture begins from; see `EditOptions` for how far it goes. */
export interface PictureEditOptions extends EditOptions {
  /**
   * A picture to vary, of the size that is made: RGBA bytes, sRGB, straight alpha, top row first, as `generatePixelsAsync`
   * gives them.
   */
  image?: PictureBytes;
  /** What of the image to make anew: one byte a pixel, 0 (keep) … 255 (make anew), soft in between. */
  mask?: PictureBytes;
}

/** The same, complete and checked. */
export interface PictureEdit {
  readonly image?: Uint8Array;
  readonly mask?: Uint8Array;
  readonly strength?: number;
  readonly resamples?: number;
  readonly keepAlpha?: boolean;
}

/**
 * Copies of the bytes, with defaults filled in and what is without effect left out; nothing without an image.
 *
 * @throws RangeError for bytes of another size, a mask or strength without an image, or a number out of range
 */
export function completeEdit(options: PictureEditOptions, widthPx: number, heightPx: number): PictureEdit {
  const image = bytesOf('image', options.image);
  const mask = bytesOf('mask', options.mask);
  assertRequests([{ label: '', seed: 0, image, mask }], [widthPx, heightPx]);
  assertEdit(options, image !== undefined);
  if (!image) return {};
  const defaults = editDefaults(mask !== undefined);
  const { strength = defaults.strength, resamples = defaults.resamples } = options;
  const keepAlpha = options.keepAlpha ?? defaults.keepAlpha;
  return { image, ...(mask && { mask }), strength, ...(mask && { resamples }), keepAlpha };
}

function bytesOf(name: string, bytes: PictureBytes | undefined): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  if (typeof bytes !== 'string') return bytes instanceof Uint8ClampedArray ? Uint8Array.from(bytes) : bytes.slice();
  const decoded = fromBase64(bytes);
  if (decoded) return decoded;
  throw new RangeError(`generate: the ${name} is no base64; give its bytes, or what a saved recipe has`);
}

/**
 * The image and mask of a recipe as base64, so that JSON takes them; a recipe takes them so, too.
 *
 *   JSON.stringify({ ...texture.recipe, ...encodeEdit(texture.recipe) });
 */
export function encodeEdit({ image, mask }: PictureEditOptions): Pick<PictureEditOptions, 'image' | 'mask'> {
  const saved = (bytes: PictureBytes) => (typeof bytes === 'string' ? bytes : toBase64(Uint8Array.from(bytes)));
  return { ...(image !== undefined && { image: saved(image) }), ...(mask !== undefined && { mask: saved(mask) }) };
}

/** Of all that one batch has alike; undefined for a plain picture. */
export function editKey({ image, mask, strength, resamples, keepAlpha }: PictureEdit): unknown[] | undefined {
  return image && [mask !== undefined, strength, resamples, keepAlpha];
}

/** Of what it begins from; empty for a plain picture. */
export function startKey({ image, mask }: PictureEdit): string {
  return [image, mask].map((bytes) => (bytes ? `|${fingerprintOf(bytes)}` : '')).join('');
}

const fingerprints = new WeakMap<Uint8Array, string>();

/** The bytes of a recipe never change. */
function fingerprintOf(bytes: Uint8Array): string {
  const known = fingerprints.get(bytes) ?? fingerprint(bytes);
  fingerprints.set(bytes, known);
  return known;
}
