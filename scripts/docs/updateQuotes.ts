// Brings the numbers that the guide quotes up to date after the study has been run anew.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../node/packageRoot.ts';
import { quotedNumber } from './quote.ts';

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
