import { element } from '../shared/element.ts';
import type { Sheet } from './protocol.ts';

/** Room for the pictures beside their captions. */
const WIDTH_PX = 296;

/** Shows the newest sheet of samples in place of the last one. */
export function showSheet(figure: HTMLElement, { title, captions, picture }: Sheet): void {
  const canvas = element<HTMLCanvasElement>('canvas', figure);
  const room = WIDTH_PX / picture.width;
  const scale = room > 1 ? Math.floor(room) : room; // enlarged by whole pixels alone
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.style.width = `${scale * picture.width}px`;
  const image = new ImageData(new Uint8ClampedArray(picture.pixels), picture.width, picture.height);
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  canvas.setAttribute('aria-label', `${title}: ${captions.join(', ')}`);
  element('figcaption', figure).textContent = `${title}.`;
  const rows = captions.map((caption) => {
    const row = document.createElement('li');
    row.textContent = caption.replaceAll('_', ' ');
    return row;
  });
  element('ol', figure).replaceChildren(...rows);
  figure.hidden = false;
}
