import { backend, clone, memory, tensor1d } from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { selectBackend } from '../../backends/selectBackend.ts';

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

it('a clone shares the values of its tensor, and outlives it', async () => {
  const before = memory();
  const tensor = tensor1d([1, 2, 3]);
  const copy = clone(tensor);
  const { dataIdMap } = backend() as unknown as { dataIdMap: { get(id: object): { memoryOffset: number } } };
  expect(dataIdMap.get(copy.dataId).memoryOffset).toBe(dataIdMap.get(tensor.dataId).memoryOffset);
  tensor.dispose();
  expect(await copy.data()).toEqual(Float32Array.of(1, 2, 3));
  copy.dispose();
  expect(memory().numDataBuffers).toBe(before.numDataBuffers);
  expect(memory().numTensors).toBe(before.numTensors);
});

it('a clone of words is one, too', async () => {
  const words = tensor1d(['elf', 'orc']);
  const copy = clone(words);
  words.dispose();
  expect(await copy.data()).toEqual(['elf', 'orc']);
  copy.dispose();
});
