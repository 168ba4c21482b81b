import { afterAll, beforeAll, expect, it } from 'vitest';
import { createConditionalVae, createModel, selectBackend } from '../../../runtime/index.ts';
import { tinyModelFiles } from '../../../runtime/testing/tinyModel.ts';
import { generateSet, type Judged, makersOf } from './makePictures.ts';

let judged: Judged;
beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
  const files = tinyModelFiles({ cvae: true });
  judged = { model: createModel(files), teacher: null, cvae: createConditionalVae(files) };
});
afterAll(() => {
  judged.model.dispose();
  judged.cvae?.dispose();
});

it.each(['ddpm', 'cvae', 'cvae+ddpm'] as const)('lets events in whenever %s tells how far it is', async (pipeline) => {
  const make = makersOf(judged, { numInferenceSteps: 4, sampler: 'ddim' })[pipeline]!;
  const requests = [1, 2, 3].map((seed) => ({ label: 'elf', seed }));
  const shares: number[] = [];
  const turns: number[] = [];
  let numTurns = 0;
  const onProgress = (share: number) => {
    shares.push(share);
    turns.push(numTurns);
    setImmediate(() => numTurns++);
  };
  expect(await generateSet(make, requests, onProgress, 1)).toHaveLength(3);
  expect(shares.at(-1)).toBe(1);
  expect(shares.length).toBeGreaterThanOrEqual(requests.length);
  expect(turns).toEqual(turns.map((_, i) => i));
});
