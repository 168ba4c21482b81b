import { describe, expect, it } from 'vitest';
import type { PixelImage } from '../core/pixels.ts';
import { type Dataset, DatasetError } from './dataset.ts';
import { openDataset } from './openDataset.ts';
import type { DatasetSource } from './source.ts';

// A stand-in for PNG: an image is kept by its file name, and the bytes of a file are that name.
type Files = Record<string, PixelImage | string>;

function sourceOf(files: Files): DatasetSource {
  return {
    name: 'folder',
    list: async () => Object.keys(files),
    read: async (path) => {
      const file = files[path];
      if (file === undefined) throw new Error('no such file');
      return new TextEncoder().encode(typeof file === 'string' ? file : path);
    },
  };
}

function open(files: Files): Promise<Dataset> {
  return openDataset(sourceOf(files), (bytes) => {
    const file = files[new TextDecoder().decode(bytes)];
    if (typeof file !== 'object') throw new Error('bad signature');
    return file;
  });
}

async function problemsOf(files: Files): Promise<readonly string[]> {
  const error = await open(files).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(DatasetError);
  return error.problems;
}

/** A sheet whose pixels are (x, y, red, alpha), or (x, y, red). */
function sheet(width: number, height: number, red: number, channels: 3 | 4 = 4, alpha = 255): PixelImage {
  const pixels = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    pixels.set([i % width, Math.floor(i / width), red, alpha].slice(0, channels), i * channels);
  }
  return { width, height, channels, pixels };
}

const classes = [
  { label: 'elf', file: 'elf.png', count: 5 },
  { label: 'orc', file: 'sub/orc.png', count: 2 },
];
const description = {
  name: 'faces',
  tileWidth: 2,
  tileHeight: 3,
  columns: 4,
  channels: 4,
  licence: 'CC0 1.0',
  attribution: 'nobody',
  classes,
};
const json = (changes: object = {}) => JSON.stringify({ ...description, ...changes });
const sheets = { 'elf.png': sheet(8, 6, 10), 'sub/orc.png': sheet(8, 3, 20) };

describe('openDataset of sheets', () => {
  it('reads labels, sizes, licence and sources', async () => {
    const dataset = await open({ 'dataset.json': json(), ...sheets });
    expect(dataset).toMatchObject({
      name: 'faces',
      widthPx: 2,
      heightPx: 3,
      channels: 4,
      labels: ['elf', 'orc'],
      licence: 'CC0 1.0',
      attribution: 'nobody',
    });
    expect([...dataset.classLabels]).toEqual([0, 0, 0, 0, 0, 1, 1]);
    expect(dataset.sources).toEqual(
      [0, 1, 2, 3, 4].map((i) => `elf.png#${i}`).concat('sub/orc.png#0', 'sub/orc.png#1'),
    );
  });

  it('has labels as keyboards write them, and takes names of files as they are', async () => {
    const file = 'e\u0301.png';
    const own = [{ label: 'e\u0301', file, count: 5 }];
    const { labels, sources } = await open({ 'dataset.json': json({ classes: own }), [file]: sheet(8, 6, 10) });
    expect([labels, sources![0]]).toEqual([['\u00e9'], `${file}#0`]);
    const twice = [...own, { label: '\u00e9', file: 'elf.png', count: 5 }];
    const problems = await problemsOf({ 'dataset.json': json({ classes: twice }), [file]: sheet(8, 6, 10), ...sheets });
    expect(problems).toEqual([expect.stringContaining('duplicate label "\u00e9"')]);
  });

  it('cuts tiles left to right, top to bottom', async () => {
    const { images } = await open({ 'dataset.json': json(), ...sheets });
    expect(images).toHaveLength(7 * 2 * 3 * 4);
    const corners = [0, 1, 2, 3, 4, 5, 6].map((i) => [...images.slice(i * 24, i * 24 + 3)]);
    expect(corners).toEqual([
      [0, 0, 10],
      [2, 0, 10],
      [4, 0, 10],
      [6, 0, 10],
      [0, 3, 10],
      [0, 0, 20],
      [2, 0, 20],
    ]);
    const secondTile = Array.from({ length: 6 }, (_, i) => [...images.slice(24 + i * 4, 24 + i * 4 + 2)]);
    expect(secondTile.map(String)).toEqual(['2,0', '3,0', '2,1', '3,1', '2,2', '3,2']);
  });

  it('drops the alpha of opaque sheets, and adds it, as the description says', async () => {
    const rgb = await open({ 'dataset.json': json({ channels: 3 }), ...sheets });
    expect([...rgb.images.slice(0, 6)]).toEqual([0, 0, 10, 1, 0, 10]);
    const rgba = await open({ 'dataset.json': json(), ...sheets, 'elf.png': sheet(8, 6, 10, 3) });
    expect([...rgba.images.slice(0, 8)]).toEqual([0, 0, 10, 255, 1, 0, 10, 255]);
  });

  describe('with maps', () => {
    const maps = { 'elf_hrm.png': sheet(8, 6, 30, 3), 'orc_hrm.png': sheet(8, 3, 40, 3) };
    const named = { channels: 3, maps: { albedo: '{label}.png (sRGB)', hrm: '{label}_hrm.png (linear)' } };

    it('puts the maps of each tile behind its colours', async () => {
      const dataset = await open({ 'dataset.json': json(named), ...sheets, ...maps });
      expect(dataset.channels).toBe(6);
      expect(dataset.images).toHaveLength(7 * 2 * 3 * 6);
      const tile = (i: number) => [...dataset.images.slice(i * 36, i * 36 + 12)];
      expect(tile(1)).toEqual([2, 0, 10, 2, 0, 30, 3, 0, 10, 3, 0, 30]);
      expect(tile(6)).toEqual([2, 0, 20, 2, 0, 40, 3, 0, 20, 3, 0, 40]);
    });

    it('takes the sheets that classes name', async () => {
      const own = classes.map((entry) => ({ ...entry, maps: `${entry.label}_hrm.png` }));
      const files = { ...sheets, ...maps };
      const expected = await open({ 'dataset.json': json(named), ...files });
      expect(await open({ 'dataset.json': json({ channels: 3, classes: own }), ...files })).toEqual(expected);
    });

    it('names the sheets that are missing, too small, or elsewhere', async () => {
      const lacking = { 'dataset.json': json(named), ...sheets, 'elf_hrm.png': sheet(8, 3, 30, 3) };
      expect(await problemsOf(lacking)).toEqual([
        'elf_hrm.png: count 5 is beyond the sheet, which holds 4 tiles',
        expect.stringMatching(/^orc_hrm.png: /),
      ]);
      const away = json({ channels: 3, maps: { hrm: '../{label}_hrm.png' } });
      expect(await problemsOf({ 'dataset.json': away, ...sheets, ...maps })).toContain(
        "../elf_hrm.png: leaves the data set's folder; expected a path inside it",
      );
      const one = [{ ...classes[0], maps: 'elf_hrm.png' }, classes[1]];
      expect(await problemsOf({ 'dataset.json': json({ channels: 3, classes: one }), ...sheets, ...maps })).toEqual([
        'dataset.json: class "orc" has no maps, as others do; name its sheet of them',
      ]);
    });

    it('refuses alpha, and a name without its label', async () => {
      const alpha = json({ ...named, channels: 4 });
      expect(await problemsOf({ 'dataset.json': alpha, ...sheets, ...maps })).toEqual([
        'dataset.json: channels is 4; expected 3, as pictures with maps have no alpha',
      ]);
      expect(await problemsOf({ 'dataset.json': json({ maps: { hrm: 'hrm.png' } }), ...sheets })).toEqual([
        'dataset.json: maps.hrm: expected a name with {label} in it',
      ]);
    });
  });

  it('refuses to drop transparency', async () => {
    const files = { 'dataset.json': json({ channels: 3 }), ...sheets, 'elf.png': sheet(8, 6, 10, 4, 254) };
    expect(await problemsOf(files)).toEqual([expect.stringMatching(/^elf.png: has transparent pixels.*channels to 4/)]);
  });

  it('refuses a description that is not UTF-8, of which labels would be lost', async () => {
    const source = sourceOf({ 'dataset.json': '' });
    const read = async () => Buffer.from(json({ name: 'Fäces' }), 'latin1');
    const opened = openDataset({ ...source, read }, () => sheets['elf.png']);
    await expect(opened).rejects.toThrow('dataset.json: expected UTF-8 text; save it as UTF-8');
  });

  it('names a description that is no JSON', async () => {
    expect(await problemsOf({ 'dataset.json': '{"name": ' })).toEqual([
      expect.stringMatching(/^dataset.json: cannot be read .*; expected a JSON file$/),
    ]);
  });

  it('refuses a name that is used twice, of which JSON would keep the last', async () => {
    const twice = json().replace('"label":"elf"', '"label":"elf","label":"orc"');
    expect(await problemsOf({ 'dataset.json': twice, ...sheets })).toEqual([
      'dataset.json: the name "label" is used twice; rename it, or take it out',
    ]);
  });

  it('names every field that is wrong or missing', async () => {
    const broken = json({
      tileWidth: 0,
      columns: 2.5,
      licence: undefined,
      classes: [{ label: 'elf', file: 'elf.png' }],
    });
    const problems = await problemsOf({ 'dataset.json': broken });
    expect(problems).toHaveLength(4);
    for (const field of ['tileWidth', 'columns', 'licence', 'classes.0.count']) {
      expect(problems).toContainEqual(expect.stringMatching(new RegExp(`^dataset.json: ${field}: `)));
    }
    expect(await problemsOf({ 'dataset.json': json({ classes: [] }) })).toEqual([
      'dataset.json: classes: there are no classes; expected at least one',
    ]);
    expect(await problemsOf({ 'dataset.json': '7' })).toHaveLength(1);
  });

  it('refuses what a model trained on it could not hold', async () => {
    const long = { attribution: 'a'.repeat(10_001), classes: [{ label: 'e'.repeat(201), file: 'elf.png', count: 1 }] };
    expect(await problemsOf({ 'dataset.json': json(long) })).toEqual([
      'dataset.json: attribution: is too long; expected at most 10000 characters',
      'dataset.json: classes.0.label: is too long; expected at most 200 characters',
    ]);
  });

  it('refuses labels and words that would steer a terminal', async () => {
    const steering = [{ ...classes[0], label: 'elf\u001b[2J' }, classes[1]];
    expect(await problemsOf({ 'dataset.json': json({ classes: steering }), ...sheets })).toEqual([
      'dataset.json: classes.0.label: has a control character; rename it',
    ]);
    const attributes = { hair: ['black\u0007', 'red'] };
    expect(await problemsOf({ 'dataset.json': json({ attributes }), ...sheets })).toEqual([
      'dataset.json: attributes.hair.0: has a control character; rename it',
    ]);
  });

  it('names the size it found and the one it expected', async () => {
    const wrong = { 'elf.png': sheet(7, 6, 1), 'sub/orc.png': sheet(8, 4, 1) };
    expect(await problemsOf({ 'dataset.json': json(), ...wrong })).toEqual([
      'elf.png: wrong size 7x6; expected 8 wide (4 x 2) and a multiple of 3 high',
      'sub/orc.png: wrong size 8x4; expected 8 wide (4 x 2) and a multiple of 3 high',
    ]);
  });

  it.each(['../orc.png', '/orc.png', 'a/../../orc.png', 'C:\\orc.png', 'http://host/orc.png', '%2e%2e/orc.png'])(
    'never reads a path that leaves the folder: %s',
    async (file) => {
      const files = { 'dataset.json': json({ classes: [{ label: 'orc', file, count: 2 }] }), [file]: sheet(8, 3, 1) };
      expect(await problemsOf(files)).toEqual([`${file}: leaves the data set's folder; expected a path inside it`]);
    },
  );

  it('lists problems of every kind at once', async () => {
    const many = [
      { label: 'elf', file: 'elf.png', count: 9 },
      { label: 'elf', file: 'twin.png', count: 1 },
      { label: 'ghost', file: 'missing.png', count: 1 },
      { label: 'mud', file: 'damaged.png', count: 1 },
      { label: 'nobody', file: 'nobody.png', count: 0 },
      { label: 'spy', file: '../spy.png', count: 1 },
      { label: 'dwarf', file: 'small.png', count: 1 },
    ];
    const files = {
      'dataset.json': json({ channels: 2, classes: many }),
      'elf.png': sheet(8, 6, 1),
      'twin.png': sheet(8, 3, 1),
      'damaged.png': 'noise',
      'nobody.png': sheet(8, 3, 1),
      'small.png': sheet(2, 3, 1),
    };
    expect(await problemsOf(files)).toEqual([
      'dataset.json: unknown channels 2; expected 3 (RGB) or 4 (RGBA)',
      'twin.png: duplicate label "elf", also of elf.png; labels must differ',
      'nobody.png: class "nobody" is empty; expected at least one image',
      "../spy.png: leaves the data set's folder; expected a path inside it",
      'elf.png: count 9 is beyond the sheet, which holds 8 tiles',
      'missing.png: cannot be read (no such file); expected a PNG file of this name',
      'damaged.png: is not a readable PNG (bad signature); save it again as PNG',
      'small.png: wrong size 2x3; expected 8 wide (4 x 2) and a multiple of 3 high',
    ]);
  });
});

describe('frames', () => {
  const walk = [{ frame: 0 }, { frame: 1, durationMs: 80 }];
  const frames = [
    { action: 'walk', index: 0, durationMs: 100 },
    { action: 'walk', index: 1, durationMs: 80 },
  ];
  const whole = [{ ...classes[0], count: 6 }, classes[1]];

  it('make an image of so many tiles, wherever rows of the sheet end', async () => {
    const columns = 3;
    const narrow = { 'elf.png': sheet(6, 6, 10), 'sub/orc.png': sheet(6, 3, 20) };
    const described = json({ classes: whole, columns, frames: walk, tilesPerCharacter: 2 });
    const dataset = await open({ 'dataset.json': described, ...narrow });
    expect(dataset).toMatchObject({ widthPx: 2, heightPx: 3, frames, sources: expect.any(Array) });
    expect([...dataset.classLabels]).toEqual([0, 0, 0, 1]);
    expect(dataset.sources).toEqual(['elf.png#0', 'elf.png#2', 'elf.png#4', 'sub/orc.png#0']);
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((tile) => [...dataset.images.slice(tile * 24, tile * 24 + 3)]);
    expect(corners.map(String)).toEqual([
      ...['0,0,10', '2,0,10', '4,0,10', '0,3,10', '2,3,10', '4,3,10'],
      ...['0,0,20', '2,0,20'],
    ]);
  });

  it.each<[string, object, string]>([
    ['one tile more', { frames: walk }, 'elf.png: count 5 is no multiple of the 2 frames; give whole characters'],
    [
      'another number of tiles',
      { classes: whole, frames: walk, tilesPerCharacter: 3 },
      'dataset.json: tilesPerCharacter is 3, but there are 2 frames; list one for each tile of a character in "frames"',
    ],
    [
      'no list',
      { classes: whole, tilesPerCharacter: 2 },
      'dataset.json: tilesPerCharacter is 2, but there are no frames; list one for each tile of a character in "frames"',
    ],
    [
      'a gap',
      { classes: whole, frames: [{ frame: 0 }, { frame: 2 }] },
      'dataset.json: frames: frame 1: is walk 2; expected the frames of an animation one after the other, from index 0',
    ],
  ])('are told when they have %s', async (_, changes, problem) => {
    expect(await problemsOf({ 'dataset.json': json(changes), ...sheets })).toEqual([problem]);
  });
});

it('refuses more pixels and more classes than could be, before any sheet is read', async () => {
  const large = [{ ...classes[0], count: 40 }];
  const size = { tileWidth: 4096, tileHeight: 4096, columns: 1 };
  expect(await problemsOf({ 'dataset.json': json({ ...size, classes: large }) })).toEqual([
    'dataset.json: the file: its tiles have more than 2147483648 bytes of pixels; split the data set, or make the tiles smaller',
  ]);
  const many = Array.from({ length: 10_001 }, (_, i) => ({ label: `${i}`, file: `${i}.png`, count: 1 }));
  expect(await problemsOf({ 'dataset.json': json({ classes: many }) })).toEqual([
    'dataset.json: classes: expected at most 10000 classes; put some together',
  ]);
  expect(await problemsOf({ 'dataset.json': json({ classes: many.map(() => 0) }) })).toEqual([
    'dataset.json: classes: expected at most 10000 classes; put some together',
  ]);
});

it('refuses one sheet for two classes, whose tiles would be the same', async () => {
  const shared = [classes[0], { ...classes[1], file: 'elf.png' }];
  expect(await problemsOf({ 'dataset.json': json({ classes: shared }), ...sheets })).toEqual([
    'elf.png: is the sheet of "orc" and of "elf", with the same tiles; give each its own',
  ]);
});

it('decodes no sheet that states another size', async () => {
  const header = Uint8Array.of(
    0x89,
    0x50,
    0x4e,
    0x47,
    13,
    10,
    26,
    10,
    0,
    0,
    0,
    13,
    73,
    72,
    68,
    82,
    0,
    0,
    16,
    0,
    0,
    0,
    16,
    0,
  );
  const source = sourceOf({ 'dataset.json': json({ classes: classes.slice(0, 1) }) });
  const read = async (path: string) => (path === 'elf.png' ? header : source.read(path));
  const decode = () => {
    throw new Error('decoded');
  };
  await expect(openDataset({ ...source, read }, decode)).rejects.toThrow(
    /elf.png: wrong size 4096x4096; expected 8 wide \(4 x 2\) and a multiple of 3 high/,
  );
});

it('refuses more tiles than could be, before anything is laid out for them', async () => {
  const many = [{ ...classes[0], count: 1_999_999 }, classes[1]];
  const attributes = { hair: ['black', 'red'] };
  const before = process.cpuUsage();
  expect(await problemsOf({ 'dataset.json': json({ classes: many, attributes }), ...sheets })).toEqual([
    'dataset.json: classes: expected at most 2000000 tiles in all; split the data set',
  ]);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(500); // ms of computing
});
