import type { AssetGenerator } from '../../../plugin/index.ts';
import { drawPixels } from '../../shared/drawPixels.ts';
import { element } from '../../shared/element.ts';
import { recipeOf, type Settings } from '../settings.ts';
import { differenceOf } from './difference.ts';
import { openPicture } from './openPicture.ts';

/** Behind the guidance plot, before the strips. */
const PRIORITY = 4;
const GAIN = 4;

/** A picture beside what the auto-encoder alone makes of it. */
export class Reconstruction {
  private readonly root = element('#reconstruction');
  private readonly canvases: Record<'original' | 'decoded' | 'difference', HTMLCanvasElement>;
  /** A file's picture, which stands in for the portrait. */
  private own: { name: string; pixels: Uint8Array } | null = null;
  private numOpened = 0;
  /** What is shown: a recipe, or a file. */
  private shown = '';

  /** @param onChosen told when another picture is to be shown: `fillAsync` shows it */
  constructor(
    private readonly generator: AssetGenerator,
    private readonly onChosen: () => void,
  ) {
    const canvas = (name: string) => this.sized(element<HTMLCanvasElement>(`[data-picture=${name}] canvas`, this.root));
    this.canvases = { original: canvas('original'), decoded: canvas('decoded'), difference: canvas('difference') };
    this.offerFiles();
  }

  /** Marks the pictures as out of date when they are. */
  show(settings: Settings): void {
    this.root.toggleAttribute('data-stale', this.shown !== this.keyOf(settings));
  }

  /** Shows the present portrait, or the file, and what becomes of it. @throws the signal's reason */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    const key = this.keyOf(settings);
    if (this.shown === key) return;
    const { generator, own } = this;
    const waiting = { priority: PRIORITY, signal };
    const recipe = recipeOf(settings, generator.info);
    const original = own?.pixels ?? (await generator.generatePixelsAsync({ ...recipe, ...waiting }));
    const decoded = await generator.decodeAsync(await generator.encodeAsync(original, waiting), waiting);
    signal.throwIfAborted();
    const { pixels, meanError } = differenceOf(original, decoded, generator.info.channels, GAIN);
    drawPixels(this.canvases.original, original);
    drawPixels(this.canvases.decoded, decoded);
    drawPixels(this.canvases.difference, pixels);
    const ofBytes = (255 * meanError).toFixed(1);
    const text = `Mean absolute error ${ofBytes} of 255, which is ${(2 * meanError).toFixed(3)} in the model's −1 … 1.`;
    element('.error', this.root).textContent = text;
    element('[data-picture=original] figcaption', this.root).textContent = own?.name ?? 'the portrait';
    this.shown = key;
    this.root.removeAttribute('data-stale');
  }

  private keyOf(settings: Settings): string {
    return this.own ? `file ${this.numOpened}` : JSON.stringify(recipeOf(settings, this.generator.info));
  }

  private offerFiles(): void {
    const input = element<HTMLInputElement>('input[type=file]', this.root);
    input.addEventListener('change', () => {
      void this.open(input.files?.[0]);
      input.value = ''; // the same file may be chosen again
    });
    element('[data-action=portrait]', this.root).addEventListener('click', () => this.use(null));
    this.root.addEventListener('dragover', (event) => {
      event.preventDefault();
      this.root.setAttribute('data-drop', '');
    });
    this.root.addEventListener('dragleave', () => this.root.removeAttribute('data-drop'));
    this.root.addEventListener('drop', (event) => {
      event.preventDefault();
      this.root.removeAttribute('data-drop');
      void this.open(event.dataTransfer?.files[0]);
    });
  }

  private async open(file: File | undefined): Promise<void> {
    if (!file) return;
    const [widthPx, heightPx] = this.generator.sizePx;
    try {
      this.use({ name: file.name, pixels: await openPicture(file, widthPx, heightPx) });
    } catch (error) {
      element('.error', this.root).textContent = (error as Error).message;
    }
  }

  private use(own: Reconstruction['own']): void {
    this.own = own;
    this.numOpened++;
    element('[data-action=portrait]', this.root).toggleAttribute('disabled', own === null);
    this.onChosen();
  }

  private sized(canvas: HTMLCanvasElement): HTMLCanvasElement {
    [canvas.width, canvas.height] = this.generator.sizePx;
    return canvas;
  }
}
