import { describe, expect, it } from 'vitest';
import { ANY } from '../core/attributes.ts';
import type { PixelImage } from '../core/pixels.ts';
import { type Dataset, DatasetError } from './dataset.ts';
import { openDataset } from './openDataset.ts';

/** A folder in memory, of images and texts; undefined is a damaged image. Folders follow from the paths. */
type Files = Record<string, PixelImage | string | undefined>;

function namesIn(files: Files, folder: string): string[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  const rest = Object.keys(files)
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length));
  return [...new Set(rest.map((path) => (path.includes('/') ? `${path.split('/')[0]}/` : path)))];
}

function open(files: Files, name?: string): Promise<Dataset> {
  const source = {
    name,
    list: async (path: string) => namesIn(files, path),
    read: async (path: string) => {
      const file = files[path];
      return new TextEncoder().encode(typeof file === 'string' ? file : path);
    },
  };
  return openDataset(source, async (bytes, fileName) => {
    expect(new TextDecoder().decode(bytes)).toBe(fileName);
    const image = files[fileName];
    if (!image) throw new Error('bad signature');
    return image as PixelImage;
  });
}

function image(width: number, height: number, ...colour: number[]): PixelImage {
  const pixels = Uint8Array.from({ length: width * height * colour.length }, (_, i) => colour[i % colour.length]!);
  return { width, height, channels: colour.length as 3 | 4, pixels };
}

describe('openDataset of class folders', () => {
  it('takes labels and files in the order of their names', async () => {
    const dataset = await open(
      {
        'orc/b.png': image(1, 2, 4, 4, 4),
        'orc/a.PNG': image(1, 2, 3, 3, 3),
        'elf/10.png': image(1, 2, 1, 1, 1),
        'elf/9.png': image(1, 2, 2, 2, 2),
        'elf/.hidden.png': undefined,
        'elf/notes.txt': undefined,
        '.git/x.png': undefined,
        'readme.md': undefined,
      },
      'faces',
    );
    expect(dataset).toMatchObject({ name: 'faces', widthPx: 1, heightPx: 2, channels: 3, labels: ['elf', 'orc'] });
    expect([...dataset.images]).toEqual([1, 2, 3, 4].flatMap((value) => new Array(6).fill(value)));
    expect([...dataset.classLabels]).toEqual([0, 0, 1, 1]);
    expect(dataset.sources).toEqual(['elf/10.png', 'elf/9.png', 'orc/a.PNG', 'orc/b.png']);
    expect([dataset.licence, dataset.attribution]).toEqual(['unstated', 'unstated']);
  });

  it('reads RGBA when any pixel is less than opaque', async () => {
    const files = { 'a/1.png': image(1, 1, 1, 2, 3), 'a/2.png': image(1, 1, 4, 5, 6, 255) };
    expect([...(await open(files)).images]).toEqual([1, 2, 3, 4, 5, 6]);
    const clear = { ...files, 'a/2.png': image(1, 1, 4, 5, 6, 254) };
    expect([...(await open(clear)).images]).toEqual([1, 2, 3, 255, 4, 5, 6, 254]);
  });

  it('has labels as keyboards write them, whatever the system makes of names', async () => {
    const files = { 'e\u0301lan/1.png': image(1, 1, 1, 2, 3), 'orc/1.png': image(1, 1, 1, 2, 3) };
    const { labels, sources } = await open(files);
    expect(labels).toEqual(['\u00e9lan', 'orc']);
    expect(sources![0]).toBe('e\u0301lan/1.png');
    const twice = { ...files, '\u00e9lan/1.png': image(1, 1, 1, 2, 3) };
    await expect(open(twice)).rejects.toThrow('\u00e9lan/: two folders are called so');
    const one = image(1, 1, 1, 2, 3);
    const names = { 'orc/e\u0301.png': one, 'orc/\u00e9.png': one };
    await expect(open(names)).rejects.toThrow('orc/\u00e9.png: two files are called so');
  });

  it('leaves blanks around a name out of the label, as sheets do', async () => {
    const one = image(1, 1, 1, 2, 3);
    expect((await open({ 'elf /1.png': one, ' orc/1.png': one })).labels).toEqual(['orc', 'elf']);
    await expect(open({ 'elf/1.png': one, 'elf /1.png': one })).rejects.toThrow('elf/: two folders are called so');
    await expect(open({ 'elf/1.png': one, ' /1.png': one })).rejects.toThrow('" "/: its name is blank; rename it');
  });

  it('refuses a label that would steer a terminal', async () => {
    const files = { 'elf\u001b[2J/1.png': image(1, 1, 1, 2, 3), 'orc/1.png': image(1, 1, 1, 2, 3) };
    await expect(open(files)).rejects.toThrow('"elf\\u001b[2J"/: its name has a control character; rename it');
  });

  it('lists problems of every kind at once', async () => {
    const error = await open({
      'stray.png': image(2, 2, 1, 1, 1),
      'elf/1.png': image(2, 2, 1, 1, 1),
      'elf/2.png': image(2, 2, 1, 1, 1),
      'elf/3.png': image(3, 2, 1, 1, 1),
      'elf/4.jpg': undefined,
      'elf/old/5.png': image(2, 2, 1, 1, 1),
      'ghost/notes.txt': undefined,
      'orc/1.png': undefined,
      [`${'x'.repeat(201)}/1.png`]: image(2, 2, 1, 1, 1),
    }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DatasetError);
    expect(error.problems).toEqual([
      'stray.png: lies outside the class folders; move it into one',
      `${'x'.repeat(40)}…/: its name is longer than 200 characters; rename it`,
      'elf/4.jpg: is not a PNG file; convert it to PNG',
      'elf/old/: is a folder inside a class, which is not read; move its files up',
      'ghost/: class "ghost" is empty; expected at least one PNG file',
      'orc/1.png: is not a readable PNG (bad signature); save it again as PNG',
      'elf/3.png: mixed sizes: is 3x2; expected 2x2, as most images',
    ]);
  });

  it('says what it expected of an empty folder', async () => {
    await expect(open({})).rejects.toThrow(
      /"dataset" has a problem:\n- the folder has no class folders, and no dataset.json that lists classes/,
    );
  });
});

describe('class folders with attributes', () => {
  const FILES: Files = {
    'elf/2.png': image(2, 2, 1, 1, 1),
    'elf/10.png': image(2, 2, 2, 2, 2),
    'orc/grim.png': image(2, 2, 3, 3, 3),
    'dataset.json': JSON.stringify({
      name: 'heads',
      licence: 'CC0 1.0',
      attribution: 'drawn by Ada',
      attributes: { hair: ['black', 'red'], wear: '0..2' },
    }),
  };
  const table = (...rows: string[]) => ({ 'attributes.csv': ['label,file,hair,wear', ...rows].join('\n') });
  const problemsOf = async (files: Files) => (await open({ ...FILES, ...files }).catch((error) => error)).problems;

  it('are told of by the names of their files', async () => {
    const rows = table('orc,grim.png,red,2', 'elf,2.png,black,', 'elf,10.png,,1');
    const dataset = await open({ ...FILES, ...rows });
    expect(dataset).toMatchObject({ name: 'heads', licence: 'CC0 1.0', attribution: 'drawn by Ada' });
    expect(dataset.sources).toEqual(['elf/10.png', 'elf/2.png', 'orc/grim.png']);
    expect(dataset.attributes).toEqual([
      { name: 'hair', values: ['black', 'red'], data: Int16Array.of(ANY, 0, 1) },
      { name: 'wear', values: { min: 0, max: 2 }, data: Float32Array.of(1, Number.NaN, 2) },
    ]);
  });

  it('are found where names of folders and files have blanks around them, or accents that are stored apart', async () => {
    const one = image(1, 1, 1, 2, 3);
    const { labels, sources, attributes } = await open({
      ' e\u0301/ e\u0301.png': one,
      'orc/1.png': one,
      'dataset.json': JSON.stringify({ attributes: { hair: ['black', 'red'] } }),
      'attributes.csv': 'label,file,hair\n e\u0301, \u00e9.png,red\norc,1.png,black',
    });
    expect([labels, sources]).toEqual([
      ['\u00e9', 'orc'],
      [' e\u0301/ e\u0301.png', 'orc/1.png'],
    ]);
    expect(attributes![0]!.data).toEqual(Int16Array.of(1, 0));
  });

  it('tell what is wrong by line and column', async () => {
    expect(await problemsOf(table('orc,grin.png,red,2', 'elf,2.png,balck,3', 'elf,2.png,,'))).toEqual([
      'attributes.csv: line 2, column 2 (file): "grin.png" is unknown; did you mean "grim.png"? known: grim.png',
      'attributes.csv: line 3, column 3 (hair): "balck" is unknown; did you mean "black"? known: black, red',
      'attributes.csv: line 3, column 4 (wear): is "3"; expected a number from 0 to 2',
      'attributes.csv: line 4: tells of elf 2.png again, as line 3',
      'attributes.csv: elf: 1 of 2 files have no row: 10.png',
      'attributes.csv: orc: 1 of 1 files have no row: grim.png',
    ]);
    expect(await problemsOf({ 'attributes.csv': 'label,tile,hair,wear' })).toContain(
      'attributes.csv: line 1: expected the columns label and file, and one for each attribute, separated by commas',
    );
    expect(await problemsOf({ 'dataset.json': '{ "attributes": { "hair": [] } }' })).toEqual([
      expect.stringMatching(/^dataset.json: attributes.hair: /),
    ]);
  });

  it('may have a name and a licence alone', async () => {
    const dataset = await open({ ...FILES, 'dataset.json': '{ "licence": "CC0 1.0" }' }, 'faces');
    expect(dataset).toMatchObject({ name: 'faces', licence: 'CC0 1.0', attribution: 'unstated' });
    expect(dataset).not.toHaveProperty('attributes');
  });

  it('need no sheet, but a description that begins to tell of sheets must go on', async () => {
    expect(await problemsOf({ 'dataset.json': '{ "columns": 4 }' })).toContainEqual(
      expect.stringMatching(/^dataset.json: classes: /),
    );
  });
});
