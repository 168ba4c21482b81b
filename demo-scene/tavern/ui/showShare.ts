import { percent } from '../../shared/percent.ts';

/** Writes the share that a slider is at into the output beside it. A screen reader says it of the slider alone. */
export function showShare(slider: HTMLInputElement): void {
  const text = percent(slider.valueAsNumber);
  slider.ariaValueText = text;
  for (const output of slider.parentElement!.querySelectorAll('output')) output.textContent = text;
}
