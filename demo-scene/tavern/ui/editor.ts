import type { ModelInfo } from '../../../plugin/index.ts';
import { randomSeed } from '../../../runtime/index.ts';
import { create, element, onClicks } from '../../shared/page.ts';
import type { RecipeChanges, SitterRecipe } from '../people/keeping.ts';
import type { Sitter } from '../people/sitter.ts';
import { showShare } from './showShare.ts';

/** The strength that suits the whole picture, and the one that suits a marked part. */
const STRENGTHS = { whole: '0.8', part: '1' };

/** The editor in the card: a part of the picture, or all of it, is painted again, and the sitter keeps the name. */
export class Editor {
  private readonly panel = element('#editor');
  private readonly presets = element('.presets', this.panel);
  private readonly strength = element<HTMLInputElement>('#edit-strength');
  private readonly outline = element<HTMLInputElement>('#keep-outline');
  private readonly brush = new MaskBrush(() => this.marked());
  private image: Uint8Array | null = null;
  private before: SitterRecipe | null = null;
  private hadMask = false;
  /** What the visitor has set since the editor was opened, which no suggestion changes. */
  private readonly chosen = { strength: false, outline: false };

  constructor(
    private readonly change: (changes: RecipeChanges) => Promise<void>,
    private readonly onDone: () => void,
  ) {
    const actions = { paint: () => this.paint(), undo: () => this.undo(), done: () => this.onDone() };
    onClicks(this.panel, 'data-edit', actions);
    this.strength.addEventListener('input', () => {
      this.chosen.strength = true;
      showShare(this.strength);
    });
    this.outline.addEventListener('change', () => {
      this.chosen.outline = true;
    });
    element('#card-mask').addEventListener('contextmenu', (event) => event.preventDefault());
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  /** @param image the picture that is shown now, from which each painting begins */
  open({ recipe, artist }: Sitter, image: Uint8Array): void {
    const { info, sizePx } = artist!.generator;
    this.image = image;
    this.before = recipe;
    this.brush.begin(...sizePx);
    const parts = Object.entries(presetsFor(info)).map(([name, part]) => {
      return presetButton(name, () => this.brush.set(maskOf(part, ...sizePx)));
    });
    const none = presetButton('Nothing', () => this.brush.begin(...sizePx));
    this.presets.replaceChildren(...parts, none);
    for (const button of this.presets.children) button.addEventListener('click', () => this.marked());
    this.panel.hidden = false;
    Object.assign(this.chosen, { strength: false, outline: false });
    this.suggest(false);
  }

  close(): void {
    this.brush.end();
    this.panel.hidden = true;
    this.image = this.before = null;
  }

  private marked(): void {
    const hasMask = this.brush.marked !== null;
    if (hasMask !== this.hadMask) this.suggest(hasMask);
  }

  /** Sets strength and outline as they suit a marked part, or the whole, unless the visitor has set them. */
  private suggest(hasMask: boolean): void {
    this.hadMask = hasMask;
    if (!this.chosen.strength) this.strength.value = hasMask ? STRENGTHS.part : STRENGTHS.whole;
    if (!this.chosen.outline) this.outline.checked = !hasMask;
    showShare(this.strength);
  }

  /** Begins from the noise of a second seed. The first seed stays, and with it the sitter's name. */
  private async paint(): Promise<void> {
    if (!this.image) return;
    this.brush.stepBack();
    await this.change({
      image: this.image,
      mask: this.brush.marked ?? undefined,
      strength: this.strength.valueAsNumber,
      resamples: undefined,
      keepAlpha: this.outline.checked,
      interpolate: { seed: randomSeed(), amount: 1 },
    });
  }

  private async undo(): Promise<void> {
    if (!this.before) return;
    const { interpolate, image, mask, strength, resamples, keepAlpha } = this.before;
    await this.change({ interpolate, image, mask, strength, resamples, keepAlpha });
  }
}

function presetButton(name: string, mark: () => void): HTMLButtonElement {
  const button = create('button', { type: 'button', textContent: name });
  button.addEventListener('click', mark);
  return button;
}

/** The colour of the marked pixels: the ember colour of the page. */
const MARK = [255, 157, 60, 150] as const;

/** A brush that paints a mask over the card's picture, in the picture's own pixels. */
class MaskBrush {
  private readonly canvas = element<HTMLCanvasElement>('#card-mask');
  private readonly sizeSlider = element<HTMLInputElement>('#brush');
  private readonly eraser = element<HTMLInputElement>('#erase');
  private mask = new Uint8Array(0);
  /** Where the brush was last, in pixels; null while it is lifted. */
  private last: [x: number, y: number] | null = null;

  /** @param onPainted called after each stroke */
  constructor(private readonly onPainted: () => void) {
    this.canvas.addEventListener('pointerdown', (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = null;
      this.stroke(event);
    });
    this.canvas.addEventListener('pointermove', (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) this.stroke(event);
    });
    for (const end of ['pointerup', 'pointercancel']) this.canvas.addEventListener(end, () => this.onPainted());
  }

  /** The mask so far, one byte for each pixel; null when nothing is marked. */
  get marked(): Uint8Array | null {
    return this.mask.some((value) => value > 0) ? this.mask.slice() : null;
  }

  /** Starts an empty mask over a picture of this size. */
  begin(widthPx: number, heightPx: number): void {
    [this.canvas.width, this.canvas.height] = [widthPx, heightPx];
    this.set(new Uint8Array(widthPx * heightPx));
    this.eraser.checked = false;
    this.canvas.hidden = false;
  }

  end(): void {
    this.canvas.hidden = true;
  }

  /** Fades the mask once its pixels are painted, until the mask changes. */
  stepBack(): void {
    this.canvas.toggleAttribute('data-painted', true);
  }

  /** Marks exactly these pixels. */
  set(mask: Uint8Array): void {
    this.mask = mask.slice();
    this.show();
  }

  /** Draws dots from the last position to the pointer. They erase where that is chosen, and with the right button or Alt. */
  private stroke(event: PointerEvent): void {
    const to = this.at(event);
    const from = this.last ?? to;
    const isErasing = this.eraser.checked || event.altKey || (event.buttons & 2) !== 0;
    const numDots = Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])) + 1;
    for (let i = 1; i <= numDots; i++) {
      const share = i / numDots;
      this.dot(from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]), isErasing ? 0 : 255);
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

/** Whether a point belongs to a part of the picture; x and y are shares of its width and height. */
type Part = (x: number, y: number) => boolean;

/** The face is in the lower middle of a portrait; above and beside it is hair, or a hat. */
const OF_PORTRAITS: Record<string, Part> = {
  Hair: (x, y) => y < 3 / 4 || x < 1 / 4 || x > 3 / 4,
  Face: (x, y) => y > 5 / 8 && x > 1 / 4 && x < 3 / 4,
};

/** In a portrait of 64 pixels the head fills the picture, and clothes are below it. */
const OF_BUSTS: Record<string, Part> = {
  Hair: (x, y) => y < 0.86 && (y < 0.34 || x < 0.27 || x > 0.77),
  Face: (x, y) => y > 0.36 && y < 0.8 && x > 0.27 && x < 0.77,
  Clothes: (_, y) => y > 0.82,
};

const OF_OTHERS: Record<string, Part> = {
  'Upper half': (_, y) => y < 1 / 2,
  'Lower half': (_, y) => y > 1 / 2,
};

/** The parts that buttons offer for a model's pictures, by name. */
export function presetsFor({ kind, widthPx }: Pick<ModelInfo, 'kind' | 'widthPx'>): Readonly<Record<string, Part>> {
  if (!kind.startsWith('portraits')) return OF_OTHERS;
  return widthPx < 64 ? OF_PORTRAITS : OF_BUSTS;
}

/** The mask of a part: one byte for each pixel, 255 where the middle of the pixel is inside. */
export function maskOf(part: Part, widthPx: number, heightPx: number): Uint8Array {
  return Uint8Array.from({ length: widthPx * heightPx }, (_, i) => {
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    return part((x + 0.5) / widthPx, (y + 0.5) / heightPx) ? 255 : 0;
  });
}
