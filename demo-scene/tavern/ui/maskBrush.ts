import { element } from '../../shared/element.ts';

/** Of what is marked: the ember of the page. */
const MARK = [255, 157, 60, 150] as const;

/** A mask painted over the card's picture, in the picture's own pixels. */
export class MaskBrush {
  private readonly canvas = element<HTMLCanvasElement>('#card-mask');
  private readonly sizeSlider = element<HTMLInputElement>('#brush');
  private mask = new Uint8Array(0);
  /** Where the brush was last, in pixels; null while it is lifted. */
  private last: [x: number, y: number] | null = null;

  /** @param onPainted told after each stroke */
  constructor(private readonly onPainted: () => void) {
    this.canvas.addEventListener('pointerdown', (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = null;
      this.stroke(event);
    });
    this.canvas.addEventListener('pointermove', (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) this.stroke(event);
    });
    this.canvas.addEventListener('pointerup', () => this.onPainted());
  }

  /** The mask so far: one byte a pixel; null when nothing is marked. */
  get marked(): Uint8Array | null {
    return this.mask.some((value) => value > 0) ? this.mask.slice() : null;
  }

  /** Begins anew over a picture of this size. */
  begin(widthPx: number, heightPx: number): void {
    [this.canvas.width, this.canvas.height] = [widthPx, heightPx];
    this.set(new Uint8Array(widthPx * heightPx));
    this.canvas.hidden = false;
  }

  end(): void {
    this.canvas.hidden = true;
  }

  /** What is marked is painted: the mask steps back until it is another. */
  stepBack(): void {
    this.canvas.toggleAttribute('data-painted', true);
  }

  /** Marks these pixels and no others. */
  set(mask: Uint8Array): void {
    this.mask = mask.slice();
    this.show();
  }

  /** A dot at the pointer, and along the way from where it was; with the right button or Alt it erases. */
  private stroke(event: PointerEvent): void {
    const to = this.at(event);
    const from = this.last ?? to;
    const value = event.altKey || (event.buttons & 2) !== 0 ? 0 : 255;
    const numDots = Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])) + 1;
    for (let i = 1; i <= numDots; i++) {
      const share = i / numDots;
      this.dot(from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]), value);
    }
    this.last = to;
    this.show();
  }

  private dot(centreX: number, centreY: number, value: number): void {
    const { width } = this.canvas;
    const radius = this.sizeSlider.valueAsNumber / 2;
    for (let i = 0; i < this.mask.length; i++) {
      const distance = Math.hypot((i % width) + 0.5 - centreX, Math.floor(i / width) + 0.5 - centreY);
      if (distance <= radius) this.mask[i] = value;
    }
  }

  private at({ clientX, clientY }: PointerEvent): [x: number, y: number] {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [((clientX - left) / width) * this.canvas.width, ((clientY - top) / height) * this.canvas.height];
  }

  private show(): void {
    this.canvas.toggleAttribute('data-painted', false);
    const { width, height } = this.canvas;
    const image = new ImageData(width, height);
    for (const [pixel, value] of this.mask.entries()) if (value > 0) image.data.set(MARK, 4 * pixel);
    this.canvas.getContext('2d')!.putImageData(image, 0, 0);
  }
}
