import { createElement, type ReactElement } from 'react';
import type { RecipeOptions } from '../index.ts';
import type { Control } from './controls.ts';
import { SpinButtonPropertyLine, StringDropdownPropertyLine, SyncedSliderPropertyLine } from './inspectorParts.ts';

interface ControlLineProps {
  control: Control;
  onChange: (changes: Partial<RecipeOptions>) => void;
}

/** The largest range for which a slider is of use. */
const MAX_SLIDER_STEPS = 1000;

/** A line of the pane that changes one entry of a recipe. */
export function ControlLine({ control, onChange }: ControlLineProps): ReactElement {
  const label = control.name.replaceAll('_', ' ');
  if (control.kind === 'word') {
    const { value, words, change } = control;
    const options = words.map((word) => ({ label: word, value: word }));
    return createElement(StringDropdownPropertyLine, {
      label,
      value,
      options,
      onChange: (word) => onChange(change(word)),
    });
  }
  const { min, max, step } = control;
  if (control.kind === 'open number') {
    const { value, change } = control;
    return createElement(SyncedSliderPropertyLine, {
      ...{ label, value, min, max, step, nullable: true, defaultValue: (min + max) / 2 },
      onChange: (number: number | null) => onChange(change(number)),
    });
  }
  const { value, change } = control;
  const line = (max - min) / step > MAX_SLIDER_STEPS ? SpinButtonPropertyLine : SyncedSliderPropertyLine;
  return createElement(line, { label, value, min, max, step, onChange: (number) => onChange(change(number)) });
}
