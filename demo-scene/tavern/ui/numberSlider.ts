import type { NumberRange } from '../../../runtime/index.ts';
import { create } from '../../shared/page.ts';
import { percent } from '../../shared/percent.ts';

/** A slider for an attribute that is a number, with its value beside it: per cent of a share, and the number of anything else. */
export class NumberSlider {
  readonly input: HTMLInputElement;
  /** It is silent, since a screen reader says the same of the slider. */
  readonly output = create('output', { ariaLive: 'off' });
  private readonly isShare: boolean;

  constructor({ min, max }: NumberRange) {
    this.isShare = min === 0 && max === 1;
    const step = this.isShare ? '0.05' : 'any';
    this.input = create('input', { type: 'range', min: String(min), max: String(max), step });
    this.input.addEventListener('input', () => this.write(this.input.valueAsNumber));
  }

  /** @param value null: any, which leaves the slider as it is */
  show(value: number | null): void {
    if (value !== null) this.input.valueAsNumber = value;
    this.write(value);
  }

  private write(value: number | null): void {
    const number = value !== null && (this.isShare ? percent(value) : String(Math.round(value)));
    const text = number || 'any';
    this.output.textContent = text;
    this.input.ariaValueText = text;
  }
}
