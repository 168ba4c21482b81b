// Numbers that the guide quotes: `[0.77](../study/guidance.json#cases/w=2/spread)`, compared with the file.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../node/packageRoot.ts';

/**
 * The text that a quote should have: the number in a JSON file, with as many digits as the quote gives.
 *
 * @param text    such as "0.77", "83 %" (of a share) or "12"
 * @param file    of the JSON
 * @param pointer keys with slashes between them
 * @throws        Error when there is no such number, or the text is none
 */
function quotedNumber(text: string, file: string, pointer: string): string {
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

/** `[text](file.json#pointer)`. */
const QUOTE = /\[([^\]]+)\]\(([^)#]+\.json)#([^)]+)\)/g;

/** A chapter whose quotes say what their files say, with as many digits as before. */
export function updateQuotes(markdown: string, folder: string): string {
  return markdown.replace(QUOTE, (_, text: string, file: string, pointer: string) => {
    const now = quotedNumber(text, path.join(folder, file), decodeURI(pointer));
    return `[${now}](${file}#${pointer})`;
  });
}

/** The chapters that change, by file name. */
export function updatedChapters(folder: string): Record<string, string> {
  const place = path.join(packageRoot(), folder);
  const chapters = readdirSync(place).filter((file) => file.endsWith('.md'));
  return Object.fromEntries(
    chapters.flatMap((file) => {
      const before = readFileSync(path.join(place, file), 'utf8');
      const after = updateQuotes(before, place);
      return after === before ? [] : [[file, after]];
    }),
  );
}
