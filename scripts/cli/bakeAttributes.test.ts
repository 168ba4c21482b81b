import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { checkBake } from '../bake/index.ts';
import { describeError } from '../node/describeError.ts';
import { decodePng, readPngText } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import { createProgram } from './program.ts';

const VOCABULARY = { hair: ['black', 'red'], wear: { min: 0, max: 1 } };
const ELF = { labels: ['elf'], seeds: [7], output: '{asset}' };

let art: BakeFolder;
const printed: string[] = [];
beforeEach(async () => {
  art = await createBakeFolder();
  await art.writeModel({ attributes: VOCABULARY });
  printed.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await art.remove();
});

async function bake(): Promise<string> {
  printed.length = 0;
  await createProgram().parseAsync(['bake', art.file, '--backend', 'wasm'], { from: 'user' });
  return printed.join('\n');
}

it('bakes pictures of different attributes, and again those alone whose attributes have changed', async () => {
  const asset = (name: string, attributes?: Record<string, string | number>) => ({
    name,
    ...ELF,
    ...(attributes && { attributes }),
  });
  await art.describe([asset('any'), asset('red', { hair: 'red' }), asset('worn', { wear: 1, hair: 'black' })]);
  expect(await bake()).toMatch(/bake: 3 images baked/);
  const files = await art.files();
  const pictures = [...files.values()].map((bytes) => decodePng(bytes).pixels.join());
  expect(new Set(pictures).size).toBe(3);
  const { attributes } = JSON.parse(readPngText(files.get('worn.png')!).figment!);
  expect(attributes).toEqual({ hair: 'black', wear: 1 });
  await art.describe([asset('any'), asset('red', { hair: 'black' }), asset('worn', { hair: 'black', wear: 1 })]);
  expect(await bake()).toMatch(/bake: 1 images? baked, 2 as they were; 1 files? written/);
});

it('takes a sameFor of the defaults for the assets that are the same as another, and for no others', async () => {
  const assets = [
    { ...ELF, name: 'plain' },
    { ...ELF, name: 'set', vary: ['hair'], output: '{asset}-{hair}' },
  ];
  await art.describe(assets, { defaults: { model: './tiny', sameFor: 1 } });
  expect(await bake()).toMatch(/bake: 3 images baked/);
  const files = await art.files();
  const sameFor = [...files.values()].map((bytes) => JSON.parse(readPngText(bytes).figment!).sameFor);
  expect(sameFor.filter((value) => value === 1).length).toBeGreaterThan(0);
  expect(JSON.parse(readPngText(files.get('plain.png')!).figment!)).not.toHaveProperty('sameFor');
});

it('makes all combinations of the values that are listed, in files and on a sheet that name them', async () => {
  await art.describe([
    { labels: ['elf'], seeds: [7, 8], name: 'npc', attributes: { hair: ['black', 'red'], wear: 0 }, sheet: 'all' },
  ]);
  expect(await bake()).toMatch(/bake: 4 images baked/);
  const names = ['elf-7-black', 'elf-7-red', 'elf-8-black', 'elf-8-red'];
  const files = await art.files();
  expect([...files.keys()].sort()).toEqual([...['all.json', 'all.png'], ...names.map((name) => `npc/${name}.png`)]);
  const recipes = names.map((name) => JSON.parse(readPngText(files.get(`npc/${name}.png`)!).figment!));
  expect(recipes.map(({ seed, attributes }) => [seed, attributes])).toEqual([
    [7, { hair: 'black', wear: 0 }],
    [7, { hair: 'red', wear: 0 }],
    [8, { hair: 'black', wear: 0 }],
    [8, { hair: 'red', wear: 0 }],
  ]);
  expect(Object.keys(JSON.parse(Buffer.from(files.get('all.json')!).toString()).frames)).toEqual(names);
});

it('makes the same person with each value of an attribute that it varies', async () => {
  await art.describe([
    { ...ELF, vary: ['hair'], sameFor: 1, output: '{asset}-{hair}' },
    { ...ELF, name: 'any' },
  ]);
  await bake();
  const files = await art.files();
  expect([...files.keys()]).toEqual(['any.png', 'asset0-black.png', 'asset0-red.png']);
  const pixels = [...files.values()].map((bytes) => decodePng(bytes).pixels);
  expect(pixels[1]).toEqual(pixels[0]); // the same for all steps
  expect(pixels[2]).toEqual(pixels[0]);
  const recipeIn = (name: string) => JSON.parse(readPngText(files.get(name)!).figment!);
  expect(recipeIn('asset0-red.png')).toMatchObject({
    attributes: { hair: 'red' },
    sameAs: { hair: 'any' },
    sameFor: 1,
  });
  const out = join(art.folder, 'by-option');
  const words = ['--label', 'elf', '--seed', '7', '--with', 'hair=black,wear=0', '--vary', 'hair', '--out', out];
  await createProgram().parseAsync(['bake', join(art.folder, 'tiny'), ...words, '--backend', 'wasm'], { from: 'user' });
  expect((await readdir(out)).filter((name) => name.endsWith('.png')).sort()).toEqual([
    'elf-7-black.png',
    'elf-7-red.png',
  ]);
  const { attributes, sameAs } = JSON.parse(readPngText(await readFile(join(out, 'elf-7-red.png'))).figment!);
  expect([attributes, sameAs]).toEqual([{ hair: 'red', wear: 0 }, { hair: 'black' }]);
});

it.each([
  ['hiar', /vary.*: attribute "hiar" is unknown; did you mean "hair"/],
  ['wear', /vary.*: wear is a number; list the values to make in attributes/],
])('refuses to vary %s', async (name, message) => {
  await art.describe([{ ...ELF, vary: [name] }]);
  const error = await bake().catch((thrown) => thrown);
  expect(describeError(error).message).toMatch(message);
});

it('fills the names of attributes into output, "any" where one is left out', async () => {
  const output = '{label}-{hair}-{wear}';
  await art.describe([{ ...ELF, attributes: { hair: ['black', 'red'] }, output }]);
  await bake();
  expect([...(await art.files()).keys()].sort()).toEqual(['elf-black-any.png', 'elf-red-any.png']);
  await art.describe([{ ...ELF, attributes: { hair: ['black', 'red'] }, output: '{label}' }]);
  const error = await bake().catch((thrown) => thrown);
  expect(describeError(error).message).toMatch(/elf\.png would be written twice, by \w+ \(elf, seed 7, black\) and by/);
});

it('refuses a sheet in which two pictures would have one name', async () => {
  await art.writeModel({ attributes: { hair: ['a-b', 'a'], beard: ['c', 'b-c'] } });
  const asked = { attributes: { hair: ['a-b', 'a'], beard: ['c', 'b-c'] }, output: '{seed}/{hair}/{beard}' };
  await art.describe([{ ...ELF, ...asked, sheet: 'all' }]);
  await expect(checkBake(art.file)).rejects.toThrow(
    /sheet: two pictures would be called "elf-7-a-b-c"; make two assets of them, or leave out the sheet/,
  );
  await art.describe([{ ...ELF, ...asked }]);
  expect(await checkBake(art.file)).toHaveLength(4);
});

it('takes attributes from the command line, lists as well', async () => {
  const out = join(art.folder, 'by-option');
  const args = [
    'bake',
    join(art.folder, 'tiny'),
    '--label',
    'elf',
    '--seed',
    '7',
    '--with',
    'hair=black,red,wear=1',
    '--out',
    out,
  ];
  await createProgram().parseAsync([...args, '--backend', 'wasm'], { from: 'user' });
  expect((await readdir(out)).filter((name) => name.endsWith('.png')).sort()).toEqual([
    'elf-7-black.png',
    'elf-7-red.png',
  ]);
  const { attributes } = JSON.parse(readPngText(await readFile(join(out, 'elf-7-red.png'))).figment!);
  expect(attributes).toEqual({ hair: 'red', wear: 1 });
});

it('says where in the file a wrong attribute is', async () => {
  await art.describe([{ ...ELF, attributes: { hair: 'redd' } }]);
  const error = await bake().catch((thrown) => thrown);
  expect(describeError(error).message).toMatch(
    /figment.bake.json:\d+:\d+ assets\[0\].attributes: hair "redd" is unknown; did you mean "red"\? known values: black, red/,
  );
});
