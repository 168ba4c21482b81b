import { expect, it } from 'vitest';
import { openDataset, type PixelImage } from '../../runtime/index.ts';
import { folderSource } from './folderSource.ts';
import type { FolderFile } from './protocol.ts';

const fileAt = (path: string, byte = 0): FolderFile => ({ path, file: new Blob([new Uint8Array([byte])]) });

/** A picture of one colour: the file's only byte. */
const decode = (bytes: Uint8Array): PixelImage => ({
  width: 2,
  height: 2,
  channels: 4,
  pixels: new Uint8Array(16).fill(bytes[0]!),
});

it('lists folders with a slash, and reads files by their path', async () => {
  const source = folderSource('items', [fileAt('gem/1.png', 5), fileAt('gem/2.png'), fileAt('notes.txt')]);
  expect(await source.list('')).toEqual(['gem/', 'notes.txt']);
  expect(await source.list('gem')).toEqual(['1.png', '2.png']);
  expect(await source.list('elf')).toEqual([]);
  expect(await source.read('gem/1.png')).toEqual(new Uint8Array([5]));
  await expect(source.read('../secret')).rejects.toThrow('no such file');
});

it('is a data set, a label a folder', async () => {
  const files = [fileAt('sword/1.png', 1), fileAt('gem/1.png', 2), fileAt('gem/2.png', 3)];
  const dataset = await openDataset(folderSource('items', files), decode);
  expect(dataset).toMatchObject({ name: 'items', labels: ['gem', 'sword'], widthPx: 2 });
  expect(Array.from(dataset.classLabels)).toEqual([0, 0, 1]);
  expect(Array.from(dataset.images.filter((_, i) => i % 16 === 0))).toEqual([2, 3, 1]);
});

it('tells all that is wrong at once, with the files', async () => {
  const files = [fileAt('lost.png'), fileAt('gem/1.jpg'), fileAt('gem/old/1.png')];
  await expect(openDataset(folderSource('items', files), decode)).rejects.toMatchObject({
    problems: [
      expect.stringContaining('lost.png'),
      expect.stringContaining('gem/1.jpg'),
      expect.stringContaining('gem/old/'),
      expect.stringContaining('class "gem" is empty'),
    ],
  });
});
