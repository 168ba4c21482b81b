/** A coordinate on a circle of this length, 0 … length (excluded), wherever it is counted to: −1 is the last whole one. */
export function wrapped(coordinate: number, length: number): number {
  return ((coordinate % length) + length) % length;
}
