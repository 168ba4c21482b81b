/** Shows RGBA bytes, top row first, on a canvas of the picture's own size. */
export function drawPixels(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const image = new ImageData(new Uint8ClampedArray(pixels), canvas.width, canvas.height);
  // On the CPU, so that what is saved or read does not depend on how a GPU rounds.
  canvas.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0);
}
