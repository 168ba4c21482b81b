import type { Controller, GUI } from 'lil-gui';
import type { ModelInfo } from '../../plugin/index.ts';
import { ANY_WORD, type AttributeValues, isRange, type NumberRange, type Vocabulary } from '../../runtime/index.ts';
import { attributesToChoose } from '../shared/attributesToChoose.ts';
import { labelWords } from '../shared/labelWords.ts';
import { ownValue } from '../shared/ownValue.ts';
import { Adjusting } from './adjusting.ts';
import { createPanel } from './createPanel.ts';
import type { Settings } from './settings.ts';
import { withAttribute } from './withAttribute.ts';

/** A panel with a control for each attribute of a model: a list of words, or a number beside "any". */
export class AttributeControls {
  readonly #info: ModelInfo;
  readonly #updates: ((settings: Settings, offered: Vocabulary) => void)[] = [];
  #asked: Pick<Settings, 'attributes' | 'sameAs'> = { attributes: {}, sameAs: {} };

  /** @param onChange called with what is asked for now, of the same person; an attribute that reads "any" is absent */
  constructor(container: HTMLElement, info: ModelInfo, onChange: (changes: Partial<Settings>, isNew: boolean) => void) {
    const { attributes: vocabulary = {} } = info;
    this.#info = info;
    const gui = createPanel(container, 'Attributes');
    if (isNarrow()) gui.close();
    const adjusting = new Adjusting(gui);
    const change = (name: string, value: string | number | null) =>
      onChange(withAttribute(this.#asked, name, value, vocabulary), adjusting.begins());
    for (const [name, values] of Object.entries(vocabulary)) {
      const show = isRange(values)
        ? addNumber(gui, name, values, (value) => change(name, value))
        : addWords(gui, name, (value) => change(name, value));
      this.#updates.push(({ attributes }, offered) => show(ownValue(attributes, name), offered[name]!));
    }
    this.#updates.push(addCompared(gui, Object.keys(vocabulary), onChange));
  }

  /** Shows these attributes, and "any" for all others. */
  show(settings: Settings): void {
    this.#asked = settings;
    const offered = attributesToChoose(this.#info, settings);
    for (const update of this.#updates) update(settings, offered);
  }
}

/** The choice of the attribute whose values the strip shows side by side. */
function addCompared(
  gui: GUI,
  names: readonly string[],
  onChange: (changes: Partial<Settings>, isNew: boolean) => void,
): (settings: Settings) => void {
  const held = { compared: names[0]! };
  const controller = gui.add(held, 'compared', choicesOf(names)).name('compare');
  explain(controller, 'The attribute whose values are painted in a row');
  controller.onChange((compared: string) => onChange({ compared }, true));
  return ({ compared }) => {
    held.compared = compared;
    controller.updateDisplay();
  };
}

/** Whether all parts of the page lie below one another, so that a long panel would hide what comes after it. */
export function isNarrow(): boolean {
  return matchMedia('(width < 680px)').matches;
}

/** Says what a control does, to those who point at it and to those who have the page read out. */
export function explain(controller: Controller, hint: string): Controller {
  controller.domElement.title = hint;
  for (const field of controller.domElement.querySelectorAll('input, select')) field.ariaDescription = hint;
  return controller;
}

/** The choices of a list: the words that a person reads, and the value of each. */
export function choicesOf<Value extends string>(values: readonly Value[]): Record<string, Value> {
  return Object.fromEntries(values.map((value) => [labelWords(value), value]));
}

/** Shows what is asked for, of what is offered. */
type Show = (value: string | number | undefined, offered: AttributeValues) => void;

function addWords(gui: GUI, name: string, change: (value: string | null) => void): Show {
  const held = { word: ANY_WORD };
  const controller = gui.add(held, 'word', choicesOf([ANY_WORD])).name(labelWords(name));
  controller.onChange((word: string) => change(word === ANY_WORD ? null : word));
  let listed = '';
  return (value, offered) => {
    held.word = String(value ?? ANY_WORD);
    const words = [ANY_WORD, ...(offered as readonly string[])];
    if (words.join() !== listed) controller.options(choicesOf(words));
    listed = words.join();
    controller.updateDisplay();
  };
}

function addNumber(gui: GUI, name: string, { min, max }: NumberRange, change: (value: number | null) => void): Show {
  const held = { isAny: true, number: (min + max) / 2 };
  const any = gui.add(held, 'isAny').name(`${labelWords(name)}: any`);
  const slider = gui.add(held, 'number', min, max, (max - min) / 20).name(labelWords(name));
  any.onChange((isAny: boolean) => {
    slider.enable(!isAny);
    change(isAny ? null : held.number);
  });
  slider.onChange((value: number) => change(value));
  return (value) => {
    held.isAny = value === undefined;
    if (value !== undefined) held.number = Number(value);
    slider.enable(!held.isAny);
    for (const controller of [any, slider]) controller.updateDisplay();
  };
}
