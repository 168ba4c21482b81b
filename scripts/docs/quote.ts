// Numbers that the guide quotes: `[0.77](../study/guidance.json#cases/w=2/spread)`, compared with the file.
import { readFileSync } from 'node:fs';

/**
 * What a quote should say: the number in a JSON file, with as many digits as the text gives.
 *
 * @param text    such as "0.77", "83 %" (of a share) or "12"
 * @param file    of the JSON
 * @param pointer keys with slashes between them
 * @throws        Error when there is no such number, or the text is none
 */
export function quotedNumber(text: string, file: string, pointer: string): string {
  const value = pointer
    .split('/')
    .reduce<unknown>(
      (part, key) => (part as Record<string, unknown> | undefined)?.[key],
      JSON.parse(readFileSync(file, 'utf8')),
    );
  if (typeof value !== 'number') throw new Error(`guide: ${file} has no number at ${pointer}, which the text quotes`);
  const [, digits, percent = ''] = /^([\d.−-]+)( %)?$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`guide: "${text}" is no number; a link to ${pointer} quotes one`);
  const numDecimals = digits.split('.')[1]?.length ?? 0;
  return `${(percent ? 100 * value : value).toFixed(numDecimals).replace('-', '−')}${percent}`;
}

/** @throws Error when a quote says another number than its file */
export function checkQuote(text: string, file: string, pointer: string): void {
  const now = quotedNumber(text, file, pointer);
  if (now === text.replace('-', '−')) return;
  throw new Error(
    `guide: the text quotes ${text}, but ${file} has ${now} at ${pointer}; run npm run docs:quotes, and read what the text says of it`,
  );
}
