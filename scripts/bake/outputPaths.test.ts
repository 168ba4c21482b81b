import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandPath, findCollision, flawOfPath, placeInside } from './outputPaths.ts';

const VALUES = { asset: 'guest', model: 'portraits', label: 'elf', seed: 7, index: 2, map: 'normal' };

describe('expandPath', () => {
  it('fills in every placeholder', () => {
    expect(expandPath('{asset}/{model}-{label}/{seed}_{index}.{map}', VALUES)).toEqual({
      path: 'guest/portraits-elf/7_2.normal',
    });
  });

  it.each([
    ['../{label}', '".." would leave the folder'],
    ['a/../../{label}', '".." would leave the folder'],
    ['/etc/{label}', 'the path is absolute'],
    ['C:/art/{label}', 'no slash, backslash, colon'],
    ['\\\\server\\{label}', 'no slash, backslash, colon'],
    ['a//{label}', 'a name is empty'],
    ['./{label}', '"." would leave the folder'],
    ['.git/{label}', 'may not begin with a dot'],
    ['{label}.', 'nor end with a dot'],
    ['{label} /a', 'neither begin nor end with a space'],
    ['con', 'Windows keeps this name'],
    ['art/LPT1.{label}', 'Windows keeps this name'],
    ['a\u0000b', 'no slash, backslash, colon'],
    ['x'.repeat(151), 'longer than 150'],
    ['森'.repeat(61), 'longer than 180 bytes'],
    ['a\ud800b', 'no slash, backslash, colon'],
    ['{lable}', '{lable} is unknown; did you mean {label}? the placeholders here are {asset} {model} {label}'],
    ['{label', 'a brace is left over'],
  ])('refuses %j', (template, problem) => {
    expect(expandPath(template, VALUES)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it.each(['../../orc', '..', 'a/b', 'a\\b', 'C:', 'nul', '.hidden', ' orc', 'orc.', '', '{seed}'])(
    'refuses the label %j of a model, wherever it would stand',
    (label) => {
      for (const template of ['{label}', 'art/{label}-x', '{label}/a']) {
        const expanded = expandPath(template, { ...VALUES, label });
        const isHarmless = 'path' in expanded && flawOfPath(expanded.path) === undefined;
        expect('problem' in expanded || (isHarmless && label === ' orc')).toBe(true);
      }
    },
  );
});

describe('findCollision', () => {
  it('finds two files of one name, whatever the case or the way of writing accents', () => {
    expect(findCollision([['a.png', 'a'], ['b.png', 'b']])).toBeUndefined(); // biome-ignore format: a line each is long
    expect(findCollision([['A.png', 'one'], ['a.png', 'two']])).toMatch(/written twice, by one and by two/); // biome-ignore format: a line each is long
    expect(findCollision([['\u00e9.png', 'one'], ['e\u0301.png', 'two']])).toMatch(/written twice/); // biome-ignore format: a line each is long
  });

  it('finds a file that would have to be a folder, too', () => {
    expect(findCollision([['a.png', 'one'], ['A.png/b/c.png', 'two']])).toMatch(/a file of one and a folder of two/); // biome-ignore format: a line each is long
  });
});

describe('placeInside', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'figment-places-'));
    await mkdir(join(dir, 'out', 'real'), { recursive: true });
    await mkdir(join(dir, 'elsewhere'));
    await symlink(join(dir, 'elsewhere'), join(dir, 'out', 'link'));
    await symlink('real', join(dir, 'out', 'within'));
    await symlink(join(dir, 'out'), join(dir, 'linked-out'));
  });
  afterAll(() => rm(dir, { recursive: true }));

  it.each(['a.png', 'real/a.png', 'new/deep/a.png', 'within/a.png'])('lets %s be', async (path) => {
    expect(await placeInside(join(dir, 'out'), path)).toBe(join(dir, 'out', path));
    expect(await placeInside(join(dir, 'linked-out'), path)).toBe(join(dir, 'linked-out', path));
  });

  it.each(['link/a.png', 'link/new/a.png'])('refuses %s, by a link out of the folder', async (path) => {
    await expect(placeInside(join(dir, 'out'), path)).rejects.toThrow(/would leave its folder by the link .*link/);
  });

  it('refuses a link that is followed itself', async () => {
    expect(await placeInside(join(dir, 'out'), 'link')).toBe(join(dir, 'out', 'link'));
    await expect(placeInside(join(dir, 'out'), 'link', true)).rejects.toThrow(/link would leave its folder/);
    expect(await placeInside(join(dir, 'out'), 'within', true)).toBe(join(dir, 'out', 'within'));
  });
});
