/** A share from 0 to 1, in per cent. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
