import {
  holdDecoderAlone,
  MATERIAL_CHANNELS,
  type ModelIndex,
  type ModelPart,
  type ModelSource,
  PAINTING_PARTS,
  readModelFiles,
} from '../../runtime/index.ts';
import { optionalParts } from '../node/wholeModel.ts';

const PURPOSES: Partial<Record<ModelPart, string>> = {
  vae: 'to take pictures in',
  cvae: 'for pictures in one step',
  teacher: 'for its teacher',
};

/** What a page downloads of a model before its first picture, and what once that is needed, in units of 1,000,000 bytes. */
export async function downloadFact(source: ModelSource, index: ModelIndex): Promise<string> {
  const files = await readModelFiles(source, { parts: PAINTING_PARTS });
  const size = bytesOf(files, {});
  const takesPictures = index.figment.channels !== MATERIAL_CHANNELS;
  const hasMore = takesPictures && holdDecoderAlone(files, source.name);
  const parts: ModelPart[] = hasMore ? ['vae', ...optionalParts(index)] : optionalParts(index);
  const later = parts.map(async (part) => {
    const more = bytesOf(await readModelFiles(source, { parts: [part] }), files);
    return `${inMegabytes(more)} more ${PURPOSES[part]}`;
  });
  return [`${inMegabytes(size)} to make pictures`, ...(await Promise.all(later))].join('; ');
}

/** How many bytes there are in those files that are not there yet, or not whole. */
function bytesOf(files: Record<string, Uint8Array>, known: Record<string, Uint8Array>): number {
  const others = Object.entries(files).filter(([path, { length }]) => known[path]?.length !== length);
  return others.reduce((sum, [, { length }]) => sum + length, 0);
}

const inMegabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
