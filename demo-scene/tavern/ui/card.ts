import { encodeEdit } from '../../../plugin/index.ts';
import { randomSeed } from '../../../runtime/index.ts';
import { copied, downloadPng, drawPixels, element, labelWords, onClicks } from '../../shared/page.ts';
import { NO_EDIT, type RecipeChanges, type SitterRecipe } from '../people/keeping.ts';
import type { Sitter } from '../people/sitter.ts';
import { Editor } from './editor.ts';

/** The card of a sitter: who or what it is, what its picture is made from, and what can be done with the picture. */
export class Card {
  private readonly dialog = element<HTMLDialogElement>('#card');
  private readonly canvas = element<HTMLCanvasElement>('#card-picture');
  private readonly notice = element('.notice', this.dialog);
  private readonly strength = element<HTMLInputElement>('#strength');
  private readonly keepButton = element('[data-action=keep]', this.dialog);
  private readonly editButton = element('[data-action=edit]', this.dialog);
  private readonly editor = new Editor(
    (changes) => this.change(changes),
    () => this.endEditing(),
  );
  private sitter: Sitter | null = null;
  /** The seed at the other end of the variation; null until a variation is asked for. */
  private secondSeed: number | null = null;
  private numShows = 0;
  private stopObserving: () => void = () => {};

  constructor() {
    onClicks(this.dialog, 'data-action', {
      reroll: () => this.reroll(),
      vary: () => this.vary(randomSeed()),
      edit: () => this.edit(),
      keep: () => this.toggleKept(),
      copy: () => this.copyRecipe(),
      download: () => this.download(),
      close: () => this.dialog.close(),
    });
    this.strength.addEventListener('input', () => void this.vary(this.secondSeed ?? randomSeed()));
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog && !this.isInside(event)) this.dialog.close();
    });
    this.dialog.addEventListener('close', () => this.leave());
  }

  open(sitter: Sitter): void {
    this.leave();
    this.sitter = sitter;
    sitter.isSpokenTo = true;
    const observer = sitter.onChangedObservable.add(() => void this.show());
    this.stopObserving = () => sitter.onChangedObservable.remove(observer);
    this.notice.textContent = '';
    const { interpolate } = sitter.recipe;
    this.secondSeed = interpolate?.seed ?? null;
    if (interpolate) this.strength.value = String(interpolate.amount);
    if (sitter.artist) this.fit(sitter.recipe, sitter.artist.generator.sizePx);
    drawPixels(this.canvas, new Uint8Array(4 * this.canvas.width * this.canvas.height));
    void this.show();
    if (!this.dialog.open) this.dialog.showModal();
  }

  private fit({ widthPx, heightPx }: SitterRecipe, [tileWidthPx, tileHeightPx]: readonly [number, number]): void {
    [this.canvas.width, this.canvas.height] = [widthPx ?? tileWidthPx, heightPx ?? tileHeightPx];
  }

  close(): void {
    this.dialog.close();
  }

  private leave(): void {
    this.stopObserving();
    this.endEditing();
    if (this.sitter) this.sitter.isSpokenTo = false;
    this.sitter = null;
  }

  /** Clicks on the backdrop reach the dialog too, so the position decides. */
  private isInside({ clientX, clientY }: MouseEvent): boolean {
    const { left, right, top, bottom } = this.dialog.getBoundingClientRect();
    return clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
  }

  private async show(): Promise<void> {
    const { sitter } = this;
    if (!sitter) return;
    const { label, seed, guidanceScale } = sitter.recipe;
    element('#card-name').textContent = sitter.name;
    element('.greeting', this.dialog).textContent = sitter.words;
    this.write('label', labelWords(label));
    this.write('seed', String(seed));
    this.write('guidance', String(guidanceScale ?? 'none'));
    this.write('varied', variationOf(sitter.recipe));
    element('output', this.dialog).textContent = percent(this.strength.valueAsNumber);
    this.editButton.hidden = isLarge(sitter.recipe);
    this.showKept(sitter);
    this.dialog.toggleAttribute('data-painting', sitter.isPainting);
    const order = ++this.numShows;
    this.canvas.ariaBusy = 'true'; // until it shows the picture of all that the card says
    const pixels = await sitter.pixelsAsync().catch(() => null); // the sitter has left, or a newer picture was asked for
    if (!pixels || this.sitter !== sitter || order !== this.numShows) return;
    drawPixels(this.canvas, pixels);
    this.canvas.ariaBusy = 'false';
  }

  private showKept(sitter: Sitter): void {
    const isKept = sitter.artist?.keeping.has(sitter) ?? false;
    this.keepButton.textContent = isKept ? 'Kept' : 'Keep';
    this.keepButton.setAttribute('aria-pressed', String(isKept));
  }

  private write(name: string, text: string): void {
    element(`[data-recipe=${name}]`, this.dialog).textContent = text;
  }

  private async reroll(): Promise<void> {
    this.secondSeed = null;
    await this.change({ ...NO_EDIT, seed: randomSeed(), interpolate: undefined });
  }

  /** Paints the picture that lies between this seed and another, as far along as the slider says. */
  private async vary(secondSeed: number): Promise<void> {
    this.secondSeed = secondSeed;
    await this.change({ ...NO_EDIT, interpolate: { seed: secondSeed, amount: this.strength.valueAsNumber } });
  }

  /** Opens the editor, where a part of the picture can be painted again. */
  private async edit(): Promise<void> {
    const { sitter } = this;
    const pixels = await sitter?.pixelsAsync().catch(() => null);
    if (!sitter?.artist || !pixels || this.sitter !== sitter) return;
    this.editor.open(sitter, pixels);
    this.dialog.toggleAttribute('data-editing', true);
    this.notice.textContent = '';
    element('#editor button').focus();
  }

  private endEditing(): void {
    if (!this.editor.isOpen) return;
    this.editor.close();
    this.dialog.toggleAttribute('data-editing', false);
    this.editButton.focus();
  }

  private async change(changes: RecipeChanges): Promise<void> {
    const { sitter } = this;
    if (!sitter) return;
    const isKept = sitter.artist?.keeping.has(sitter);
    this.notice.textContent = 'Painting another…';
    try {
      await sitter.changeAsync(changes);
      if (isKept) sitter.artist?.keeping.keep(sitter);
      void this.show();
      if (this.sitter === sitter) this.notice.textContent = '';
    } catch (error) {
      if ((error as Error).name !== 'AbortError') this.notice.textContent = (error as Error).message;
    }
  }

  /** A sitter that is kept is there again after a reload, as it was last seen. */
  private toggleKept(): void {
    const { sitter } = this;
    if (!sitter?.artist) return;
    const { keeping } = sitter.artist;
    if (keeping.has(sitter)) {
      keeping.letGo(sitter);
      this.notice.textContent = 'No longer kept.';
    } else {
      const isStored = keeping.keep(sitter);
      const place = sitter.place.replace(/ \d+$/, '');
      this.notice.textContent = isStored
        ? `Kept for this ${place}, in this browser's local storage.`
        : 'Kept until the page closes: the browser does not let it be stored.';
    }
    this.showKept(sitter);
  }

  private async copyRecipe(): Promise<void> {
    if (!this.sitter) return;
    const { artist, recipe } = this.sitter;
    const text = JSON.stringify({ model: artist?.name, ...recipe, ...encodeEdit(recipe) }, null, 2);
    this.notice.textContent = await copied(text, 'The recipe');
  }

  /** Saves the picture without enlarging it. */
  private async download(): Promise<void> {
    if (this.sitter) await downloadPng(this.canvas, `${fileName(this.sitter.recipe)}.png`);
  }
}

/** A surface of several tiles: its image would be too large to keep in this browser. */
function isLarge({ widthPx, heightPx }: SitterRecipe): boolean {
  return widthPx !== undefined || heightPx !== undefined;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** A few words on how the picture differs from that of its seed alone. */
function variationOf({ interpolate, image, mask, strength }: SitterRecipe): string {
  if (image) return `${mask ? 'in a part, ' : 'edited, '}${percent(strength ?? 1)}`;
  return interpolate ? `${percent(interpolate.amount)} to ${interpolate.seed}` : 'no';
}

function fileName({ label, seed, interpolate, image }: SitterRecipe): string {
  const varied = interpolate ? `-${image ? 'by' : 'to'}-${interpolate.seed}-${interpolate.amount}` : '';
  return `${label}-${seed}${varied}`;
}
