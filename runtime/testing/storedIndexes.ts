// What model_index.json may hold, for the tests that read and complete it.
import { parseModelIndex } from '../weights/modelIndex.ts';
import { encodeText } from './foreignFolders.ts';

/** All that is Figment's own, for a model of textures. */
export const FIGMENT = {
  version: 1,
  name: 'tiny',
  kind: 'textures',
  licence: 'CC0-1.0',
  attribution: 'drawn by hand',
  widthPx: 64,
  heightPx: 48,
  channels: 3,
  premultipliedAlpha: true,
  pixelArt: true,
  circularPadding: true,
  sampleDefaults: { sampler: 'dpm++', numInferenceSteps: 12, guidanceScale: 1.5 },
  sha256: { 'vae/config.json': '0'.repeat(64) },
};

/** An index that diffusers wrote. */
export const PLAIN = { _class_name: 'LDMPipeline', unet: ['diffusers', 'UNet2DModel'], vae: [null, null] };

/** Reads an index: a text as it is, anything else as its JSON. */
export function parseStored(value: unknown) {
  return parseModelIndex(encodeText(value), 'tiny/model_index.json');
}
