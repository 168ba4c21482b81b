import { beforeEach, expect, it, vi } from 'vitest';
import { type Dataset, DatasetError } from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { DataChoice } from './dataChoice.ts';

const useDataset = vi.fn();
const send = vi.fn();
/** Ends the reading of a folder, by its name. */
const reading = new Map<string, { resolve(dataset: Dataset): void; reject(error: Error): void }>();
let choice: DataChoice;

beforeEach(() => {
  vi.resetAllMocks();
  const read = ({ name }: { name: string }) =>
    new Promise<Dataset>((resolve, reject) => reading.set(name, { resolve, reject }));
  choice = new DataChoice({ useDataset }, send, read);
});

const open = (name: string) => choice.openFolder({ type: 'openFolder', name, files: [] });
const named = (name: string) => ({ ...tinyDataset(), name });

it('takes a folder, or tells all that is wrong with it', async () => {
  const opened = open('gems');
  reading.get('gems')!.resolve(named('gems'));
  await opened;
  expect(useDataset.mock.calls).toEqual([[named('gems'), false]]);
  const broken = open('broken');
  reading.get('broken')!.reject(new DatasetError('pictures', ['a.png: is no PNG', 'b.png: is no PNG']));
  await broken;
  const problems = ['a.png: is no PNG', 'b.png: is no PNG'];
  expect(send.mock.calls).toEqual([[{ type: 'problems', name: 'broken', problems }]]);
});

it('stays with what was chosen last, whatever is read slowly or turns out to be wrong', async () => {
  const slow = open('slow');
  const wrong = open('wrong');
  const quick = open('quick');
  reading.get('quick')!.resolve(named('quick'));
  reading.get('slow')!.resolve(named('slow'));
  reading.get('wrong')!.reject(new Error('no'));
  await Promise.all([slow, wrong, quick]);
  expect(useDataset.mock.calls).toEqual([[named('quick'), false]]);
  expect(send).not.toHaveBeenCalled();

  const late = open('late');
  choice.useBuiltIn();
  reading.get('late')!.resolve(named('late'));
  await late;
  expect(useDataset).toHaveBeenCalledTimes(2);
  expect(useDataset).toHaveBeenLastCalledWith(expect.objectContaining({ name: 'treasures' }), true);
});
