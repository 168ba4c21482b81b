// Makes the pictures of which a model's maps are judged, and judges them.
import {
  type Dataset,
  type GeneratedPicture,
  type HeightGuesser,
  imagesOfDataset,
  type PictureOptions,
} from '../../../runtime/index.ts';
import { withProgress } from '../../node/terminal.ts';
import { askedPictures, type Context, everyImage, makersAt } from './context.ts';
import { BATCH, generateSet } from './makePictures.ts';
import {
  type ChannelSeam,
  type MaterialMetrics,
  measureHeights,
  seamsOf,
  type TileCounts,
  withHeldOut,
} from './materialMetrics.ts';
import { seenByJudge } from './seenByJudge.ts';

const TILES: TileCounts = [3, 2];
const HALF = 0.5;

/** @param generated of one tile, and what is seen of them */
export async function judgeMaterials(
  context: Context,
  generated: { pictures: readonly GeneratedPicture[]; made: Dataset },
  heights: HeightGuesser & { numSteps: number },
  guidanceScale: number,
): Promise<MaterialMetrics> {
  const { model, whole, split, hasSeams } = context;
  const { circularPadding } = model.index.figment;
  const seams = circularPadding && hasSeams ? await judgeSeams(context, generated.pictures, guidanceScale) : [];
  const real = imagesOfDataset(seenByJudge(whole), split.heldOut);
  const heightFromAlbedo = await measureHeights(heights, everyImage(generated.made), real);
  return { guidanceScale, seams, heightFromAlbedo };
}

/** @param pictures of one tile */
async function judgeSeams(
  context: Context,
  pictures: readonly GeneratedPicture[],
  guidanceScale: number,
): Promise<ChannelSeam[]> {
  const { model, whole, split, recipe } = context;
  const { requests } = askedPictures(context);
  /** Pictures of so many tiles, their noise moved by a share of their size. */
  const tiled = (title: string, asked: readonly PictureOptions[], [across, down]: TileCounts, moved: number) => {
    const [height, width] = model.latentShape;
    const size = { widthPx: across * whole.widthPx, heightPx: down * whole.heightPx };
    const noiseShift = [moved * down * height, moved * across * width] as const;
    const make = makersAt(context, guidanceScale, { ...size, ...(moved > 0 && { noiseShift }) }).ddpm;
    const numAtOnce = Math.max(1, Math.floor(BATCH / (across * down)));
    return withProgress(title, (onProgress) => generateSet(make, asked, onProgress, numAtOnce));
  };
  const moved = await tiled('moved', requests, [1, 1], HALF);
  const seams = withHeldOut(seamsOf({ pictures, moved }, whole, [1, 1]), whole, split);
  const first = requests.filter((_, i) => i % recipe.imagesPerClass === 0);
  const larger = await tiled('tiles', first, TILES, 0);
  const largerMoved = await tiled('moved tiles', first, TILES, HALF);
  return [...seams, ...seamsOf({ pictures: larger, moved: largerMoved }, whole, TILES)];
}
