// The few things that every page of the demo does to its document.
import type { Still } from './frames.ts';

/** The first element that matches a selector. @throws Error when there is none */
export function element<Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document): Kind {
  const found = within.querySelector<Kind>(selector);
  if (!found) throw new Error(`page: there is no ${selector}; the page and its script do not belong together`);
  return found;
}

/** Makes an element with these properties and children. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Partial<HTMLElementTagNameMap[Tag]> = {},
  ...children: Node[]
): HTMLElementTagNameMap[Tag] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Calls an action when its button is clicked. A button is found by its attribute, such as `data-action="copy"`. */
export function onClicks(within: ParentNode, attribute: string, actions: Record<string, () => unknown>): void {
  for (const [name, act] of Object.entries(actions)) {
    element(`[${attribute}=${name}]`, within).addEventListener('click', () => void act());
  }
}

/** A text as part of a file's name: its letters and digits, of any script, and hyphens between them; '' where it has none. */
export function fileNameOf(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}_]+/gu, '-').replace(/^-|-$/g, '');
}

/** @param totalBytes undefined where the server does not say how long the files are */
export function loadingSentence(what: string, loadedBytes: number, totalBytes: number | undefined): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  const all = totalBytes ? ` of ${megabytes(totalBytes)}` : '';
  return `Fetching the ${what}: ${megabytes(loadedBytes)}${all} MB`;
}

/** Shows RGBA bytes, top row first, on a canvas of the same size. */
export function drawPixels(canvas: HTMLCanvasElement, pixels: Uint8Array): void {
  const image = new ImageData(new Uint8ClampedArray(pixels), canvas.width, canvas.height);
  // The canvas stays on the CPU, so that saved pixels do not depend on how a GPU rounds.
  canvas.getContext('2d', { willReadFrequently: true })!.putImageData(image, 0, 0);
}

/** Shows a picture on a canvas, which takes its size. */
export function drawStill(canvas: HTMLCanvasElement, { pixels, widthPx, heightPx }: Still): void {
  if (canvas.width !== widthPx) canvas.width = widthPx;
  if (canvas.height !== heightPx) canvas.height = heightPx;
  drawPixels(canvas, pixels);
}

/** Puts a text on the clipboard. @returns a sentence that says how it went, with the text where the browser refuses */
export async function copied(text: string, what: string): Promise<string> {
  const copying = navigator.clipboard?.writeText(text) ?? Promise.reject();
  return copying.then(
    () => `${what} is on the clipboard.`,
    () => `The browser keeps its clipboard closed. ${what}: ${text}`,
  );
}

/** A canvas as a PNG, without enlarging it. */
export async function pngOf(canvas: HTMLCanvasElement): Promise<Blob> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('The browser cannot save this picture.');
  return blob;
}

/** Lets the visitor save bytes as a file. */
export function saveBlob(blob: Blob, name: string): void {
  const link = create('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
