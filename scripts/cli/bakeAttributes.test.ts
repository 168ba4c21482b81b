import { afterEach, beforeEach, expect, it, vi } from 'vitest';
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

it('says where in the file a wrong attribute is', async () => {
  await art.describe([{ ...ELF, attributes: { hair: 'redd' } }]);
  const error = await bake().catch((thrown) => thrown);
  expect(describeError(error).message).toMatch(
    /figment.bake.json:\d+:\d+ assets\[0\].attributes: hair "redd" is unknown; did you mean "red"\? known values: black, red/,
  );
});
