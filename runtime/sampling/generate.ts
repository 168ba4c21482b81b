import type { PictureOptions, Recipe } from '../recipe/recipe.ts';
import { type GeneratedPicture, imagesToPictures, imagesToPixels } from './autoencoder.ts';
import { completeAll, type Networks, type SampleOptions } from './completeAll.ts';
import { finishedPicture } from './finishedPicture.ts';
import { type ImageRun, type ImageStep, imagesInSlices } from './images.ts';
import type { DiffusionModel } from './model.ts';

/** Callbacks are waited for: a promise lets events in, such as the one that aborts. */
export interface GenerateCallbacks {
  /** Called after every step. The step's tensors are valid until its promise is fulfilled. */
  onStep?: (step: ImageStep) => void | Promise<void>;
  /** Called after every slice that finishes nothing: where networks compute elsewhere, their results come meanwhile. */
  onSlice?: () => void | Promise<void>;
  /** Given the conditional VAE's pictures, RGBA bytes, before the first step of the pipeline cvae+ddpm. */
  onPreview?: (pictures: Uint8Array[]) => void | Promise<void>;
}

export interface GenerateOptions extends Omit<SampleOptions, 'measureGuidance'>, GenerateCallbacks {}

/**
 * Makes pictures.
 *
 *   const [elf] = await generate(model, [{ label: 'elf', seed: 7 }], { guidanceScale: 2 });
 *
 * With an `image`, a variation of it; with a `mask` as well, the image with that part made new:
 *
 *   const [sister] = await generate(model, [{ label: 'elf', seed: 8, image: elf }], { strength: 0.75 });
 *   const [newHair] = await generate(model, [{ label: 'elf', seed: 8, image: elf, mask }]);
 *
 * By the conditional VAE in one pass, or sharpened from there:
 *
 *   const crowd = await generate({ cvae }, requests, { pipeline: 'cvae' });
 *   const faces = await generate({ model, cvae }, requests, { pipeline: 'cvae+ddpm' });
 *
 * @param networks the diffusion model, or all the networks that the pipeline needs
 * @returns        RGBA bytes of each, sRGB, straight alpha, top row first
 * @throws         RecipeError for what the model can't make; the signal's reason when aborted
 */
export async function generate(
  networks: DiffusionModel | Networks,
  requests: readonly PictureOptions[],
  options: GenerateOptions = {},
): Promise<Uint8Array[]> {
  return (await generatePictures(networks, requests, options)).map(({ pixels }) => pixels);
}

/**
 * `generate`, with the maps of materials.
 *
 *   const [{ pixels, maps }] = await generatePictures(model, [{ label: 'brick', seed: 7 }]);
 *
 * @throws as `generate`
 */
export async function generatePictures(
  networks: DiffusionModel | Networks,
  requests: readonly PictureOptions[],
  options: GenerateOptions = {},
): Promise<GeneratedPicture[]> {
  if (requests?.length === 0) return [];
  const { onStep, onSlice, onPreview, ...asked } = options;
  const all: Networks = 'unet' in networks ? { model: networks } : networks;
  const { recipes, run } = completeAll(all, requests, asked);
  return generateRecipes(all, recipes, { ...run, onStep, onSlice, onPreview });
}

/**
 * `generatePictures` for complete recipes of one batch.
 *
 * @throws RangeError as `imagesInSlices`; the signal's reason when aborted
 */
export async function generateRecipes(
  networks: Networks,
  recipes: readonly Recipe[],
  { onStep, onSlice, onPreview, ...run }: ImageRun & GenerateCallbacks = {},
): Promise<GeneratedPicture[]> {
  const index = (networks.model ?? networks.cvae)!;
  const slices = imagesInSlices(networks, recipes, run);
  try {
    for (let slice = slices.next(); ; slice = slices.next()) {
      if (slice.done) {
        const images = slice.value;
        const pictures = await imagesToPictures(index, images, Boolean(recipes[0]!.image)).finally(() =>
          images.dispose(),
        );
        return pictures.map((picture, i) => finishedPicture(index, recipes[i]!, picture));
      }
      if (!slice.value) await onSlice?.();
      if (slice.value?.preview && onPreview) await onPreview(await imagesToPixels(index, slice.value.preview));
      if (slice.value && slice.value.step > 0) await onStep?.(slice.value);
    }
  } finally {
    slices.return(undefined as never);
  }
}
