import { UnplannedError, type Value } from './graph.ts';

/**
 * Which row of a value belongs to row r of what it is broadcast to: (r / divisor) % numRows.
 *
 * @throws UnplannedError for axes that are broadcast apart from each other
 */
export function rowsOf(value: Value, output: Value): { divisor: number; numRows: number } {
  const whole = output.shape.slice(0, -1);
  const part = [...whole.slice(value.shape.length - 1).map(() => 1), ...value.shape.slice(0, -1)];
  const numRows = part.reduce((a, b) => a * b, 1);
  const last = part.findLastIndex((size) => size > 1);
  const first = part.findIndex((size) => size > 1);
  const isWhole = part.every((size, i) => size === whole[i] || i < first || i > last || last < 0);
  if (!isWhole) throw new UnplannedError(`a value of (${value.shape}) broadcast to (${output.shape})`);
  const divisor = last < 0 ? 1 : whole.slice(last + 1).reduce((a, b) => a * b, 1);
  return { divisor, numRows };
}
