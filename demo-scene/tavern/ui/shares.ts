/** A share from 0 to 1, in per cent. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Writes the share that a slider is at into the output beside it. A screen reader says it of the slider alone. */
export function showShare(slider: HTMLInputElement): void {
  const text = percent(slider.valueAsNumber);
  slider.ariaValueText = text;
  for (const output of slider.parentElement!.querySelectorAll('output')) output.textContent = text;
}
