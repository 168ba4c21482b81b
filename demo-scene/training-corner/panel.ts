// The training corner: trains a model beside the scene, and hands it to the scene or to the visitor.

import { allowPress, ignoreRefusedPresses } from '../shared/allowPress.ts';
import { labelWords } from '../shared/labelWords.ts';
import { create, drawPixels, element, fileNameOf, onClicks, saveBlob } from '../shared/page.ts';
import { HandOut, type ModelUser } from './handOut.ts';
import markup from './panel.html';
import { PictureChoice } from './pictureChoice.ts';
import type { FromTraining, SampleSheet, ToTraining, TrainingState } from './protocol.ts';
import { onSecondPress } from './secondPress.ts';
import { TrainingForm } from './trainingForm.ts';

export class TrainingPanel {
  readonly dialog: HTMLDialogElement;
  private readonly worker = new Worker(new URL('./trainingWorker.js', import.meta.url), { type: 'module' });
  private readonly form: TrainingForm;
  private readonly pictures: PictureChoice;
  private readonly handOut: HandOut;
  private state: TrainingState | null = null;
  /** Whether the panel lies over the whole page, as its style sheet has it there. */
  private readonly whole = matchMedia('(max-width: 640px)');

  /** Adds the closed panel to the page once its style sheet is loaded. */
  static async CreateAsync(opener: HTMLElement, user: ModelUser): Promise<TrainingPanel> {
    await addStyles('training.css');
    return new TrainingPanel(opener, user);
  }

  private constructor(
    private readonly opener: HTMLElement,
    user: ModelUser,
  ) {
    this.dialog = create('dialog', { id: 'training', innerHTML: markup });
    this.dialog.setAttribute('aria-labelledby', 'training-title');
    document.body.append(this.dialog);
    this.form = new TrainingForm(
      element('form', this.dialog),
      (settings) => this.post({ type: 'train', settings }),
      () => this.post({ type: 'pause' }),
    );
    this.pictures = new PictureChoice(
      this.dialog,
      () => this.post({ type: 'useBuiltIn' }),
      (folder) => this.post({ type: 'openFolder', ...folder }),
    );
    this.handOut = new HandOut(user, {
      makeModel: () => this.post({ type: 'makeModel' }),
      save: (files) => this.save(files),
      notify: (sentence) => this.notify(sentence),
      onWish: () => this.allowModel(),
      offerShipped: (isOffered) => this.offer('shipped', isOffered, 'useModel'),
    });
    this.wireButtons();
    this.worker.onmessage = ({ data }: MessageEvent<FromTraining>) => this.receive(data);
    this.worker.onerror = (event) =>
      this.notify(`The training worker failed: ${event.message || 'it could not start'}`);
    addEventListener('pagehide', () => this.post({ type: 'save' }));
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.post({ type: 'save' });
    });
  }

  /** Opens beside the scene, which stays usable where it is seen. */
  open(): void {
    this.dialog.show();
    this.closeOff();
    element('h2', this.dialog).focus();
  }

  close(): void {
    this.dialog.close();
    this.closeOff();
    this.opener.focus();
  }

  /** Keeps keyboard and screen readers from all that the open panel covers. */
  private closeOff(): void {
    const isCovered = this.dialog.open && this.whole.matches;
    for (const part of document.querySelectorAll<HTMLElement>('body > header, main, #controls')) part.inert = isCovered;
  }

  private wireButtons(): void {
    onClicks(this.dialog, 'data-action', {
      close: () => this.close(),
      useModel: () => this.handOut.want('scene'),
      download: () => this.handOut.want('zip'),
      shipped: () => this.useShipped(),
    });
    onSecondPress(this.button('startOver'), 'Forget this training?', () => this.post({ type: 'startOver' }));
    ignoreRefusedPresses(this.dialog);
    this.closeByEscape();
    this.whole.addEventListener('change', () => this.closeOff());
  }

  /** Escape closes the panel wherever the focus is, unless another part of the page has it. */
  private closeByEscape(): void {
    document.addEventListener('keydown', ({ key, target }) => {
      const isOurs = target === document.body || this.dialog.contains(target as Node);
      if (key === 'Escape' && this.dialog.open && isOurs) this.close();
    });
  }

  private receive(message: FromTraining): void {
    switch (message.type) {
      case 'backend':
        this.showBackend(message);
        break;
      case 'state':
        this.show(message.state);
        break;
      case 'sheet':
        showSheet(element('.sheet', this.dialog), message.sheet);
        break;
      case 'problems':
        this.pictures.showProblems(message.name, message.problems);
        break;
      case 'model':
        void this.handOut.take(message.files);
        break;
      case 'failed':
        this.handOut.release();
        this.notify(message.message);
    }
  }

  private showBackend({ backend, sentence, reason }: FromTraining & { type: 'backend' }): void {
    const line = element('[data-training=backend]', this.dialog);
    line.textContent = sentence;
    line.title = reason;
    line.dataset.backend = backend;
  }

  private show(state: TrainingState): void {
    const before = this.state;
    this.state = state;
    this.form.show(state);
    this.pictures.show(state);
    this.offer('startOver', state.status !== 'empty' && state.status !== 'ready', 'train');
    this.allowModel();
    if (state.notice !== before?.notice || state.status !== before.status) this.notify(state.notice);
    this.opener.dataset.status = state.status;
    const { share } = state.progress[state.phase];
    const atWork = state.status === 'training' ? ` ${PHASE_WORDS[state.phase]} ${Math.floor(100 * share)} %` : '';
    element('small', this.opener).textContent = atWork;
  }

  private async save(files: Record<string, Uint8Array>): Promise<string> {
    const { zipSync } = await import('fflate');
    const name = `${fileNameOf(this.state!.dataset!.name) || 'my'}-model`;
    const inFolder = Object.entries(files).map(([path, bytes]) => [`${name}/${path}`, bytes]);
    const zip = zipSync(Object.fromEntries(inFolder), { level: 0 }) as Uint8Array<ArrayBuffer>; // weights do not shrink
    saveBlob(new Blob([zip], { type: 'application/zip' }), `${name}.zip`);
    return 'The model is saved as a folder in a zip: it loads with AssetGenerator.LoadAsync, and opens in diffusers.';
  }

  private async useShipped(): Promise<void> {
    const button = this.button('shipped');
    allowPress(button, false);
    await this.handOut.useShipped();
    allowPress(button, true);
  }

  private allowModel(): void {
    const isAllowed = this.state?.hasModel === true && !this.handOut.isAwaited;
    for (const name of ['useModel', 'download']) allowPress(this.button(name), isAllowed);
  }

  /** Shows a button, or hides it. The keyboard's focus does not go with it, but to a neighbour. */
  private offer(action: string, isOffered: boolean, neighbour: string): void {
    const button = this.button(action);
    if (!isOffered && document.activeElement === button) this.button(neighbour).focus();
    button.hidden = !isOffered;
  }

  private notify(sentence: string): void {
    element('[data-training=notice]', this.dialog).textContent = sentence;
  }

  private button(action: string): HTMLButtonElement {
    return element(`[data-action=${action}]`, this.dialog);
  }

  private post(message: ToTraining): void {
    this.worker.postMessage(message);
  }
}

const PHASE_WORDS = { vae: '1 of 2:', ddpm: '2 of 2:' } as const;

async function addStyles(href: string): Promise<void> {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = href;
  await new Promise((resolve, reject) => {
    link.addEventListener('load', resolve);
    link.addEventListener('error', () => reject(new Error(`page: ${href} did not load; open the page again`)));
    document.head.append(link);
  });
}

/** The width that is free for the pictures beside their captions. */
const WIDTH_PX = 296;

/** Shows a new sheet of samples in place of the last one. */
function showSheet(figure: HTMLElement, { title, captions, picture }: SampleSheet): void {
  const canvas = element<HTMLCanvasElement>('canvas', figure);
  const room = WIDTH_PX / picture.width;
  const scale = room > 1 ? Math.floor(room) : room; // pictures are enlarged by whole factors only
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.style.width = `${scale * picture.width}px`;
  drawPixels(canvas, picture.pixels);
  canvas.setAttribute('aria-label', `${title}: ${captions.join(', ')}`);
  element('figcaption', figure).textContent = `${title}.`;
  const rows = captions.map((caption) => create('li', { textContent: labelWords(caption) }));
  element('ol', figure).replaceChildren(...rows);
  figure.hidden = false;
}
