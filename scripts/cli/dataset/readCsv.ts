import { readFile } from 'node:fs/promises';
import { UsageError } from '../../node/usageError.ts';

/**
 * Reads a CSV file without quotes: the names of its columns, then one record a line.
 *
 * @throws UsageError naming the line that has other columns than the first
 */
export async function readCsv(file: string): Promise<Record<string, string>[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read (${error.code})`);
  });
  const [names = [], ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(','));
  return rows.map((row, i) => {
    if (row.length === names.length) return Object.fromEntries(row.map((value, column) => [names[column]!, value]));
    throw new UsageError(`${file}: line ${i + 2} has ${row.length} values; expected ${names.length}, without quotes`);
  });
}
