import { expect, it } from 'vitest';
import { pixelFolder, withJson } from '../testing/foreignFolders.ts';
import { tinyModelFolder } from '../testing/tinyModel.ts';
import { loadModelFolder } from '../weights/modelFolder.ts';
import { memorySource } from '../weights/modelSource.ts';
import { createModel } from './model.ts';
import { modelNotes } from './modelNotes.ts';

const SCHEDULER = 'scheduler/scheduler_config.json';

const load = (files: Record<string, Uint8Array>) =>
  loadModelFolder(memorySource(files, 'other'), { acceptChanged: true });
const notesOf = async (files: Record<string, Uint8Array>) => modelNotes(await load(files));

it('has nothing to say of a folder of our own', async () => {
  expect(await notesOf(await tinyModelFolder())).toEqual([]);
});

it('tells what is passed over, what ours stands in for, and what has changed', async () => {
  const own = await tinyModelFolder();
  const unet = withJson(own, 'unet/config.json', { dropout: 0.1, my_note: 'hello' });
  expect(await notesOf(unet)).toEqual([
    expect.stringContaining('other/unet/config.json: it is not what model_index.json says; figment rehash'),
    'tiny/unet/config.json: dropout 0.1 is for training alone; it is passed over',
    'tiny/unet/config.json: nothing here knows "my_note"; it is passed over',
  ]);
  const scheduler = withJson(pixelFolder(), SCHEDULER, { _class_name: 'PNDMScheduler', prediction_type: 'sample' });
  expect(await notesOf(scheduler)).toEqual([
    expect.stringMatching(/^other\/scheduler.*"PNDMScheduler" is none of ours; its betas, .* our own samplers$/),
    'other: it has no null label, so its pictures are made without guidance',
  ]);
  const { scheduler: read } = createModel(await load(scheduler));
  expect(read).toMatchObject({ className: 'DDIMScheduler', predictionType: 'sample', clipSample: false });
});

it('is refused without leave when it has changed', async () => {
  const files = withJson(await tinyModelFolder(), 'unet/config.json', { my_note: 'hello' });
  await expect(loadModelFolder(memorySource(files, 'other'))).rejects.toThrow(
    /unet\/config\.json: expected sha-256 .*; fetch the model again, or renew its hashes by figment rehash/,
  );
});
