import { expect, it } from 'vitest';
import { createBakeFolder } from '../testing/bakeFolder.ts';
import { watchBake } from './index.ts';

it('bakes again when a model is saved during the very first bake', { timeout: 90_000 }, async ({ onTestFinished }) => {
  const art = await createBakeFolder();
  onTestFinished(() => art.remove());
  await art.describe([{ labels: ['elf'], count: 40 }]);
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  let saved: Promise<void> | undefined;
  let numBakes = 0;
  await watchBake(art.file, {
    signal: ending.signal,
    backend: 'wasm',
    batch: 4,
    onProgress: () => {
      saved ??= art.writeModel({ seed: 3 });
    },
    onBaked: ({ numBaked }) => {
      expect(numBaked).toBe(40);
      if (++numBakes === 2) ending.abort();
    },
  });
  await saved;
  expect(numBakes).toBe(2);
});
