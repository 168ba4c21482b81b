import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { BakeFile, withSeed } from './bakeFile.ts';

beforeAll(() => {
  vi.stubGlobal('location', { origin: 'http://localhost:5173' });
});
afterAll(() => {
  vi.unstubAllGlobals();
});

it('takes a seed in the place of another, or besides the others', () => {
  const group = { asset: 'guests', label: 'elf', seeds: [1, 7, 3] };
  expect(withSeed(group, 7, 9)).toEqual({ ...group, seeds: [1, 9, 3] });
  expect(withSeed(group, 7, 3)).toEqual({ ...group, seeds: [1, 3] });
  expect(withSeed(group, 8, 9)).toEqual({ ...group, seeds: [1, 7, 3, 9] });
  expect(withSeed(group, undefined, 1)).toEqual(group);
});

it.each(['localhost:4848', 'somewhere', ''])('refuses %o, which is no address', (address) => {
  expect(() => new BakeFile(address)).toThrow(
    new RangeError(`pick: ${JSON.stringify(address)} is no address; expected one such as http://127.0.0.1:4848/`),
  );
});

it.each(['<!doctype html>', '{}', '[{"asset":"guests"}]'])(
  'says so where something else answers: %s',
  async (answer) => {
    vi.stubGlobal('fetch', async () => new Response(answer));
    const asked = new BakeFile('http://127.0.0.1:4848/').groupsAsync();
    await expect(asked).rejects.toThrow(
      /what answers at .*:4848\/ is no figment pick; start it: npx figment pick FILE/,
    );
    vi.unstubAllGlobals();
    vi.stubGlobal('location', { origin: 'http://localhost:5173' });
  },
);

it('changes a seed in what the file has by then', async () => {
  const group = { asset: 'guests', label: 'elf', seeds: [7] };
  const written: unknown[] = [];
  let now = [group];
  vi.stubGlobal('fetch', async (_url: URL, init?: RequestInit) => {
    if (init) written.push(JSON.parse(String(init.body)));
    return new Response(JSON.stringify(now));
  });
  const file = new BakeFile('http://127.0.0.1:4848/');
  now = [{ ...group, seeds: [1, 2] }]; // chosen meanwhile, by another page
  expect(await file.changeSeedAsync(group, 7, 8)).toEqual({ ...group, seeds: [1, 2, 8] });
  expect(written).toEqual([{ guests: { elf: [1, 2, 8] } }]);
  now = [];
  await expect(file.changeSeedAsync(group, 7, 8)).rejects.toThrow('has no elf of guests any more; open it again');
  expect(written).toHaveLength(1);
  vi.unstubAllGlobals();
  vi.stubGlobal('location', { origin: 'http://localhost:5173' });
});

it('says how to start the server where nothing answers', async () => {
  const asked = new BakeFile('http://127.0.0.1:1/').groupsAsync();
  await expect(asked).rejects.toThrow(/nothing answers .* figment pick FILE --port 1 --page http:\/\/localhost:5173$/);
});
