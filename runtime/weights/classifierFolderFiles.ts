// A classifier's folder as it is written.
import { CONFIG_FILE, WEIGHTS_FILE } from '../core/fileNames.ts';
import type { ClassifierContent } from './classifierFolder.ts';
import { sha256Hex } from './modelSource.ts';
import { writeSafetensors } from './writeSafetensors.ts';

/**
 * The files of a classifier's folder, path → bytes, which `loadClassifierFolder` reads; config.json, which has the digest
 * of the weights, comes last.
 */
export async function classifierFolderFiles(
  { index, config, weights }: ClassifierContent,
  { dtype }: { dtype: 'F32' | 'F16' } = { dtype: 'F16' },
): Promise<Record<string, Uint8Array>> {
  const weightBytes = writeSafetensors(weights, { dtype, metadata: { format: 'pt' } });
  const figment = { ...index.figment, sha256: await sha256Hex(weightBytes) };
  const json = { _class_name: 'NoisyClassifier', ...config, labels: index.labels, figment };
  return {
    [WEIGHTS_FILE]: weightBytes,
    [CONFIG_FILE]: new TextEncoder().encode(`${JSON.stringify(json, null, 2)}\n`),
  };
}
