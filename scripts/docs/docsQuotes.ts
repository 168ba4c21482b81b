// npm run docs:quotes: the numbers in the guide as the study has measured them last.
import path from 'node:path';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { GUIDE_FOLDER } from './buildGuide.ts';
import { updatedChapters } from './quote.ts';

const chapters = updatedChapters(GUIDE_FOLDER);
const encoder = new TextEncoder();
await writeFilesAtomic(
  path.join(packageRoot(), GUIDE_FOLDER),
  Object.fromEntries(Object.entries(chapters).map(([file, text]) => [file, encoder.encode(text)])),
);
const names = Object.keys(chapters);
console.log(names.length > 0 ? `changed, to be read again: ${names.join(', ')}` : 'the numbers are up to date');
