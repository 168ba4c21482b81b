/** The brightness of a flame, about 1, at a time in seconds; flames with another phase burn otherwise. */
export function flicker(timeS: number, phase: number): number {
  const slow = Math.sin(1.7 * timeS + 5 * phase) + Math.sin(2.9 * timeS + 11 * phase);
  const fast = Math.sin(11.3 * timeS + 3 * phase) * Math.sin(7.1 * timeS + 7 * phase);
  return 1 + 0.04 * slow + 0.07 * fast;
}
