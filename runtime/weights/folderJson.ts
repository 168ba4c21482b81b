import { INDEX_FILE } from '../core/fileNames.ts';
import { parseConfig, parseModelIndex, type StoredModelIndex } from './modelIndex.ts';
import type { ModelSource } from './modelSource.ts';

/** What model_index.json says, or what a folder without one is taken to be. @throws ModelFileError when it is damaged */
export function readIndex(
  { name }: Pick<ModelSource, 'name'>,
  files: ReadonlyMap<string, Uint8Array>,
): StoredModelIndex {
  const bytes = files.get(INDEX_FILE);
  if (bytes === undefined) return { _class_name: 'ClassConditionalLatentDiffusionPipeline' };
  return parseModelIndex(bytes, `${name}/${INDEX_FILE}`);
}

/** What a config holds; undefined where it was not read. @throws ModelFileError when it is damaged */
export function readConfig(
  { name }: Pick<ModelSource, 'name'>,
  files: ReadonlyMap<string, Uint8Array>,
  path: string,
): unknown {
  const bytes = files.get(path);
  return bytes === undefined ? undefined : parseConfig(bytes, `${name}/${path}`);
}
