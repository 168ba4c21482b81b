import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BAKE_SCHEMA_FILE, bakeFileJsonSchema } from '../build/buildSchema.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { openPlan } from './planBake.ts';
import { describedBake, parseBakeFile, readBakeFile } from './readBakeFile.ts';

/** The lines of the error that a text ends with. */
function problems(text: string): string[] {
  try {
    parseBakeFile(text, '/art/figment.bake.json');
  } catch (error) {
    expect((error as Error).name).toBe('UsageError');
    return (error as Error).message.split('\n');
  }
  return [];
}

it('opens no folder, pipe or device as a bake file, nor a file that is vast', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'figment-file-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await expect(readBakeFile(folder)).rejects.toThrow(`${folder} is a folder, pipe or device; expected a bake file`);
  const vast = join(folder, 'vast.json');
  await writeFile(vast, '');
  await truncate(vast, 50_000_001); // without a byte on the disk
  await expect(readBakeFile(vast)).rejects.toThrow(`${vast}: 50000001 bytes; expected at most 50000000`);
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(readBakeFile(join(folder, 'pipe'))).rejects.toThrow(/pipe is a folder, pipe or device/);
});

describe('a bake file', () => {
  it('may hold comments, trailing commas and a byte order mark', () => {
    const text = '\uFEFF{ "figment": 1, // version\n "assets": [{ "name": "a", "model": "m", }, ], /* end */ }';
    expect(parseBakeFile(text, '/art/my.json')).toMatchObject({
      description: { figment: 1, assets: [{ name: 'a', model: 'm' }] },
      folder: '/art',
      name: 'my.json',
    });
  });

  it('may have a comment with brackets, and one with a quotation mark', () => {
    const text = `{ /* 5" [[[[[[[[[[ */ "figment": 1, "assets": [{ "name": "a" }] } // {{{{{{{{{{ "`;
    expect(parseBakeFile(text, '/art/figment.bake.json').description.assets).toEqual([{ name: 'a' }]);
  });

  it('is refused with all that is wrong, each with its line, column and path', () => {
    const text = `{
  "figment": 2,
  "assets": [
    { "name": "a", "seeds": [1, -1, 2.5, -0.5], "lables": ["elf"] },
    { "model": "m", "formats": ["jpeg"], "count": "3" }
  ],
  "defaults": { "enlarge": 65 }
}`;
    expect(problems(text)).toEqual([
      'figment.bake.json:2:14 figment: expected 1, found 2',
      'figment.bake.json:4:33 assets[0].seeds[1]: expected a whole number from 0 to 4294967295, found -1',
      'figment.bake.json:4:37 assets[0].seeds[2]: expected a whole number from 0 to 4294967295, found 2.5',
      'figment.bake.json:4:42 assets[0].seeds[3]: expected a whole number from 0 to 4294967295, found -0.5',
      expect.stringMatching(
        /^figment.bake.json:4:59 assets\[0\].lables: this entry is unknown; did you mean "labels"\?/,
      ),
      'figment.bake.json:5:5 assets[1].name: this entry is missing',
      'figment.bake.json:5:33 assets[1].formats[0]: expected "png", "ktx2", "apng", found "jpeg"; did you mean "png"?',
      'figment.bake.json:5:51 assets[1].count: expected a whole number from 1 to 100000, found "3"',
      'figment.bake.json:7:28 defaults.enlarge: expected a whole number from 1 to 64, found 65',
    ]);
  });

  it.each([
    ['', /:1:1: no JSON: value expected/],
    ['[]', /:1:1: expected a JSON object/],
    ['{ "figment": 1, "assets": [[]] }', /:1:28 assets\[0\].name: this entry is missing/],
    ['{ "figment": 1, "assets": [] }', /:1:27 assets: expected at least one/],
    [
      '{ "figment": 1, "assets": [{ "name": "a", "labels": { "brick": 1 } }] }',
      /expected a list of labels; .*, found an object/,
    ],
    ['{ "figment": 1, "assets": [{ "name": "a", "maps": ["albdeo"] }] }', /found "albdeo"; did you mean "albedo"\?/],
    [
      '{ "figment": 1, "defaults": { "seeds": [1] }, "assets": [{ "name": "a" }] }',
      /:1:40 defaults.seeds: there is no default for this entry; it stands in each of the assets/,
    ],
    ['{ "figment": 1, "assets": { "name": "a" } }', /assets: expected a list, found an object/],
    ['{\n "figment": 1\n "assets": [}', /:3:2: no JSON: comma expected/],
    ['{ "figment": 1, "figment": 1, "assets": [{ "name": "a" }] }', /:1:14 figment: this entry is there twice/],
    [`{ "assets": ${'['.repeat(20_000)}`, /at most 8 levels of nesting/],
    [`/*"*/ { "assets": ${'['.repeat(100_000)}`, /at most 8 levels of nesting/],
    ['{ "assets" ]]], "a": '.repeat(5000), /at most 8 levels of nesting/],
    ['{ "figment": 1, "assets": [{ "name": "a", "__proto__": { "count": 1 } }] }', /__proto__: this entry is unknown/],
  ])('is refused: %j', (text, message) => {
    expect(problems(text.slice(0, 200_000)).join('\n')).toMatch(message);
  });

  it('may have labels and attributes of any name', () => {
    const text = `{ "figment": 1, "assets": [{ "name": "a", "attributes": { "constructor": "b" },
      "sameAs": { "prototype": 1 }, "seedsByLabel": { "elf": [1], "constructor": [2], "__proto__": [3] } }] }`;
    const [asset] = parseBakeFile(text, '/art/figment.bake.json').description.assets;
    expect(Object.entries(asset!.seedsByLabel!)).toEqual([
      ['elf', [1]],
      ['constructor', [2]],
      ['__proto__', [3]],
    ]);
    expect(asset).toMatchObject({ attributes: { constructor: 'b' }, sameAs: { prototype: 1 } });
    expect(problems(text.replace('[2]', '[2, -1]'))).toEqual([
      expect.stringMatching(
        /^figment.bake.json:2:86 assets\[0\].seedsByLabel.constructor\[1\]: expected a whole number/,
      ),
    ]);
  });

  it('that came as an object has paths without lines', () => {
    const wrong = { figment: 1, assets: [{ name: 'a', count: 0 }] } as const;
    expect(() => describedBake(structuredClone(wrong) as never, '/art')).toThrow(
      /^bake assets\[0\].count: expected a whole number from 1 to 100000, found 0$/,
    );
  });

  it.each([
    ['README.md', 3],
    ['docs/guide/07-baking.md', 3],
  ])('is shown in %s', async (document, numAssets) => {
    const text = await readFile(join(packageRoot(), document), 'utf8');
    const shown = /```jsonc\n([\s\S]*?)```/.exec(text)![1]!;
    expect(parseBakeFile(shown, '/art/figment.bake.json').description.assets).toHaveLength(numAssets);
  });

  it('has an example that can be planned', async () => {
    const { pictures } = await openPlan(join(packageRoot(), 'assets/examples/figment.bake.json'), {});
    expect(new Set(pictures.map(({ look }) => look.asset)).size).toBeGreaterThanOrEqual(20);
  });

  it('has a published JSON schema that is made from the same rules', async () => {
    expect(await readFile(BAKE_SCHEMA_FILE, 'utf8')).toBe(bakeFileJsonSchema()); // else: npm run build:schema
  });
});

it('tells of a file that is wrong throughout in its first lines, at once', () => {
  const before = process.cpuUsage();
  const all = (count: number) => `{ "figment": 1, "assets": [${'{ "name": 7, "x": 1 },'.repeat(count)}] }`;
  const wrong = problems(all(5000));
  expect(wrong).toHaveLength(21);
  expect(wrong.at(-1)).toMatch(/^figment.bake.json: \d+ more like these$/);
  expect(problems(all(25_000))).toHaveLength(1);
  const long = `{ "figment": "${'x'.repeat(1e5)}", "${'y'.repeat(1e5)}": 1, "assets": [{ "name": "a" }] }`;
  for (const line of problems(long)) expect(line.length).toBeLessThanOrEqual(500);
  expect(problems(`{ ${'x '.repeat(1e4)}`)).toHaveLength(20);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000); // ms of computing, however busy the machine is
});

it('tells of a string that does not end, however many quotation marks are in it, at once', () => {
  const before = process.cpuUsage();
  expect(problems(`{"${'\\"'.repeat(1e5)}`).join()).toMatch(/no JSON: unexpected end of string/);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(2000); // ms
});
