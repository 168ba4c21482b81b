import { kindOf } from '../people/names.ts';
import type { Sitter } from '../people/sitter.ts';
import { drawPixels } from './drawPixels.ts';
import { element } from './element.ts';
import { greetingOf } from './greetings.ts';
import { copied, downloadPng } from './handOut.ts';

/** The conversation card: who it is, what the picture is made from, and what can be done with it. */
export class Card {
  private readonly dialog = element<HTMLDialogElement>('#card');
  private readonly canvas = element<HTMLCanvasElement>('#card-picture');
  private readonly notice = element('.notice', this.dialog);
  private sitter: Sitter | null = null;
  private stopObserving: () => void = () => {};

  /** @param model name in the recipes that are copied */
  constructor(private readonly model: string) {
    const actions = {
      reroll: () => this.reroll(),
      copy: () => this.copyRecipe(),
      download: () => this.download(),
      close: () => this.dialog.close(),
    };
    for (const [name, act] of Object.entries(actions)) {
      element(`[data-action=${name}]`, this.dialog).addEventListener('click', () => void act());
    }
    this.dialog.addEventListener('click', ({ target }) => {
      if (target === this.dialog) this.closeUnlessInside();
    });
    this.dialog.addEventListener('close', () => this.leave());
  }

  open(sitter: Sitter): void {
    this.leave();
    this.sitter = sitter;
    const observer = sitter.onChangedObservable.add(() => void this.show());
    this.stopObserving = () => sitter.onChangedObservable.remove(observer);
    this.notice.textContent = '';
    drawPixels(this.canvas, new Uint8Array(4 * this.canvas.width * this.canvas.height));
    void this.show();
    if (!this.dialog.open) this.dialog.showModal();
  }

  private leave(): void {
    this.stopObserving();
    this.sitter = null;
  }

  /** The padding belongs to the dialog, and so does what is around it. */
  private closeUnlessInside(): void {
    const event = window.event as MouseEvent;
    const { left, right, top, bottom } = this.dialog.getBoundingClientRect();
    const isInside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    if (!isInside) this.dialog.close();
  }

  private async show(): Promise<void> {
    const { sitter } = this;
    if (!sitter) return;
    const { label, seed, guidanceScale } = sitter.recipe;
    element('#card-name').textContent = sitter.name;
    element('.greeting', this.dialog).textContent = `“${greetingOf(seed)}”`;
    this.write('label', kindOf(label));
    this.write('seed', String(seed));
    this.write('guidance', String(guidanceScale));
    this.dialog.toggleAttribute('data-painting', sitter.isPainting);
    const pixels = await sitter.pixelsAsync();
    if (!pixels || this.sitter !== sitter) return;
    drawPixels(this.canvas, pixels);
  }

  private write(name: string, text: string): void {
    element(`[data-recipe=${name}]`, this.dialog).textContent = text;
  }

  private async reroll(): Promise<void> {
    this.notice.textContent = 'Painting another…';
    try {
      await this.sitter?.rerollAsync();
      this.notice.textContent = '';
    } catch (error) {
      if ((error as Error).name !== 'AbortError') this.notice.textContent = (error as Error).message;
    }
  }

  private async copyRecipe(): Promise<void> {
    if (!this.sitter) return;
    const text = JSON.stringify({ model: this.model, ...this.sitter.recipe }, null, 2);
    this.notice.textContent = await copied(text, 'The recipe');
  }

  /** The picture as it is, 32×32. */
  private async download(): Promise<void> {
    if (!this.sitter) return;
    const { label, seed } = this.sitter.recipe;
    await downloadPng(this.canvas, `${label}-${seed}.png`);
  }
}
