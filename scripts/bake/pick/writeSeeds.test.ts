import { describe, expect, it } from 'vitest';
import { writeSeeds } from './writeSeeds.ts';

const LABELS: Record<string, string[]> = { elf: ['elf'], all: ['elf', 'orc'] };
const write = (text: string, picks: Parameters<typeof writeSeeds>[1]) =>
  writeSeeds(text, picks, (asset) => LABELS[asset]!);

describe('writeSeeds', () => {
  it('replaces what says which pictures, and nothing else', () => {
    const text = `{
\t// who is in the tavern
\t"figment": 1,
\t"assets": [
\t\t{
\t\t\t"name": "elf", /* the innkeeper */
\t\t\t"labels": ["elf"],
\t\t\t"count": 4, // for now
\t\t\t"firstSeed": 7,
\t\t\t"enlarge": 8,
\t\t},
\t\t{ "name": "all", "count": 2 },
\t],
}
`;
    expect(write(text, { elf: { elf: [9, 3] } })).toBe(
      text.replace('"count": 4,', '"seeds": [9, 3],').replace('\n\t\t\t"firstSeed": 7,', ''),
    );
  });

  it('keeps one-line assets on their line', () => {
    const text = '{ "assets": [\n  { "name": "elf", "labels": ["elf"], "seeds": [1] },\n] }';
    expect(write(text, { elf: { elf: [9, 3] } })).toBe(text.replace('[1]', '[9, 3]'));
    const none = '{ "assets": [\n  { "name": "elf", "labels": ["elf"] }\n] }';
    expect(write(none, { elf: { elf: [5] } })).toBe(none.replace('["elf"]', '["elf"], "seeds": [5]'));
    const comma = none.replace('["elf"]', '["elf"] /* one */ ,');
    expect(write(comma, { elf: { elf: [5] } })).toBe(comma.replace(' ,', ' , "seeds": [5],'));
  });

  it('gives labels seeds of their own where there are several', () => {
    const text = '{\n  "assets": [\n    {\n      "name": "all",\n      "count": 2\n    }\n  ]\n}\n';
    const one = write(text, { all: { orc: [4, 5] } });
    expect(one).toBe(`{
  "assets": [
    {
      "name": "all",
      "count": 2,
      "seedsByLabel": { "orc": [4, 5] },
      "labels": ["elf", "orc"]
    }
  ]
}
`);
    const both = write(one, { all: { elf: [1] } });
    expect(JSON.parse(both).assets).toEqual([
      { name: 'all', seedsByLabel: { orc: [4, 5], elf: [1] }, labels: ['elf', 'orc'] },
    ]);
  });

  it('keeps Windows line ends, and names that look like code', () => {
    const text = '{\r\n  "assets": [\r\n    {\r\n      "name": "all"\r\n    }\r\n  ]\r\n}\r\n';
    const written = writeSeeds(text, { all: { '"}]': [1] } }, () => ['"}]', 'x']);
    expect(written.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(JSON.parse(written).assets[0].seedsByLabel).toEqual({ '"}]': [1] });
  });

  it('refuses a label that is gone', () => {
    const text = '{ "assets": [{ "name": "elf" }] }';
    expect(() => write(text, { elf: { dragon: [1] } })).toThrow('the bake file draws no "dragon" any more');
  });

  it('refuses an asset that is gone', () => {
    expect(() => write('{ "assets": [{ "name": "other" }] }', { elf: { elf: [1] } })).toThrow(
      'pick: the bake file has no asset "elf" any more; open it again',
    );
  });
});
