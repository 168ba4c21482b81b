// Tables as text: a row is a line, and its cells are separated by commas and have no quotes.

/** The lines of a table, whatever system ended them. */
export function linesOf(text: string): string[] {
  return text.replace(/^\uFEFF/, '').split(/\r\n?|\n/);
}

/** The cells of a line. */
export function cellsOf(line: string): string[] {
  return line.split(',').map(asCell);
}

/**
 * A text as a cell of a table holds it, to be compared with cells: without the blanks around it, and with letters that are whole
 * (Unicode NFC), as keyboards write them, where some systems store accents apart.
 */
export function asCell(text: string): string {
  return text.normalize().trim();
}

/** What is wrong with a line that has other cells than the first line names. */
export function wrongCells(cells: readonly string[], header: readonly string[]): string {
  const values = cells.length === 1 ? 'value' : 'values';
  return `has ${cells.length} ${values}; expected ${header.length}, without quotes`;
}

/** How programs write tables otherwise, by the sign that shows it. */
const OTHERWISE = [
  [';', 'is separated by semicolons'],
  ['\t', 'is separated by tabs'],
  ['"', 'has cells in quotes'],
] as const;

/** What is wrong with a first line that was written otherwise; undefined where that is not why columns are missing. */
export function flawOfHeader(line: string): string | undefined {
  const found = OTHERWISE.find(([sign]) => line.includes(sign));
  return found && `${found[1]}; save the table with commas, and without quotes`;
}
