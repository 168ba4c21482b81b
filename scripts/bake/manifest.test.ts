import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { BakePlan, PlannedPicture } from './bakePlan.ts';
import { sha256 } from './baker.ts';
import { Manifest, manifestName } from './manifest.ts';
import { findOrphans, findStale } from './staleFiles.ts';

const FILE = 'art.json';
const record = (digit: string) => ({ key: digit.repeat(64), sha256: '0'.repeat(64) });

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-manifest-'));
});
afterEach(() => rm(dir, { recursive: true }));

it('keeps what it was told, in the order of the paths', async () => {
  const manifest = await Manifest.open(dir, FILE);
  for (const [path, digit] of ['b.png', 'a.png', '__proto__'].entries()) manifest.set(digit, record(String(path)));
  await manifest.save();
  expect(Object.keys(JSON.parse(await readFile(join(dir, 'art.manifest.json'), 'utf8')).files)).toEqual([
    '__proto__',
    'a.png',
    'b.png',
  ]);
  const again = await Manifest.open(dir, FILE);
  expect(again.get('a.png')).toEqual([record('1')]);
  expect(again.get('toString')).toEqual([]);
});

it('writes nothing where nothing has changed', async () => {
  const manifest = await Manifest.open(dir, FILE);
  await manifest.save();
  expect(await readdir(dir)).toEqual([]);
});

it('forgets nothing that is set while it is being saved', async () => {
  const manifest = await Manifest.open(dir, FILE);
  const saves: Promise<void>[] = [];
  for (let i = 0; i < 50; i++) {
    manifest.set(`${i}.png`, record('1'));
    saves.push(i % 2 === 0 ? manifest.save() : manifest.saveSometimes());
    if (i % 7 === 0) await new Promise(setImmediate);
  }
  await Promise.all(saves);
  await manifest.save();
  expect((await Manifest.open(dir, FILE)).paths()).toHaveLength(50);
});

it('gathers what shards left, and then removes theirs', async () => {
  for (const [i, path] of ['a.png', 'b.png'].entries()) {
    const shard = await Manifest.open(dir, FILE, { index: i + 1, count: 2 });
    shard.set(path, record(String(i)));
    await shard.save();
  }
  expect(await readdir(dir)).toEqual([1, 2].map((index) => manifestName(FILE, { index, count: 2 })));
  const whole = await Manifest.open(dir, FILE);
  expect(whole.paths()).toEqual(['a.png', 'b.png']);
  await whole.save();
  expect(await readdir(dir)).toEqual(['art.manifest.json']);
});

it('knows a file again that one shard has made another time, whatever the others remember of it', async () => {
  const bake = async (index: number, path: string, content: string) => {
    await writeFile(join(dir, path), content);
    const shard = await Manifest.open(dir, FILE, { index, count: 2 });
    shard.set(path, made(content));
    await shard.save();
  };
  for (const round of ['old', 'new']) for (const index of [1, 2]) await bake(index, `${index}.png`, `${round}${index}`);
  const plan = planOf([1, 2].map((index) => [`${index}.png`, made(`new${index}`).key]));
  const whole = await Manifest.open(dir, FILE);
  expect((await findStale(plan, whole)).files).toEqual([]);
  await whole.save();
  const after = await Manifest.open(dir, FILE);
  expect([1, 2].map((index) => after.get(`${index}.png`))).toEqual([[made('new1')], [made('new2')]]);
  await writeFile(join(dir, '1.png'), 'by hand');
  expect((await findStale(plan, after)).files).toEqual([{ path: '1.png', reason: 'altered' }]);
});

it('takes a file for lost where a link to somewhere else stands in its place', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'figment-elsewhere-'));
  onTestFinished(() => rm(elsewhere, { recursive: true }));
  await writeFile(join(elsewhere, 'a.png'), 'a');
  await symlink(join(elsewhere, 'a.png'), join(dir, 'a.png'));
  const manifest = await Manifest.open(dir, FILE);
  manifest.set('a.png', made('a'));
  expect((await findStale(planOf([['a.png', made('a').key]]), manifest)).files).toEqual([
    { path: 'a.png', reason: 'missing' },
  ]);
  expect(await findOrphans(planOf([]), manifest)).toEqual([]);
});

it('leaves a file alone that another bake file lists by now', async () => {
  await writeFile(join(dir, 'a.png'), 'a');
  const tell = async (file: string) => {
    const manifest = await Manifest.open(dir, file);
    manifest.set('a.png', made('a'));
    await manifest.save();
    return manifest;
  };
  const [before, now] = [await tell(FILE), await tell('rooms.json')];
  expect(await findOrphans(planOf([]), before)).toEqual([]);
  now.delete('a.png');
  await now.save();
  expect(await findOrphans(planOf([]), await Manifest.open(dir, FILE))).toEqual(['a.png']);
});

it('leaves alone what another bake file of the same name has made in the folder, and forgets it', async () => {
  await writeFile(join(dir, 'a.png'), 'a');
  const level = async (origin: string) => Manifest.open(dir, FILE, undefined, origin);
  const first = await level('../level1/art.json');
  first.set('a.png', made('a'));
  await first.save();
  expect(await findOrphans(planOf([]), await level('../level1/art.json'))).toEqual(['a.png']);
  const second = await level('../level2/art.json');
  expect(await findOrphans(planOf([]), second)).toEqual([]);
  await second.save();
  expect((await level('../level2/art.json')).paths()).toEqual([]);
});

/** The record of a file, whose content stands for its recipe, too. */
const made = (content: string) => ({ key: sha256(Buffer.from(`of ${content}`)), sha256: sha256(Buffer.from(content)) });

/** A plan of files alone. */
function planOf(files: [path: string, key: string][]): BakePlan {
  const pictures = files.map(([path, key]) => ({ files: [{ path, key }] }) as PlannedPicture);
  return { name: FILE, out: dir, origin: FILE, pictures, sheets: [], libraries: [], notes: [] };
}

it.each(['', '{', '[]', '{ "figment": 2, "files": {} }', '{ "figment": 1, "files": { "a.png": { "key": 5 } } }'])(
  'counts as empty when it is damaged: %j',
  async (text) => {
    await writeFile(join(dir, manifestName(FILE)), text);
    expect((await Manifest.open(dir, FILE)).paths()).toEqual([]);
  },
);

it('is not that of another bake file', async () => {
  const other = await Manifest.open(dir, 'art.other.json', { index: 1, count: 2 });
  other.set('a.png', record('1'));
  await other.save();
  expect((await Manifest.open(dir, FILE)).paths()).toEqual([]);
});
