import { DatasetError, type DatasetSource, type DecodePng, isPng } from '../../runtime/index.ts';
import { statedSize } from '../shared/statedSize.ts';
import type { FolderFile } from './protocol.ts';

/** Lets `openDataset` read the files of a chosen or dropped folder. */
export function folderSource(name: string, files: readonly FolderFile[]): DatasetSource {
  const contents = new Map(files.map(({ path, file }) => [path, file]));
  const folders = new Map<string, Set<string>>([['', new Set()]]);
  for (const path of contents.keys()) {
    const parts = path.split('/');
    for (const [depth, part] of parts.entries()) {
      const folder = parts.slice(0, depth).join('/');
      const entries = folders.get(folder) ?? new Set();
      folders.set(folder, entries.add(depth < parts.length - 1 ? `${part}/` : part));
    }
  }
  return {
    name,
    list: async (path) => [...(folders.get(path) ?? [])],
    async read(path) {
      const file = contents.get(path);
      if (!file) throw new Error('there is no such file');
      return new Uint8Array(await file.arrayBuffer());
    },
  };
}

/**
 * Decodes PNG files with the browser's own decoder, in a page or a worker, without changing their colours.
 *
 * @param maxSidePx the decoder throws a DatasetError where a file states a longer side, before it is decoded
 */
export function pngDecoder(maxSidePx: number): DecodePng {
  return async (bytes, fileName) => {
    if (!isPng(bytes)) throw new Error('it does not begin as a PNG does');
    const stated = statedSize(bytes);
    if (Math.max(stated.width, stated.height) > maxSidePx) {
      const problem = `is ${stated.width}×${stated.height} pixels; expected at most ${maxSidePx} a side: make it smaller`;
      throw new DatasetError('pictures', [`${fileName}: ${problem}, or train with the command figment`]);
    }
    const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/png' });
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
    const { width, height } = bitmap;
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, 0);
    bitmap.close();
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, channels: 4, pixels: data };
  };
}
