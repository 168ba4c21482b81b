import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { encode, type ImageData } from 'fast-png';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../node/packageRoot.ts';

const SCRIPT = path.join(packageRoot(), 'scripts/examples/gradeByColours.mjs');
const run = promisify(execFile);

const COLOURS = [
  [10, 20, 30],
  [10, 20, 200],
  [10, 250, 30],
  [99, 20, 30],
];
/** Three tiles of 2 × 2 beside each other: of four colours, of one and of two. */
const PICTURE = [0, 1, 0, 0, 0, 1, 2, 3, 0, 0, 1, 0];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'figment-grades-'));
  const classes = [{ label: 'elf', file: 'elf.png', count: 3 }];
  const dataset = { tileWidth: 2, tileHeight: 2, columns: 3, classes };
  await writeFile(path.join(folder, 'dataset.json'), JSON.stringify(dataset));
});
afterAll(() => rm(folder, { recursive: true }));

/** The grades of the sheet as a PNG of some kind. */
async function gradesOf(png: Omit<ImageData, 'width' | 'height'>): Promise<string> {
  const grades = path.join(folder, 'grades.csv');
  await writeFile(path.join(folder, 'elf.png'), encode({ width: 6, height: 2, ...png }));
  await run(process.execPath, [SCRIPT, folder, grades]);
  return readFile(grades, 'utf8');
}

const bytes = (alpha: number[]) => Uint8Array.from(PICTURE.flatMap((i) => [...COLOURS[i]!, ...alpha]));

it.each<[string, Omit<ImageData, 'width' | 'height'>]>([
  ['RGBA', { data: bytes([255]), channels: 4 }],
  ['RGB', { data: bytes([]), channels: 3 }],
  ['a palette', { data: Uint8Array.from(PICTURE), channels: 1, palette: COLOURS }],
])('counts the colours of sheets in %s', async (_, png) => {
  expect(await gradesOf(png)).toBe('label,tile,grade\nelf,0,ornate\nelf,1,plain\nelf,2,between\n');
});

it('refuses sheets of another kind', async () => {
  const refused = 'gradeByColours: elf.png is grey, or has 16 bits a sample; save it as RGB or RGBA of 8 bits';
  const deep = { data: Uint16Array.from(bytes([255])), channels: 4, depth: 16 } as const;
  await expect(gradesOf(deep)).rejects.toThrow(refused);
  await expect(gradesOf({ data: Uint8Array.from(PICTURE), channels: 1 })).rejects.toThrow(refused);
});
