import * as v from 'valibot';
import { describe, expect, it, vi } from 'vitest';
import { ANY } from '../core/attributes.ts';
import { parseFrames } from '../core/frames.ts';
import * as nearest from '../core/nearestWord.ts';
import { type AttributeColumn, encodeColumns, rowsOf, vocabularyOf } from './attributeColumns.ts';
import { readAttributes, VocabularySchema, writeAttributes } from './attributeTable.ts';
import type { DatasetSource } from './source.ts';

const CLASSES = [
  { label: 'elf', count: 2 },
  { label: 'orc', count: 1 },
];
const ATTRIBUTES = { hair: ['black', 'red'], wear: '0..1', bump: 'number' };
const HEADER = 'label,tile,hair,bump,wear';
const GOOD = [HEADER, 'orc,0,red,3,0.5', 'elf,1,,,', 'elf,0,black,2,1'];

function sourceOf(text: string | Uint8Array | null): DatasetSource {
  return {
    name: 'folder',
    list: async () => [],
    read: async () => {
      if (text === null) throw new Error('no such file');
      return typeof text === 'string' ? new TextEncoder().encode(text) : text;
    },
  };
}

async function read(text: string | Uint8Array | null, description: object = {}) {
  const problems: string[] = [];
  const columns = await readAttributes(
    sourceOf(text),
    { attributes: ATTRIBUTES, classes: CLASSES, ...description },
    problems,
  );
  return { columns, problems };
}

describe('readAttributes', () => {
  it('reads rows in any order; an empty cell is not known, and what has no range is left out', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const { columns, problems } = await read(`\uFEFF${GOOD.join(end)}${end}`);
      expect(problems).toEqual([]);
      expect(vocabularyOf(columns)).toEqual({ hair: ['black', 'red'], wear: { min: 0, max: 1 } });
      expect(columns.map(({ data }) => [...data])).toEqual([
        [0, ANY, 1],
        [1, Number.NaN, 0.5],
      ]);
    }
  });

  it.each<[string, number[]]>([
    ['1700000000..1700000100', [1700000000, 1700000025, 1700000100]],
    ['0..1e39', [0, 2.5e38, 1e39]],
    ['0..4e-44', [0, 1e-44, 4e-44]],
    ['-40..40', [-40, -20, 40]],
  ])('keeps numbers of the range %s apart', async (wear, numbers) => {
    const rows = ['label,tile,wear', `elf,0,${numbers[0]}`, `elf,1,${numbers[1]}`, `orc,0,${numbers[2]}`].join('\n');
    const { columns } = await read(rows, { attributes: { wear } });
    expect([...encodeColumns(columns, [0, 1, 2])]).toEqual([0, 0.25, 1]);
    expect([...encodeColumns(rowsOf(columns, [2, 1]), [0, 1])]).toEqual([1, 0.25]);
    const { csv } = writeAttributes({ labels: ['elf', 'orc'], classLabels: Int32Array.of(0, 0, 1) }, columns);
    expect(csv).toBe(`${rows}\n`);
  });

  it('reads numbers with exponents, as spreadsheets write them', async () => {
    const { columns } = await read([HEADER, 'elf,0,,,5e-1', 'elf,1,,,2.5E-01', 'orc,0,,,0'].join('\n'));
    expect([...columns[1]!.data]).toEqual([0.5, 0.25, 0]);
  });

  it('passes over blanks around cells, and lines of blanks alone', async () => {
    const rows = [
      'label, tile,hair , bump,wear',
      'elf, 0,black ,2,\t1',
      '  ',
      ' elf,1,,, ',
      'orc ,0, red,, 0.5 ',
      '\t',
    ];
    const { columns, problems } = await read(rows.join('\n'));
    expect(problems).toEqual([]);
    expect(columns).toEqual((await read(GOOD.join('\n'))).columns);
  });

  it('takes letters for the same whether their accents are stored apart or not', async () => {
    const [whole, apart] = ['\u00e9', 'e\u0301'];
    for (const [listed, written] of [
      [whole, apart],
      [apart, whole],
    ]) {
      const attributes = v.parse(VocabularySchema, { [`caf${listed}`]: ['b', `caf${listed}`] });
      const rows = [`label,tile,caf${written}`, `${written},0,caf${written}`];
      const { columns, problems } = await read(rows.join('\n'), { attributes, classes: [{ label: whole, count: 1 }] });
      expect(problems).toEqual([]);
      expect(columns).toEqual([{ name: `caf${whole}`, values: ['b', `caf${whole}`], data: Int16Array.of(1) }]);
    }
  });

  it('takes a row for all frames of a subject, which names the first of them', async () => {
    const classes = [
      { label: 'elf', count: 4 },
      { label: 'orc', count: 2 },
    ];
    const frames = parseFrames([{ frame: 0 }, { frame: 1 }]);
    const rows = [HEADER, 'elf,0,black,,0', 'elf,2,red,,0.25', 'orc,0,red,,1'];
    const { columns, problems } = await read(rows.join('\n'), { classes, frames });
    expect(problems).toEqual([]);
    expect(columns.map(({ data }) => [...data])).toEqual([
      [0, 1, 1],
      [0, 0.25, 1],
    ]);
    const second = rows.join('\n').replace('elf,2', 'elf,1');
    expect((await read(second, { classes, frames })).problems).toEqual([
      'attributes.csv: line 3, column 2 (tile): is "1"; expected 0 to 2 in steps of 2, as elf has 4 tiles',
      'attributes.csv: elf: 1 of 2 tiles have no row: 2',
    ]);
  });

  it('leaves out an attribute that says what the label says', async () => {
    const rows = ['label,tile,kind', 'elf,0,elf', 'elf,1,elf', 'orc,0,orc'];
    expect((await read(rows.join('\n'), { attributes: { kind: ['orc', 'elf'] } })).columns).toEqual([]);
    const { columns } = await read(rows.join('\n').replace('1,elf', '1,orc'), { attributes: { kind: ['orc', 'elf'] } });
    expect(columns).toHaveLength(1);
  });

  it('lists the words of an attribute, however many they are', async () => {
    const hair = Array.from({ length: 200 }, (_, i) => `colour${i}`);
    for (const words of [hair.slice(0, 40), hair]) {
      const rows = ['label,tile,hair', 'elf,0,colour0', 'elf,1,', 'orc,0,x'];
      const { problems } = await read(rows.join('\n'), { attributes: { hair: words } });
      const [, known, more = 0] = /"x" is unknown; .*? known: (.*?)(?:, … and (\d+) more)?$/.exec(problems.join('\n'))!;
      expect(known!.split(', ')).toEqual(words.slice(0, words.length - Number(more)));
      expect(known!.length).toBeGreaterThan(300);
    }
  });

  it.each<[string, string[], string]>([
    [
      'a word',
      ['elf,0,balck,,1'],
      'line 2, column 3 (hair): "balck" is unknown; did you mean "black"? known: black, red',
    ],
    ['a number', ['elf,0,black,,1.5'], 'line 2, column 5 (wear): is "1.5"; expected a number from 0 to 1'],
    ['text for a number', ['elf,0,black,,much'], 'line 2, column 5 (wear): is "much"; expected a number from 0 to 1'],
    ['a hexadecimal number', ['elf,0,black,,0x1'], 'line 2, column 5 (wear): is "0x1"; expected a number from 0 to 1'],
    ['a binary number', ['elf,0,black,,0b1'], 'line 2, column 5 (wear): is "0b1"; expected a number from 0 to 1'],
    ['a label', ['elv,0,black,,1'], 'line 2, column 1 (label): "elv" is unknown; did you mean "elf"? known: elf, orc'],
    ['a tile', ['elf,2,black,,1'], 'line 2, column 2 (tile): is "2"; expected 0 to 1, as elf has 2 tiles'],
    [
      'a tile that is no number',
      ['elf,-0,black,,1'],
      'line 2, column 2 (tile): is "-0"; expected 0 to 1, as elf has 2 tiles',
    ],
    ['a short line', ['elf,0,black'], 'line 2: has 3 values; expected 5, without quotes'],
    ['a line of one cell', ['elf'], 'line 2: has 1 value; expected 5, without quotes'],
    ['a row twice', ['elf,0,,,', 'elf,0,,,'], 'line 3: tells of elf 0 again, as line 2'],
    ['missing rows', ['orc,0,,,'], 'elf: 2 of 2 tiles have no row: 0, 1'],
  ])('tells of %s by line and column', async (_, rows, problem) => {
    const { columns, problems } = await read([HEADER, ...rows].join('\n'));
    expect(columns).toEqual([]);
    expect(problems).toContain(`attributes.csv: ${problem}`);
  });

  it.each([
    ['tile,hair,wear', 'line 1: expected the columns label and tile, and one for each attribute, separated by commas'],
    [
      'label,tile,hiar,wear',
      'line 1: has no column "hair", which dataset.json lists; did you mean the column "hiar"? columns: label, tile, hiar, wear',
    ],
    ['label,tile,hair,wear,wear', 'line 1: has the column "wear" twice'],
    ['', 'line 1: expected the columns label and tile, and one for each attribute, separated by commas'],
  ])('tells of the header %s', async (header, problem) => {
    expect((await read(header)).problems).toContain(`attributes.csv: ${problem}`);
  });

  it.each([
    ['label;tile;hair;wear', 'line 1: is separated by semicolons; save the table with commas, and without quotes'],
    ['label\ttile\thair\twear', 'line 1: is separated by tabs; save the table with commas, and without quotes'],
    ['"label","tile","hair"', 'line 1: has cells in quotes; save the table with commas, and without quotes'],
  ])('tells nothing but how to save a table that begins with %j', async (header, problem) => {
    expect((await read(`${header}\nelf;0;red;1`)).problems).toEqual([`attributes.csv: ${problem}`]);
  });

  it('tells of the first twenty, and how many more there are', async () => {
    const { problems } = await read([HEADER, ...Array.from({ length: 30 }, () => 'elf,9,,,')].join('\n'));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('attributes.csv: 12 more like these');
  });

  it('looks for the nearest word of those alone that it tells', async () => {
    const look = vi.spyOn(nearest, 'nearestWord');
    const { problems } = await read([HEADER, ...Array.from({ length: 30 }, () => 'efl,0,,,')].join('\n'));
    expect(problems).toHaveLength(21);
    expect(look).toHaveBeenCalledTimes(20);
    look.mockRestore();
  });

  it('refuses what is not UTF-8, of which words would be lost', async () => {
    const latin1 = Buffer.from(GOOD.join('\n').replace('black', 'bläck'), 'latin1');
    expect((await read(latin1)).problems).toEqual(['attributes.csv: expected UTF-8 text; save it as UTF-8']);
  });

  it('says what to do when the file is not there', async () => {
    expect((await read(null)).problems).toEqual([
      'attributes.csv: cannot be read (no such file); add it, or take "attributes" out of dataset.json',
    ]);
  });
});

describe('VocabularySchema', () => {
  it('takes words, ranges and numbers, also of names that objects have', () => {
    const entry = { constructor: ['a'], wear: '-1.5..2', bump: 'number' };
    expect(v.parse(VocabularySchema, entry)).toEqual(entry);
  });

  it.each<[number, number]>([
    [0, 1e-7],
    [-2.5e-10, 1e21],
    [5e-324, 1.5e300],
  ])('takes the range from %d to %d as it is written', async (min, max) => {
    const columns: AttributeColumn[] = [{ name: 'wear', values: { min, max }, data: Float32Array.of(max / 2) }];
    const { description, csv } = writeAttributes({ labels: ['elf'], classLabels: Int32Array.of(0) }, columns);
    const attributes = v.parse(VocabularySchema, description);
    const back = await read(csv, { attributes, classes: [{ label: 'elf', count: 1 }] });
    expect(vocabularyOf(back.columns)).toEqual(vocabularyOf(columns));
  });

  it.each([
    [{ a: [] }],
    [{ a: ['x', 'x'] }],
    [{ a: ['\u00e9', 'e\u0301'] }],
    [{ a: '1..0' }],
    [{ a: '1' }],
    [{ a: '0..1e' }],
    [{ a: `0..1e${'0'.repeat(1e6)}1` }],
    [{ 'a.b': ['x'] }],
    [{ '': ['x'] }],
    [JSON.parse('{"__proto__":["x"]}')],
    [{ a: `0..${'9'.repeat(400)}` }],
    [{ a: `-1${'0'.repeat(308)}..1${'0'.repeat(308)}` }],
    [['a']],
    [null],
  ])('refuses %j', (entry) => {
    expect(v.safeParse(VocabularySchema, entry).success).toBe(false);
  });
});

it.each([
  [{ label: ['a'] }, 'is a column that attributes.csv has anyway; rename it'],
  [{ tile: '0..1' }, 'is a column that attributes.csv has anyway; rename it'],
  [{ file: '0..1' }, 'is a column that attributes.csv has anyway; rename it'],
  [{ hair: ['red', 'any'] }, 'stands for any word where something is asked for; rename it'],
])('VocabularySchema refuses what has a meaning of its own: %j', (entry, message) => {
  expect(v.safeParse(VocabularySchema, entry).issues?.map((issue) => issue.message)).toEqual([message]);
});

describe('writeAttributes', () => {
  it('writes what readAttributes reads', async () => {
    const columns: AttributeColumn[] = [
      { name: 'hair', values: ['black', 'red'], data: Int16Array.of(1, ANY, 0) },
      { name: 'wear', values: { min: 0, max: 0.1 }, data: Float32Array.of(0.1, Number.NaN, 1 / 30) },
    ];
    const classLabels = Int32Array.of(1, 0, 0);
    const { description, csv } = writeAttributes({ labels: ['elf', 'orc'], classLabels }, columns);
    expect(csv).toBe('label,tile,hair,wear\nelf,0,,\nelf,1,black,0.033333335\norc,0,red,0.1\n');
    const back = await read(csv, { attributes: v.parse(VocabularySchema, description) });
    expect(back.problems).toEqual([]);
    expect(vocabularyOf(back.columns)).toEqual(vocabularyOf(columns));
    expect(back.columns.map(({ data }) => [...data])).toEqual(columns.map(({ data }) => [data[1], data[2], data[0]]));
  });

  it('writes a row for all frames of a subject', () => {
    const columns: AttributeColumn[] = [{ name: 'hair', values: ['red'], data: new Int16Array(2) }];
    const frames = parseFrames([{ frame: 0 }, { frame: 1 }]);
    const dataset = { labels: ['elf'], classLabels: new Int32Array(2), frames };
    expect(writeAttributes(dataset, columns).csv).toBe('label,tile,hair\nelf,0,red\nelf,2,red\n');
  });

  it.each(['a,b', 'a"b', 'a\nb'])('refuses the word %j', (word) => {
    const columns: AttributeColumn[] = [{ name: 'hair', values: [word], data: Int16Array.of(0) }];
    const dataset = { labels: ['elf'], classLabels: Int32Array.of(0) };
    expect(() => writeAttributes(dataset, columns)).toThrow(/has a comma, quote or line break; rename it/);
  });
});
