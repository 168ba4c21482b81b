import { isRange, type NumberRange } from '../../../runtime/index.ts';
import { labelWords } from '../../shared/labelWords.ts';
import { create, element } from '../../shared/page.ts';
import type { SheetEntry } from '../people/sheet.ts';
import { NumberSlider } from './numberSlider.ts';

const ANY = 'any';

/** The pickers of the card's character sheet: a list of words each, or a slider for what is a number. */
export class SheetPanel {
  private readonly panel = element('#sheet');
  private shown = '';
  private updates: ((entry: SheetEntry) => void)[] = [];

  /** @param onChange called with the name of an entry and what was chosen; null: any */
  constructor(private readonly onChange: (name: string, value: string | number | null) => void) {}

  /**
   * Shows these entries. Pickers that are there already stay, and where others take their place the keyboard's focus goes to the one
   * of the same entry.
   *
   * @param isPerson whether they are somebody's, or of a thing or a surface
   */
  show(entries: readonly SheetEntry[], isPerson: boolean): void {
    this.panel.hidden = entries.length === 0;
    element('legend', this.panel).textContent = isPerson ? 'Character sheet' : 'What it is';
    const kind = JSON.stringify(entries.map(({ name, values, canBeAny }) => [name, values, canBeAny]));
    if (kind !== this.shown) this.build(entries);
    this.shown = kind;
    for (const [i, entry] of entries.entries()) this.updates[i]!(entry);
  }

  /** Hides the entries until others are shown: those of whoever was there before are nobody else's. */
  hide(): void {
    this.panel.hidden = true;
  }

  private build(entries: readonly SheetEntry[]): void {
    this.updates = [];
    const pickers = entries.map((entry) => {
      const { name, values } = entry;
      const change = (value: string | number | null) => this.onChange(name, value);
      return isRange(values) ? this.slider(entry, values, change) : this.list(entry, values, change);
    });
    const focused = this.panel.querySelector<HTMLElement>(':focus')?.dataset.attribute;
    this.panel.replaceChildren(element('legend', this.panel), ...pickers);
    if (focused) this.panel.querySelector<HTMLElement>(`[data-attribute="${CSS.escape(focused)}"]`)?.focus();
  }

  private list(
    { name, canBeAny }: SheetEntry,
    words: readonly string[],
    change: (value: string | null) => void,
  ): HTMLElement {
    const choices = canBeAny ? [ANY, ...words] : words;
    const options = choices.map((word) => create('option', { value: word, textContent: labelWords(word) }));
    const select = create('select', {}, ...options);
    select.dataset.attribute = name;
    select.addEventListener('change', () => change(select.value === ANY && canBeAny ? null : select.value));
    this.updates.push(({ chosen }) => {
      select.value = String(chosen ?? ANY);
    });
    return labelled(name, select);
  }

  private slider({ name }: SheetEntry, range: NumberRange, change: (value: number | null) => void): HTMLElement {
    const slider = new NumberSlider(range);
    const { input, output } = slider;
    input.dataset.attribute = name;
    const any = create('input', { type: 'checkbox' });
    input.addEventListener('change', () => change(input.valueAsNumber));
    any.addEventListener('change', () => change(any.checked ? null : input.valueAsNumber));
    this.updates.push(({ chosen }) => {
      any.checked = chosen === null;
      input.valueAsNumber = (range.min + range.max) / 2;
      slider.show(chosen === null ? null : Number(chosen));
    });
    const anyOf = create('label', { className: 'check' }, any, document.createTextNode(ANY));
    any.ariaLabel = `any ${labelWords(name)}`;
    return create('div', {}, labelled(name, input), create('div', { className: 'value' }, anyOf, output));
  }
}

function labelled(name: string, control: HTMLElement): HTMLLabelElement {
  return create('label', {}, document.createTextNode(labelWords(name)), control);
}
