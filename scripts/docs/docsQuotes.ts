// npm run docs:quotes: the numbers in the guide, and beside it, as they were measured last.
import path from 'node:path';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { updatedChapters } from './quote.ts';
import { PAGE_FOLDERS } from './renderChapter.ts';

const encoder = new TextEncoder();
const names: string[] = [];
for (const folder of PAGE_FOLDERS) {
  const chapters = Object.entries(updatedChapters(folder));
  const files = Object.fromEntries(chapters.map(([file, text]) => [file, encoder.encode(text)]));
  await writeFilesAtomic(path.join(packageRoot(), folder), files);
  names.push(...chapters.map(([file]) => file));
}
console.log(names.length > 0 ? `changed, to be read again: ${names.join(', ')}` : 'the numbers are up to date');
