import type { DatasetSource, PixelImage } from '../../runtime/index.ts';
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

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Decodes a PNG with the browser's own decoder, in a page or a worker, without changing its colours. */
export async function decodePngByBrowser(bytes: Uint8Array): Promise<PixelImage> {
  if (!SIGNATURE.every((byte, i) => bytes[i] === byte)) throw new Error('it does not begin as a PNG does');
  const blob = new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'image/png' });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, channels: 4, pixels: data };
}
