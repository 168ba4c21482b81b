import { encodeEdit } from '../../../plugin/index.ts';
import { MATERIAL_CHANNELS, randomSeed } from '../../../runtime/index.ts';
import { type Still, standingFrame } from '../../shared/frames.ts';
import { labelWords } from '../../shared/labelWords.ts';
import { copied, drawPixels, drawStill, element, onClicks } from '../../shared/page.ts';
import { percent } from '../../shared/percent.ts';
import { NO_EDIT, type RecipeChanges, type SitterRecipe } from '../people/keeping.ts';
import { changeSheetAsync, sheetOf } from '../people/sheet.ts';
import { changeBesidesAsync, NO_PAINTER, type Sitter } from '../people/sitter.ts';
import { CardFigure } from './cardFigure.ts';
import { Editor } from './editor.ts';
import { picturesOf, savePictures } from './savedPictures.ts';
import { SheetPanel } from './sheetPanel.ts';
import { showShare } from './showShare.ts';
import { Talk } from './talk.ts';

/**
 * The card of a sitter: who or what it is, what its picture is made from, and what can be done with the picture. Of a guest
 * it shows the face, and the figure beside it.
 */
export class Card {
  private readonly dialog = element<HTMLDialogElement>('#card');
  private readonly canvas = element<HTMLCanvasElement>('#card-picture');
  private readonly figure = new CardFigure();
  private readonly notice = element('.notice', this.dialog);
  private readonly strength = element<HTMLInputElement>('#strength');
  private readonly keepButton = element('[data-action=keep]', this.dialog);
  private readonly editButton = element('[data-action=edit]', this.dialog);
  private readonly talkButton = element('[data-action=talk]', this.dialog);
  /** What a screen reader says, and nobody sees. */
  private readonly forReaders = element('[data-spoken]', this.dialog);
  private readonly talk = new Talk();
  private readonly sheet = new SheetPanel((name, value) => {
    const { sitter } = this;
    if (!sitter) return;
    const notice = picturedOf(sitter).recipe.image ? 'The edit is undone, and the whole picture painted again.' : '';
    void this.paint(() => changeSheetAsync(sitter, name, value), notice);
  });
  private readonly editor = new Editor(
    (changes) => this.change(changes),
    () => this.endEditing(),
  );
  private sitter: Sitter | null = null;
  /** The seed at the other end of the variation; null until a variation is asked for. */
  private secondSeed: number | null = null;
  private numShows = 0;
  private stopObserving: () => void = () => {};
  /** Aborted when the card closes, or opens for somebody else. */
  private attention = new AbortController();

  constructor() {
    onClicks(this.dialog, 'data-action', {
      talk: () => this.speak(),
      reroll: () => this.reroll(),
      vary: () => this.vary(randomSeed()),
      edit: () => this.edit(),
      keep: () => this.toggleKept(),
      copy: () => this.copyRecipe(),
      download: () => this.download(),
      close: () => this.dialog.close(),
    });
    this.strength.addEventListener('input', () => void this.vary(this.secondSeed ?? randomSeed()));
    let isPressOnBackdrop = false; // a text that is selected beyond the card ends in a click on the backdrop, too
    this.dialog.addEventListener('pointerdown', (event) => {
      isPressOnBackdrop = this.isOnBackdrop(event);
    });
    this.dialog.addEventListener('click', (event) => {
      if (isPressOnBackdrop && this.isOnBackdrop(event)) this.dialog.close();
    });
    this.dialog.addEventListener('close', () => {
      if (!this.dialog.open) this.leave(); // the event comes late: the card may show somebody else by now
    });
  }

  open(sitter: Sitter): void {
    this.leave();
    this.sitter = sitter;
    sitter.isSpokenTo = true;
    const pictured = picturedOf(sitter);
    const parts = new Set([sitter, pictured]);
    const observers = Array.from(parts, (part) => part.onChangedObservable.add(() => void this.show()));
    this.stopObserving = () => {
      for (const observer of observers) observer.remove(true);
    };
    this.notice.textContent = '';
    const { interpolate, image } = pictured.recipe;
    const variation = image ? undefined : interpolate; // an edit has a second seed, too
    this.secondSeed = variation?.seed ?? null;
    this.strength.value = variation ? String(variation.amount) : this.strength.defaultValue;
    if (pictured === sitter) this.figure.hide();
    else this.figure.await();
    drawPixels(this.canvas, new Uint8Array(4 * this.canvas.width * this.canvas.height));
    void this.show();
    if (!this.dialog.open) this.dialog.showModal();
    this.attention = new AbortController();
    if (pictured.artist) this.talk.prepare(pictured, PRIORITY_AHEAD, this.attention.signal);
  }

  close(): void {
    this.dialog.close();
  }

  private leave(): void {
    this.attention.abort();
    void this.talk.stop();
    this.stopObserving();
    this.figure.hide();
    this.sheet.hide();
    this.endEditing();
    if (this.sitter) this.sitter.isSpokenTo = false;
    this.sitter = null;
  }

  /** The backdrop is a part of the dialog, so the position decides. */
  private isOnBackdrop({ target, clientX, clientY }: MouseEvent): boolean {
    const { left, right, top, bottom } = this.dialog.getBoundingClientRect();
    const isInside = clientX >= left && clientX <= right && clientY >= top && clientY <= bottom;
    return target === this.dialog && !isInside;
  }

  private async show(): Promise<void> {
    const { sitter } = this;
    if (!sitter) return;
    const pictured = picturedOf(sitter);
    const { label, seed, guidanceScale } = pictured.recipe;
    element('#card-name').textContent = sitter.name;
    this.canvas.ariaLabel = `${sitter.name}, ${labelWords(label)}`;
    this.talk.show(pictured);
    const isPerson = pictured.words.startsWith('“'); // who has something to say
    this.talkButton.hidden = !pictured.expressAsync || !isPerson;
    if (!sitter.isPainting && !pictured.isPainting) this.sheet.show(sheetOf(sitter), isPerson);
    this.write('label', labelWords(label));
    this.write('seed', String(seed));
    this.write('guidance', String(guidanceScale ?? 'none'));
    this.write('varied', variationOf(pictured.recipe));
    showShare(this.strength);
    this.editButton.hidden = isLarge(pictured.recipe) || hasFrames(pictured) || hasMaps(pictured);
    this.showKept(sitter);
    this.dialog.toggleAttribute('data-painting', sitter.isPainting || pictured.isPainting);
    const order = ++this.numShows;
    this.canvas.ariaBusy = 'true'; // until it shows the picture of all that the card says
    const picture = (part: Sitter) => part.pixelsAsync().catch(() => null); // it has left, or a newer one was asked for
    const [pixels, figure] = await Promise.all([picture(pictured), pictured === sitter ? null : picture(sitter)]);
    if (this.sitter !== sitter || order !== this.numShows) return;
    if (figure) this.figure.show(figure, sitter.artist!.generator.info);
    if (!pixels) return;
    drawStill(this.canvas, stillOf(pictured, pixels));
    this.canvas.ariaBusy = 'false';
  }

  private showKept(sitter: Sitter): void {
    const isKept = isKeptWhole(sitter);
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
    if (!sitter || !this.isHere(sitter)) return;
    const pictured = picturedOf(sitter);
    if (!this.isPainted(pictured)) return;
    await this.talk.stop();
    const pixels = await pictured.pixelsAsync().catch(() => null);
    if (!pictured.artist || !pixels || this.sitter !== sitter) return;
    this.editor.open(pictured, pixels);
    this.dialog.toggleAttribute('data-editing', true);
    this.notice.textContent = '';
    element('#editor button').focus();
  }

  /** Whether a picture is finished; otherwise the card says so. */
  private isPainted({ isPainting, artist }: Sitter): boolean {
    if (!isPainting && artist) return true;
    this.notice.textContent = isPainting ? 'The picture is still being painted.' : NO_PAINTER;
    return false;
  }

  /** Whether a sitter is still in the tavern; otherwise the card says so. */
  private isHere({ hasLeft = false, name }: Sitter): boolean {
    if (hasLeft) this.notice.textContent = `${name} has left the tavern.`;
    return !hasLeft;
  }

  private endEditing(): void {
    if (!this.editor.isOpen) return;
    this.editor.close();
    this.dialog.toggleAttribute('data-editing', false);
    this.editButton.focus();
  }

  /** Changes all pictures of the sitter; an edit is of the picture that the card shows. */
  private async change(changes: RecipeChanges): Promise<void> {
    const { sitter } = this;
    if (!sitter) return;
    const parts = changes.image ? [picturedOf(sitter)] : partsOf(sitter);
    await this.paint(() => Promise.all(parts.map((part) => changeBesidesAsync(part, changes))));
  }

  /** @param done said when it is painted */
  private async paint(work: () => Promise<unknown>, done = ''): Promise<void> {
    const { sitter } = this;
    if (!sitter || !this.isHere(sitter)) return;
    void this.talk.stop();
    this.notice.textContent = 'Painting another…';
    this.forReaders.textContent = '';
    let notice = done;
    let spoken = done ? '' : 'Painted.';
    try {
      await work();
    } catch (error) {
      if ((error as Error).name === 'AbortError') return; // a newer change goes on
      notice = (error as Error).message;
      spoken = '';
    } finally {
      void this.show();
    }
    if (this.sitter !== sitter) return;
    this.notice.textContent = notice;
    this.forReaders.textContent = spoken;
  }

  private async speak(): Promise<void> {
    const { sitter } = this;
    if (!sitter || !this.isPainted(picturedOf(sitter))) return;
    this.notice.textContent = '';
    await this.talk.speakAsync(picturedOf(sitter)).catch((error: Error) => this.tell(sitter, error));
  }

  /** Says what went wrong, unless a newer wish was why, or the card is somebody else's by now. */
  private tell(sitter: Sitter, { name, message }: Error): void {
    if (this.sitter === sitter && name !== 'AbortError') this.notice.textContent = message;
  }

  /** A sitter that is kept is there again after a reload as it is now: another picture takes its place when it is kept, too. */
  private toggleKept(): void {
    const { sitter } = this;
    if (!sitter || !this.isHere(sitter)) return;
    const parts = partsOf(sitter);
    if (!parts.every((part) => this.isPainted(part))) return;
    if (isKeptWhole(sitter)) {
      for (const part of parts) part.artist?.keeping.letGo(part);
      this.notice.textContent = 'No longer kept.';
    } else {
      const isStored = parts.map((part) => part.artist?.keeping.keep(part)).every(Boolean);
      this.notice.textContent = isStored
        ? `Kept in this browser's local storage: ${sitter.name}.`
        : 'Kept until the page closes: the browser does not let it be stored.';
    }
    this.showKept(sitter);
  }

  private async copyRecipe(): Promise<void> {
    if (!this.sitter) return;
    const [picture, figure] = [picturedOf(this.sitter), this.sitter].map(copyOf);
    const text = JSON.stringify(this.sitter.face ? { ...picture, figure } : picture, null, 2);
    this.notice.textContent = await copied(text, 'The recipe');
  }

  /** Saves all pictures of the sitter without enlarging them, once they are painted. */
  private async download(): Promise<void> {
    const { sitter } = this;
    if (!sitter || !partsOf(sitter).every((part) => this.isPainted(part))) return;
    this.notice.textContent = '';
    try {
      const pictures = await picturesOf(sitter);
      if (this.sitter === sitter) await savePictures(fileName(picturedOf(sitter).recipe), pictures);
    } catch (error) {
      this.tell(sitter, error as Error);
    }
  }
}

/** Pictures that the visitor may want next are made after all others. */
const PRIORITY_AHEAD = -1;

/** Whose picture the card shows: the face of a guest, or else the sitter. */
function picturedOf(sitter: Sitter): Sitter {
  return sitter.face ?? sitter;
}

/** All pictures of a sitter. */
function partsOf(sitter: Sitter): Sitter[] {
  return sitter.face ? [sitter.face, sitter] : [sitter];
}

function isKeptWhole(sitter: Sitter): boolean {
  return partsOf(sitter).every((part) => part.artist?.keeping.has(part) ?? false);
}

function copyOf({ artist, recipe }: Sitter): Record<string, unknown> {
  return { model: artist?.name, ...recipe, ...encodeEdit(recipe) };
}

/** A surface of several tiles: its image would be too large to keep in this browser. */
function isLarge({ widthPx, heightPx }: SitterRecipe): boolean {
  return widthPx !== undefined || heightPx !== undefined;
}

function hasFrames({ artist }: Sitter): boolean {
  return artist?.generator.info.frames !== undefined;
}

/** The picture of a material: a picture alone has no maps to begin an edit from. */
function hasMaps({ artist }: Sitter): boolean {
  return artist?.generator.info.channels === MATERIAL_CHANNELS;
}

/** What the card shows of a picture: of a figure without a face it is the frame in which it stands. */
function stillOf(sitter: Sitter, pixels: Uint8Array): Still {
  const { info, sizePx } = sitter.artist!.generator;
  if (hasFrames(sitter)) return standingFrame(pixels, info);
  const { widthPx = sizePx[0], heightPx = sizePx[1] } = sitter.recipe;
  return { pixels, widthPx, heightPx };
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
