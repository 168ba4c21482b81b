// A small model folder that diffusers wrote, for tests of reading and writing such folders.
import { readdirSync, readFileSync } from 'node:fs';
import type { DecoderFact } from '../weights/decoderWeights.ts';
import { type LoadModelFolderOptions, loadModelFolder } from '../weights/modelFolder.ts';
import { modelFolderFiles } from '../weights/modelFolderFiles.ts';
import { memorySource } from '../weights/modelSource.ts';

export const PIPELINE = new URL('./fixtures/pipeline/', import.meta.url);
export const INDEX = 'model_index.json';
export const VAE_WEIGHTS = 'vae/diffusion_pytorch_model.safetensors';
export const CVAE_WEIGHTS = 'cvae/diffusion_pytorch_model.safetensors';
export const UNET_WEIGHTS = 'unet/diffusion_pytorch_model.safetensors';

/** The files of the folder that diffusers wrote, by path. */
export function diffusersFiles(folder = PIPELINE): Record<string, Uint8Array> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = paths.filter((path) => /\.(json|safetensors)$/.test(path) && !path.startsWith('case'));
  return Object.fromEntries(files.map((path) => [path, new Uint8Array(readFileSync(new URL(path, folder)))]));
}

/** The files but those of these paths. */
export function without(files: Record<string, Uint8Array>, ...paths: string[]): Record<string, Uint8Array> {
  return Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path)));
}

export function load(files: Record<string, Uint8Array>, options?: LoadModelFolderOptions) {
  return loadModelFolder(memorySource(files, 'models/tiny'), options);
}

/** The same folder as we write it. */
export async function savedFiles(options?: { dtype?: 'F32' | 'F16' }): Promise<Record<string, Uint8Array>> {
  return modelFolderFiles(await load(diffusersFiles()), options);
}

export function decode(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}

/** How far model_index.json says that the decoder reaches into the auto-encoder's file. */
export function decoderOf(files: Record<string, Uint8Array>): DecoderFact {
  return JSON.parse(decode(files[INDEX])).figment.decoder;
}
