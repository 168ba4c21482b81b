import {
  type GeneratedPicture,
  type PixelImage,
  pixelArt,
  type SurfaceMaps,
  scaleNearest,
  surfaceMaps,
} from '../../runtime/index.ts';
import { isMap, type Layer, type Look, type MapLayer } from './bakePlan.ts';

/**
 * What a picture's files show: the picture, or its maps as a material, enlarged.
 *
 * @param generated as the model made it
 */
export function layerImages(
  generated: GeneratedPicture,
  look: Look,
  label: string,
  layers: readonly Layer[],
): Map<Layer, PixelImage> {
  const picture = drawnPicture(generated, look);
  const maps = layers.some(isMap) ? mapsOf(picture, generated.maps, look, label) : undefined;
  const images = layers.map((layer): [Layer, PixelImage] => {
    const { pixels: small, channels } = maps && isMap(layer) ? shown(maps, layer, look) : picture;
    const { width, height } = picture;
    const large = scaleNearest(small, width, height, look.enlarge);
    return [layer, { width: width * look.enlarge, height: height * look.enlarge, channels, pixels: large }];
  });
  return new Map(images);
}

/** The picture as pixel art, where its look asks for that; not enlarged otherwise. */
export function drawnPicture({ pixels }: GeneratedPicture, look: Look): PixelImage {
  return pixelArt(pixels, look.widthPx, look.heightPx, look.pixelArt);
}

/** A map as RGB; the normal map of a material with parallax has the height in its alpha channel. */
function shown(maps: SurfaceMaps, layer: MapLayer, { parallax }: Look): Pick<PixelImage, 'pixels' | 'channels'> {
  const { pixels, channels } = maps[layer];
  if (layer !== 'normal' || !parallax) return { pixels: rgb(pixels, channels), channels: 3 };
  const heights = maps.height.pixels;
  const withHeight = Uint8Array.from({ length: 4 * heights.length }, (_, i) =>
    i % 4 === 3 ? heights[i >> 2]! : pixels[3 * (i >> 2) + (i % 4)]!,
  );
  return { pixels: withHeight, channels: 4 };
}

/** @param generated maps of the size that the model makes */
function mapsOf(
  { pixels, width, height }: PixelImage,
  generated: Uint8Array | null,
  { widthPx, heightPx, pixelArt, surface }: Look,
  label: string,
) {
  const factor = pixelArt?.factor ?? 1;
  const enlarged = generated && scaleNearest(generated, widthPx, heightPx, factor);
  return surfaceMaps(pixels, width, height, { label, ...surface }, enlarged, factor);
}

function rgb(pixels: Uint8Array, channels: number): Uint8Array {
  const out = new Uint8Array((pixels.length / channels) * 3);
  for (let i = 0; i < out.length; i++) out[i] = pixels[Math.floor(i / 3) * channels + (channels === 1 ? 0 : i % 3)]!;
  return out;
}
