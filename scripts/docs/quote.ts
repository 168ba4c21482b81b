// Numbers that the guide quotes: `[0.77](../study/guidance.json#cases/2/spread)`, compared with the file.
import { readFileSync } from 'node:fs';

/**
 * Checks a number in the text against the one in a JSON file, to as many digits as the text gives.
 *
 * @param text    such as "0.77", "83 %" (of a share) or "12"
 * @param file    of the JSON
 * @param pointer keys with slashes between them
 * @throws        Error when there is no such number, or it is another one by now
 */
export function checkQuote(text: string, file: string, pointer: string): void {
  const value = pointer
    .split('/')
    .reduce<unknown>(
      (part, key) => (part as Record<string, unknown> | undefined)?.[key],
      JSON.parse(readFileSync(file, 'utf8')),
    );
  if (typeof value !== 'number') throw new Error(`guide: ${file} has no number at ${pointer}, which the text quotes`);
  const [, digits, percent] = /^([\d.−-]+)( %)?$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`guide: "${text}" is no number; a link to ${pointer} quotes one`);
  const numDecimals = digits.split('.')[1]?.length ?? 0;
  const now = (percent ? 100 * value : value).toFixed(numDecimals);
  if (now === digits.replace('−', '-')) return;
  throw new Error(
    `guide: the text quotes ${text}, but ${file} has ${now}${percent ?? ''} at ${pointer}; correct the text`,
  );
}
