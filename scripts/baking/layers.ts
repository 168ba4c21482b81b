import { type NumChannels, type PixelImage, scaleNearest, surfaceMaps } from '../../runtime/index.ts';
import type { Layer, Look } from './bakePlan.ts';

/**
 * What a picture's files show: the picture, or its maps as a material, enlarged.
 *
 * @param pixels RGBA bytes as the model made them
 */
export function layerImages(
  pixels: Uint8Array,
  { widthPx, heightPx, scale, surface }: Look,
  label: string,
  layers: readonly Layer[],
): Map<Layer, PixelImage> {
  const isMap = (layer: Layer) => layer !== 'picture' && layer !== 'albedo';
  const maps = layers.some(isMap) ? surfaceMaps(pixels, widthPx, heightPx, { label, ...surface }) : undefined;
  const images = layers.map((layer): [Layer, PixelImage] => {
    const map = layer === 'picture' || layer === 'albedo' ? undefined : maps![layer];
    const small = map ? rgb(map.pixels, map.channels) : pixels;
    const channels: NumChannels = map ? 3 : 4;
    const large = scaleNearest(small, widthPx, heightPx, scale);
    return [layer, { width: widthPx * scale, height: heightPx * scale, channels, pixels: large }];
  });
  return new Map(images);
}

function rgb(pixels: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array((pixels.length / channels) * 3);
  for (let i = 0; i < out.length; i++) out[i] = pixels[Math.floor(i / 3) * channels + (channels === 1 ? 0 : i % 3)]!;
  return out;
}
