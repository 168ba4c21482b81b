import type { AssetGenerator } from '../../plugin/index.ts';
import { allowPress, ignoreRefusedPresses } from '../shared/allowPress.ts';
import { blankPicture, framesInRows } from '../shared/frames.ts';
import { drawStill, element } from '../shared/page.ts';
import { statedSize } from '../shared/statedSize.ts';
import { labRecipe, type Settings } from './settings.ts';

/** Made after the guidance plot and before the strips. */
const PRIORITY = 4;
const GAIN = 4;

/** Shows a picture beside what the auto-encoder alone makes of it, and the difference of the two. */
export class ReconstructionView {
  private readonly root = element('#reconstruction');
  private readonly canvases: Record<'original' | 'decoded' | 'difference', HTMLCanvasElement>;
  /** A picture from a file, shown in place of the one that is painted. */
  private own: { name: string; pixels: Uint8Array } | null = null;
  private numOpened = 0;
  /** Counts what was asked for: a file that is read slowly does not take the place of a newer choice. */
  private numAsked = 0;
  /** The key of the recipe or file that is shown. */
  private shown = '';
  /** What is said of the picture that is shown: how far it is from its reconstruction. */
  private measured = '';
  /** Why a file is not shown, above the sentence on what still is; it goes with the next choice or setting. */
  private refusal = '';

  /** @param onChosen called when another picture is to be shown; it should call `fillAsync` */
  constructor(
    private readonly generator: AssetGenerator,
    private readonly onChosen: () => void,
  ) {
    const canvas = (name: string) => element<HTMLCanvasElement>(`[data-picture=${name}] canvas`, this.root);
    this.canvases = { original: canvas('original'), decoded: canvas('decoded'), difference: canvas('difference') };
    const blank = blankPicture(generator.info);
    this.draw({ original: blank, decoded: blank, difference: blank });
    this.offerFiles();
  }

  show(settings: Settings): void {
    this.root.toggleAttribute('data-stale', this.shown !== this.keyOf(settings));
    this.refusal = '';
    this.tell();
  }

  /** Shows the painted picture or the file, encoded and decoded again. @throws the signal's reason when aborted */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    const key = this.keyOf(settings);
    if (this.shown === key) return;
    const { generator, own } = this;
    const waiting = { priority: PRIORITY, signal };
    const recipe = labRecipe(settings, generator.info);
    const original = own?.pixels ?? (await generator.generatePixelsAsync({ ...recipe, ...waiting }));
    const decoded = await generator.decodeAsync(await generator.encodeAsync(original, waiting), waiting);
    signal.throwIfAborted();
    const { pixels, meanError } = differenceOf(original, decoded, generator.info.channels === 4 ? 4 : 3, GAIN);
    this.draw({ original, decoded, difference: pixels });
    const ofBytes = (255 * meanError).toFixed(1);
    this.measured = `Mean absolute error ${ofBytes} of 255, which is ${(2 * meanError).toFixed(3)} in the model's −1 … 1.`;
    this.tell();
    element('[data-picture=original] figcaption', this.root).textContent = own?.name ?? 'the picture';
    this.shown = key;
    this.root.removeAttribute('data-stale');
  }

  private tell(): void {
    const text = [this.refusal, this.measured].filter(Boolean).join('\n');
    const line = element('.error', this.root);
    if (line.textContent !== text) line.textContent = text; // the same need not be read out again
  }

  private keyOf(settings: Settings): string {
    return this.own ? `file ${this.numOpened}` : JSON.stringify(labRecipe(settings, this.generator.info));
  }

  private offerFiles(): void {
    const input = element<HTMLInputElement>('input[type=file]', this.root);
    input.addEventListener('change', () => {
      void this.open(input.files?.[0]);
      input.value = ''; // the same file may be chosen again
    });
    element('[data-action=back]', this.root).addEventListener('click', () => {
      this.numAsked++;
      this.use(null);
    });
    ignoreRefusedPresses(this.root);
    this.acceptDrops();
  }

  /** A file may be dropped anywhere on the page; otherwise the browser would open it in the page's place. */
  private acceptDrops(): void {
    const { root } = this;
    const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
    addEventListener('dragover', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      root.setAttribute('data-drop', '');
    });
    addEventListener('dragleave', ({ relatedTarget }) => {
      if (relatedTarget === null) root.removeAttribute('data-drop');
    });
    addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      root.removeAttribute('data-drop');
      void this.open(event.dataTransfer?.files[0]);
    });
  }

  private async open(file: File | undefined): Promise<void> {
    if (!file) return;
    const asked = ++this.numAsked;
    const [widthPx, heightPx] = this.generator.sizePx;
    try {
      const pixels = await openPicture(file, widthPx, heightPx);
      if (asked === this.numAsked) this.use({ name: file.name, pixels });
    } catch (error) {
      if (asked !== this.numAsked) return;
      this.refusal = (error as Error).message;
      this.tell();
    }
  }

  private use(own: ReconstructionView['own']): void {
    this.own = own;
    this.numOpened++;
    allowPress(element('[data-action=back]', this.root), own !== null);
    this.onChosen();
  }

  private draw(pictures: Record<keyof typeof this.canvases, Uint8Array>): void {
    for (const name of ['original', 'decoded', 'difference'] as const) {
      drawStill(this.canvases[name], framesInRows(pictures[name], this.generator.info));
    }
  }
}

interface Difference {
  /** The enlarged difference: RGBA bytes, black where the pictures are equal. */
  pixels: Uint8Array;
  /** Mean absolute error of the values that the model sees, 0 … 1. */
  meanError: number;
}

/**
 * Compares two pictures by what the model sees of them: colour multiplied by alpha, and alpha.
 *
 * @param a, b     RGBA bytes, straight alpha, of one size
 * @param channels 3 when the model has no alpha, which is then left out
 * @param gain     factor by which the difference is enlarged; a difference in alpha shows in all colours
 */
export function differenceOf(a: Uint8Array, b: Uint8Array, channels: 3 | 4, gain: number): Difference {
  const pixels = new Uint8ClampedArray(a.length);
  let sum = 0;
  for (let i = 0; i < a.length; i += 4) {
    const inAlpha = channels === 4 ? Math.abs(a[i + 3]! - b[i + 3]!) : 0;
    sum += inAlpha;
    for (let c = 0; c < 3; c++) {
      const inColour = Math.abs(seen(a, i, c, channels) - seen(b, i, c, channels));
      sum += inColour;
      pixels[i + c] = gain * Math.max(inColour, inAlpha);
    }
    pixels[i + 3] = 255;
  }
  return { pixels: new Uint8Array(pixels.buffer), meanError: sum / 255 / ((a.length / 4) * channels) };
}

function seen(pixels: Uint8Array, start: number, channel: number, channels: 3 | 4): number {
  return channels === 3 ? pixels[start + channel]! : (pixels[start + channel]! * pixels[start + 3]!) / 255;
}

/** More than any small picture needs; larger files and pictures would only fill the memory. */
const MAX_BYTES = 20e6;
const MAX_PIXELS = 50e6;

/**
 * Reads an image file and fits it into a picture of the given size: scaled evenly, centred, with transparent borders.
 *
 * @returns RGBA bytes, sRGB, straight alpha, top row first
 * @throws  Error with a sentence for people when the file or its picture is too large, or it is not an image
 */
async function openPicture(file: File, widthPx: number, heightPx: number): Promise<Uint8Array> {
  if (file.size > MAX_BYTES) throw new Error(`${file.name} has ${file.size} bytes; choose one below ${MAX_BYTES}.`);
  const unreadable = (error: unknown) => {
    throw new Error(`${file.name} is no picture that this browser can read; choose a PNG.`, { cause: error });
  };
  const stated = await file
    .arrayBuffer()
    .then((bytes) => statedSize(new Uint8Array(bytes)))
    .catch(unreadable);
  if (stated.width * stated.height > MAX_PIXELS) {
    throw new Error(`${file.name} has ${stated.width}×${stated.height} pixels; choose one with at most ${MAX_PIXELS}.`);
  }
  const bitmap = await createImageBitmap(file).catch(unreadable);
  const canvas = new OffscreenCanvas(widthPx, heightPx);
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const scale = Math.min(widthPx / bitmap.width, heightPx / bitmap.height);
  const [width, height] = [bitmap.width, bitmap.height].map((length) => Math.max(1, Math.round(scale * length))) as [
    number,
    number,
  ];
  context.imageSmoothingEnabled = scale < 1; // enlarged pictures are taken to be pixel art
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, Math.floor((widthPx - width) / 2), Math.floor((heightPx - height) / 2), width, height);
  bitmap.close();
  return new Uint8Array(context.getImageData(0, 0, widthPx, heightPx).data.buffer);
}
