import { element } from '../../shared/element.ts';
import { newSeed, type RecipeChanges, type Sitter, type SitterRecipe } from '../people/sitter.ts';
import { MaskBrush } from './maskBrush.ts';
import { maskOf, presetsFor } from './presetMasks.ts';

/** A slider's place where nothing is marked, and where something is. */
const STRENGTHS = { whole: '0.8', part: '1' };

/** The other side of the card: who it is stays, and a part of the picture, or all of it, is painted anew. */
export class Editor {
  private readonly panel = element('#editor');
  private readonly presets = element('.presets', this.panel);
  private readonly strength = element<HTMLInputElement>('#edit-strength');
  private readonly outline = element<HTMLInputElement>('#keep-outline');
  private readonly brush = new MaskBrush(() => this.marked());
  private image: Uint8Array | null = null;
  private before: SitterRecipe | null = null;
  private hadMask = false;

  constructor(
    private readonly change: (changes: RecipeChanges) => Promise<void>,
    private readonly onDone: () => void,
  ) {
    const actions = { paint: () => this.paint(), undo: () => this.undo(), done: () => this.onDone() };
    for (const [name, act] of Object.entries(actions)) {
      element(`[data-edit=${name}]`, this.panel).addEventListener('click', () => void act());
    }
    this.strength.addEventListener('input', () => this.showStrength());
    element('#card-mask').addEventListener('contextmenu', (event) => event.preventDefault());
  }

  get isOpen(): boolean {
    return !this.panel.hidden;
  }

  /** @param image as it is shown now: what each painting begins from */
  open({ recipe, artist }: Sitter, image: Uint8Array): void {
    const { info, sizePx } = artist!.generator;
    this.image = image;
    this.before = recipe;
    this.brush.begin(...sizePx);
    const parts = Object.entries(presetsFor(info.kind)).map(([name, part]) => {
      return presetButton(name, () => this.brush.set(maskOf(part, ...sizePx)));
    });
    const none = presetButton('Nothing', () => this.brush.begin(...sizePx));
    this.presets.replaceChildren(...parts, none);
    for (const button of this.presets.children) button.addEventListener('click', () => this.marked());
    this.panel.hidden = false;
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

  /** The settings that suit a part, or the whole. */
  private suggest(hasMask: boolean): void {
    this.hadMask = hasMask;
    this.strength.value = hasMask ? STRENGTHS.part : STRENGTHS.whole;
    this.outline.checked = !hasMask;
    this.showStrength();
  }

  private showStrength(): void {
    element('output[for=edit-strength]', this.panel).textContent = `${Math.round(100 * this.strength.valueAsNumber)} %`;
  }

  /** Begins from the noise of a second seed: who keeps the first keeps the name. */
  private async paint(): Promise<void> {
    if (!this.image) return;
    this.brush.stepBack();
    await this.change({
      image: this.image,
      mask: this.brush.marked ?? undefined,
      strength: this.strength.valueAsNumber,
      resamples: undefined,
      keepAlpha: this.outline.checked,
      interpolate: { seed: newSeed(), amount: 1 },
    });
  }

  private async undo(): Promise<void> {
    if (!this.before) return;
    const { interpolate, image, mask, strength, resamples, keepAlpha } = this.before;
    await this.change({ interpolate, image, mask, strength, resamples, keepAlpha });
  }
}

function presetButton(name: string, mark: () => void): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = name;
  button.addEventListener('click', mark);
  return button;
}
