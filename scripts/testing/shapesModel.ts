import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelFiles, modelFolderFiles, vocabularyOf } from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { writeDataset } from '../node/writeDataset.ts';

/** A data set of drawn shapes with attributes, and a tiny model of its words, in a folder of their own: `data` and `model`. */
export interface ShapesModel {
  files: ModelFiles;
  at(...names: string[]): string;
  /** The model's model_index.json. */
  readIndex(): Promise<{ figment: Record<string, unknown> }>;
  remove(): Promise<void>;
}

export async function shapesModel(): Promise<ShapesModel> {
  const dir = await mkdtemp(join(tmpdir(), 'figment-shapes-'));
  const at = (...names: string[]) => join(dir, ...names);
  const attributes = tinyAttributes();
  const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula', attributes };
  await writeDataset(at('data'), dataset, 'shapes');
  const files = tinyModelFiles({ labels: [...dataset.labels], attributes: vocabularyOf(attributes) });
  await writeFilesAtomic(at('model'), await modelFolderFiles(files));
  return {
    files,
    at,
    readIndex: async () => JSON.parse(await readFile(at('model', 'model_index.json'), 'utf8')),
    remove: () => rm(dir, { recursive: true }),
  };
}
