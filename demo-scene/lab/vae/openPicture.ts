/** A picture of some pixels needs no more; larger files would only take memory. */
const MAX_BYTES = 20e6;

/**
 * Reads an image file and fits it into a picture: scaled as a whole, centred, transparent around.
 *
 * @returns RGBA bytes, sRGB, straight alpha, top row first
 * @throws  Error with a sentence for people when the file is too large or no image
 */
export async function openPicture(file: File, widthPx: number, heightPx: number): Promise<Uint8Array> {
  if (file.size > MAX_BYTES) throw new Error(`${file.name} has ${file.size} bytes; choose one below ${MAX_BYTES}.`);
  const bitmap = await createImageBitmap(file).catch((error) => {
    throw new Error(`${file.name} is no picture that this browser can read; choose a PNG.`, { cause: error });
  });
  const canvas = new OffscreenCanvas(widthPx, heightPx);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const scale = Math.min(widthPx / bitmap.width, heightPx / bitmap.height);
  const [width, height] = [bitmap.width, bitmap.height].map((length) => Math.max(1, Math.round(scale * length))) as [
    number,
    number,
  ];
  context.imageSmoothingEnabled = scale < 1; // small ones are pixel art
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, Math.floor((widthPx - width) / 2), Math.floor((heightPx - height) / 2), width, height);
  bitmap.close();
  return new Uint8Array(context.getImageData(0, 0, widthPx, heightPx).data.buffer);
}
