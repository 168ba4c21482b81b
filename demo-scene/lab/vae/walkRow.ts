import { drawPixels } from '../../shared/drawPixels.ts';
import { element } from '../../shared/element.ts';
import { AMOUNTS, captionOf } from './walkPlan.ts';

/** One row of a walk: a picture for each amount. */
export class WalkRow {
  private readonly list: HTMLElement;
  private readonly canvases: HTMLCanvasElement[];
  /** What the row shows; '' when nothing, or not all of it. */
  private shown = '';

  constructor(selector: string, sizePx: readonly [widthPx: number, heightPx: number]) {
    this.list = element('.cells', element(selector));
    this.canvases = AMOUNTS.map((amount) => {
      const figure = document.createElement('figure');
      const canvas = document.createElement('canvas');
      const caption = document.createElement('figcaption');
      [canvas.width, canvas.height] = sizePx;
      caption.textContent = captionOf(amount);
      figure.append(canvas, caption);
      this.list.append(figure);
      return canvas;
    });
  }

  /** @param key equal for equal rows */
  show(key: string): void {
    this.list.toggleAttribute('data-stale', this.shown !== key);
  }

  /** Makes the pictures unless they are there, and draws each as it comes. @throws what `paintAsync` throws */
  async fillAsync(
    key: string,
    signal: AbortSignal,
    paintAsync: (amount: number) => Promise<Uint8Array>,
  ): Promise<void> {
    if (this.shown === key) return;
    this.shown = '';
    await Promise.all(
      AMOUNTS.map(async (amount, i) => {
        const pixels = await paintAsync(amount);
        signal.throwIfAborted();
        drawPixels(this.canvases[i]!, pixels);
      }),
    );
    this.shown = key;
    this.list.removeAttribute('data-stale');
  }
}
