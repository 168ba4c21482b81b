// A model's encoder makes latents of pictures. A model that makes pictures of a label and attributes alone does without it.
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { uploadWeights } from '../networks/uploadWeights.ts';
import { ofEncoder } from '../weights/decoderWeights.ts';
import type { ModelFiles } from '../weights/modelParts.ts';
import { checkWeights } from '../weights/weightTensor.ts';
import type { DiffusionModel } from './model.ts';

/**
 * Gives a model that was loaded with its decoder alone the encoder as well, by which it takes pictures. One that has it already
 * stays as it is.
 *
 *   addEncoder(model, await loadModelFolder(source, { parts: ['vae'] }));
 *
 * @param files the part `vae` of the same folder
 * @throws      Error naming the tensor that is wrong; nothing stays allocated then
 */
export function addEncoder({ index, vae }: DiffusionModel, files: Pick<ModelFiles, 'vae'>): void {
  if (!vae || hasEncoder({ vae })) return;
  checkWeights(files.vae, autoencoderKlShapes(vae.config), `${index.figment.name}/vae`);
  Object.assign(vae.weights, uploadWeights(ofEncoder(files.vae)));
}

/** @throws Error where a model that makes latents of pictures was loaded without what does so */
export function assertEncoder({ index, vae }: DiffusionModel): void {
  if (hasEncoder({ vae })) return;
  throw new Error(
    `encode: ${index.figment.name} was loaded with its decoder alone; give it its encoder, too (addEncoder), or load its part "vae"`,
  );
}

/** Whether a model can take pictures; one of pixels always can. */
export function hasEncoder({ vae }: Pick<DiffusionModel, 'vae'>): boolean {
  return !vae || 'encoder.conv_in.weight' in vae.weights;
}
