// What is measured of models that make maps with their pictures: whether these repeat, and belong to their pictures.
import {
  type Dataset,
  type DatasetSplit,
  type GeneratedPicture,
  type HeightGuesser,
  heightError,
  type ImageSet,
  mapsAt,
  movedSeamRatio,
  type PixelImage,
  pictureAt,
  seamRatio,
} from '../../../runtime/index.ts';
import { byLabel } from './measure.ts';

/** The seams of one channel. */
export interface ChannelSeam {
  channel: 'albedo' | 'height' | 'roughness' | 'metallic';
  /** How many tiles the pictures have across and down: 1x1, 3x2. */
  tiles: string;
  /** The result of `movedSeamRatio`, of all pictures. */
  moved: number;
  /** The result of `movedSeamRatio`, of the pictures of each class. */
  perClass: Record<string, number>;
  /** The result of `seamRatio`, of all pictures. */
  generated: number;
  /** The result of `seamRatio`, of held-out tiles; absent for larger pictures, of which there are none. */
  heldOut?: number;
}

export interface MaterialMetrics {
  guidanceScale: number;
  seams: ChannelSeam[];
  heightFromAlbedo: HeightMetrics;
}

/** How well heights follow from albedo, of held-out and of generated materials, as `heightError` measures it. */
export interface HeightMetrics {
  numTrainSteps: number;
  heldOut: number;
  generated: number;
  /** `generated` as a share of `heldOut`. */
  relative: number;
}

/** Where the channels of a material are: in its picture, or at a place of its maps. */
const CHANNELS = { albedo: [0, 1, 2], height: [0], roughness: [1], metallic: [2] } as const;

export interface TiledPictures {
  /** Label after label, equally many of each. */
  pictures: readonly GeneratedPicture[];
  /** The same made of noise that was moved by half of the picture both ways. */
  moved: readonly GeneratedPicture[];
}

export type TileCounts = readonly [across: number, down: number];

/** The seams of every channel, of pictures of one tile or several. */
export function seamsOf(
  { pictures, moved }: TiledPictures,
  { labels, ...tile }: Pick<Dataset, 'labels' | 'widthPx' | 'heightPx'>,
  [across, down]: TileCounts,
): ChannelSeam[] {
  const perLabel = pictures.length / labels.length;
  const [widthPx, heightPx] = [across * tile.widthPx, down * tile.heightPx];
  const image = (pixels: Uint8Array): PixelImage => ({ width: widthPx, height: heightPx, channels: 4, pixels });
  return Object.entries(CHANNELS).map(([name, measured]) => {
    const take = ({ pixels, maps }: GeneratedPicture) => image(name === 'albedo' ? pixels : maps!);
    const pairs = pictures.map((picture, i) => [take(picture), take(moved[i]!)] as const);
    const ofLabel = (_: string, label: number) =>
      movedSeamRatio(pairs.slice(label * perLabel, (label + 1) * perLabel), measured);
    return {
      channel: name as ChannelSeam['channel'],
      tiles: `${across}x${down}`,
      moved: movedSeamRatio(pairs, measured),
      perClass: byLabel(labels, labels.map(ofLabel)),
      generated: seamRatio(pictures.map(take), measured),
    };
  });
}

/** Adds the seams of real materials, to compare with. */
export function withHeldOut(seams: readonly ChannelSeam[], dataset: Dataset, { heldOut }: DatasetSplit): ChannelSeam[] {
  return seams.map((seam) => {
    const take = seam.channel === 'albedo' ? pictureAt : mapsAt;
    const images = Array.from(heldOut, (image) => take(dataset, image)!);
    return { ...seam, heldOut: seamRatio(images, CHANNELS[seam.channel]) };
  });
}

export async function measureHeights(
  guesser: HeightGuesser & { numSteps: number },
  generated: ImageSet,
  heldOut: ImageSet,
): Promise<HeightMetrics> {
  const [ofGenerated, ofHeldOut] = [await heightError(guesser, generated), await heightError(guesser, heldOut)];
  return {
    numTrainSteps: guesser.numSteps,
    heldOut: ofHeldOut,
    generated: ofGenerated,
    relative: ofGenerated / ofHeldOut,
  };
}
