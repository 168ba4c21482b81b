// The few things that every page of the demo does to its document.

/** The one element of the page that fits. @throws Error when there is none */
export function element<Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document): Kind {
  const found = within.querySelector<Kind>(selector);
  if (!found) throw new Error(`page: there is no ${selector}; the page and its script do not belong together`);
  return found;
}

/** Shows RGBA bytes, top row first, on a canvas of the picture's own size. */
export function drawPixels(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const image = new ImageData(new Uint8ClampedArray(pixels), canvas.width, canvas.height);
  // On the CPU, so that what is saved or read does not depend on how a GPU rounds.
  canvas.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0);
}

/** Puts a text on the clipboard; a sentence that says how it went, with the text where the browser does not allow it. */
export async function copied(text: string, what: string): Promise<string> {
  const copying = navigator.clipboard?.writeText(text) ?? Promise.reject();
  return copying.then(
    () => `${what} is on the clipboard.`,
    () => `The browser keeps its clipboard closed. ${what}: ${text}`,
  );
}

/** Saves a canvas as it is, one pixel a pixel. */
export async function downloadPng(canvas: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) return;
  saveBlob(blob, name);
}

/** Saves bytes as a file of the visitor's. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

/** A random seed for the next picture, a uint32. */
export function newSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
