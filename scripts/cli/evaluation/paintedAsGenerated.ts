import { type PixelImage, withChannels } from '../../../runtime/core/pixels.ts';
import {
  attributesOf,
  completeRecipe,
  type Dataset,
  type DiffusionModel,
  datasetOfPictures,
  finishedPicture,
  mapsAt,
  pictureAt,
  recipeModel,
} from '../../../runtime/index.ts';

/**
 * Decoded pictures of known words in the colours in which a model with a palette hands out what it generates, so that the
 * two can be compared. Of a model without a palette they stay as they are.
 */
export function paintedAsGenerated({ index }: Pick<DiffusionModel, 'index'>, decoded: Dataset): Dataset {
  if (!index.figment.palette) return decoded;
  const { labels, classLabels, attributes = [] } = decoded;
  const model = recipeModel(index, null);
  const painted = Array.from(classLabels, (label, image) => {
    const asked = { label: labels[label]!, seed: 0, attributes: attributesOf(attributes, image) };
    const [pixels, maps] = [rgbaOf(pictureAt(decoded, image)), mapsAt(decoded, image)];
    return finishedPicture({ index }, completeRecipe(asked, model), { pixels, maps: maps && rgbaOf(maps) });
  });
  return { ...decoded, images: datasetOfPictures(painted, classLabels, decoded).images };
}

const rgbaOf = (image: PixelImage) => Uint8Array.from(withChannels(image, 4));
