import type { GUI } from 'lil-gui';
import { type Attributes, isRange, type NumberRange, type Vocabulary } from '../../runtime/index.ts';
import { labelWords } from '../shared/page.ts';

const ANY = 'any';

/** A control for each attribute of a model, in a folder of the panel: a list of words, or a number beside "any". */
export class AttributeControls {
  readonly #updates: ((attributes: Attributes) => void)[] = [];

  /** @param onChange called with all attributes that are asked for; what reads "any" is absent */
  constructor(gui: GUI, vocabulary: Vocabulary, onChange: (attributes: Attributes) => void) {
    const asked = new Map<string, string | number>();
    const folder = gui.addFolder('Attributes');
    const change = (name: string, value: string | number | null) => {
      if (value === null) asked.delete(name);
      else asked.set(name, value);
      const inOrder = Object.keys(vocabulary).filter((known) => asked.has(known));
      onChange(Object.fromEntries(inOrder.map((known) => [known, asked.get(known)!])));
    };
    for (const [name, values] of Object.entries(vocabulary)) {
      const show = isRange(values)
        ? addNumber(folder, name, values, (value) => change(name, value))
        : addWords(folder, name, values, (value) => change(name, value));
      this.#updates.push((attributes) => {
        const value = attributes[name];
        if (value === undefined) asked.delete(name);
        else asked.set(name, value);
        show(value);
      });
    }
  }

  /** Shows these attributes, and "any" for all others. */
  show(attributes: Attributes): void {
    for (const update of this.#updates) update(attributes);
  }
}

type Show = (value: string | number | undefined) => void;

function addWords(gui: GUI, name: string, words: readonly string[], change: (value: string | null) => void): Show {
  const held = { word: ANY };
  const choices = Object.fromEntries([ANY, ...words].map((word) => [labelWords(word), word]));
  const controller = gui.add(held, 'word', choices).name(labelWords(name));
  controller.onChange((word: string) => change(word === ANY ? null : word));
  return (value) => {
    held.word = String(value ?? ANY);
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
