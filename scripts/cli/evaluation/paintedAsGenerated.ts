import {
  attributesOf,
  completeRecipe,
  type Dataset,
  type DiffusionModel,
  finishedPicture,
  type GeneratedPicture,
  numFramesOf,
  recipeModel,
  swapAxes,
} from '../../../runtime/index.ts';

/**
 * Decoded pictures of known subjects in the colours in which a model with a palette hands out what it generates, so that
 * the two can be compared. Of a model without a palette they stay as they are.
 *
 * @param subjects which image of the data set each picture shows
 * @param frames   the frames of each subject, one after another; of data without frames one picture a subject
 */
export function paintedAsGenerated(
  { index }: Pick<DiffusionModel, 'index'>,
  data: Dataset,
  subjects: Int32Array,
  frames: readonly GeneratedPicture[],
): GeneratedPicture[] {
  if (!index.figment.palette) return [...frames];
  const [numFrames, model, rowLength] = [numFramesOf(data), recipeModel(index, null), data.widthPx * 4];
  const length = data.heightPx * rowLength;
  return Array.from(subjects).flatMap((subject, place) => {
    const own = frames.slice(place * numFrames, (place + 1) * numFrames);
    const pixels = swapAxes(joined(own), numFrames, data.heightPx, rowLength);
    const attributes = attributesOf(data.attributes ?? [], subject);
    const recipe = completeRecipe({ label: data.labels[data.classLabels[subject]!]!, seed: 0, attributes }, model);
    const { pixels: row } = finishedPicture({ index }, recipe, { pixels, maps: null });
    const painted = swapAxes(row, data.heightPx, numFrames, rowLength);
    return own.map((frame, i) => ({ ...frame, pixels: painted.slice(i * length, (i + 1) * length) }));
  });
}

function joined(pictures: readonly GeneratedPicture[]): Uint8Array<ArrayBuffer> {
  const [first] = pictures;
  const all = new Uint8Array(pictures.length * first!.pixels.length);
  pictures.forEach(({ pixels }, i) => {
    all.set(pixels, i * pixels.length);
  });
  return all;
}
