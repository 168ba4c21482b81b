import type { PixelImage } from '../../runtime/index.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Decodes a PNG by the browser itself, whatever thread this is, with its colours as they are stored. */
export async function decodePng(bytes: Uint8Array): Promise<PixelImage> {
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
