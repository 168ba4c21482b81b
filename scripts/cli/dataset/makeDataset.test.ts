import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeFilesAtomic } from '../../node/atomicWrite.ts';
import { encodePng } from '../../node/png.ts';
import { readDataset } from '../../node/readDataset.ts';
import { printedBy } from '../../testing/printedBy.ts';

/** The letter é as a keyboard writes it, and with its accent apart, as some systems store names. */
const [WHOLE, APART] = ['\u00e9', 'e\u0301'];

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-relabel-'));
  const picture = (value: number) =>
    encodePng({ width: 2, height: 2, channels: 3, pixels: new Uint8Array(12).fill(value) });
  await writeFilesAtomic(at('data'), { [`${APART}/1.png`]: picture(1), [`${APART}/${APART}.png`]: picture(2) });
});
afterAll(() => rm(dir, { recursive: true }));

async function relabel(out: string, table: string, ...words: string[]): Promise<string> {
  await writeFile(at('table.csv'), table);
  const files = ['--data', at('data'), '--attributes', at('table.csv'), '--out', at(out)];
  return printedBy('dataset', 'relabel', ...files, ...words);
}

const HUES = ['--column', `hu${WHOLE}`, '--group', `r${APART}d=r${WHOLE}d`, '--group', 'other=*'];

it.each([
  ['whole', WHOLE, '\n'],
  ['apart', APART, '\n'],
  ['whole, in lines that end as on an old Mac', WHOLE, '\r'],
])('dataset relabel finds pictures and values whose accents are stored %s', async (what, letter, end) => {
  const rows = [`label, file ,hu${letter}`, `${letter},1.png,blue`, ' ', `${letter} , ${letter}.png, r${letter}d`, ''];
  const out = what.slice(0, 9);
  expect(await relabel(out, rows.join(end), ...HUES)).toBe(`2 images with 2 labels in ${at(out)}`);
  const { labels, classLabels, images } = await readDataset(at(out));
  expect(Array.from(classLabels, (label, i) => `${labels[label]} ${images[12 * i]}`)).toEqual([
    `r${WHOLE}d 2`,
    'other 1',
  ]);
});

it('dataset relabel counts one label', async () => {
  const told = await relabel(
    'one',
    `label,file,hue\n${WHOLE},1.png,red\n${WHOLE},${WHOLE}.png,blue`,
    ...['--column', 'hue', '--group', 'all=*'],
  );
  expect(told).toBe(`2 images with 1 label in ${at('one')}`);
});

it.each([
  ['label;file;hue', 'line 1 is separated by semicolons; save the table with commas, and without quotes'],
  ['"label","file","hue"', 'line 1 has cells in quotes; save the table with commas, and without quotes'],
  ['label,file,hue\nelf', 'line 2 has 1 value; expected 3, without quotes'],
])('dataset relabel says how a table is to be saved that begins with %j', async (table, problem) => {
  await expect(relabel('none', table, ...['--column', 'hue', '--group', 'all=*'])).rejects.toThrow(problem);
});

it('dataset asks for another folder where none can be made, before it draws', async () => {
  await symlink(at('nowhere', 'else'), at('dangling'));
  await expect(
    printedBy('dataset', 'surfaces', '--count', '1', '--size', '8', '--out', at('dangling')),
  ).rejects.toThrow(/^dataset surfaces: --out .*dangling cannot be written to \(E[A-Z]+\); choose another folder$/);
});

it('dataset leaves no empty folder where it fails', async () => {
  const table = `label,file,hue\n${WHOLE},1.png,red\n${WHOLE},${WHOLE}.png,blue`;
  await expect(relabel('failed', table, ...['--column', 'hue', '--group', 'all=green'])).rejects.toThrow(/"green"/);
  expect(await readdir(dir)).not.toContain('failed');
});
