import { beforeAll, expect, it, vi } from 'vitest';
import { modelFolderFiles, selectBackend } from '../../runtime/index.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import * as interrupt from '../node/interrupt.ts';
import { previewSheet } from './previewSheet.ts';

const labels = ['elf', 'goblin', 'orc'];
const example = { label: 'elf', attributes: { mood: 'sad' }, pixels: new Uint8Array(4 * 16 * 16), maps: null };

beforeAll(() => selectBackend({ backend: 'wasm' }));

it.each([
  ['labels', null, []],
  ['attributes', { mood: ['glad', 'sad'] }, [example]],
])('gives way to events after each row of a model of %s', async (_, attributes, examples) => {
  const letEventsIn = vi.spyOn(interrupt, 'letEventsIn');
  await previewSheet(await modelFolderFiles(tinyModelFiles({ labels, attributes })), examples);
  expect(letEventsIn).toHaveBeenCalledTimes(labels.length);
  letEventsIn.mockRestore();
});
