import { describe, expect, it } from 'vitest';
import { MissingFileError, ModelFileError } from '../core/errors.ts';
import { CONFIG_FILE, WEIGHTS_FILE } from '../core/fileNames.ts';
import { tinyClassifierFiles } from '../testing/tinyModel.ts';
import { loadClassifierFolder } from './classifierFolder.ts';
import { classifierFolderFiles } from './classifierFolderFiles.ts';
import { memorySource } from './modelSource.ts';

const load = (files: Record<string, Uint8Array>) => loadClassifierFolder(memorySource(files, 'classifiers/hat'));

/** The folder with another config.json. */
async function withConfig(change: (json: Record<string, unknown>) => unknown): Promise<Record<string, Uint8Array>> {
  const files = await classifierFolderFiles(tinyClassifierFiles());
  const json = JSON.parse(new TextDecoder().decode(files[CONFIG_FILE]));
  return { ...files, [CONFIG_FILE]: new TextEncoder().encode(JSON.stringify(change(json))) };
}

describe('a classifier folder', () => {
  it('is read as it was written', async () => {
    const written = tinyClassifierFiles();
    const { index, config, weights, hash } = await load(await classifierFolderFiles(written, { dtype: 'F32' }));
    const { sha256, ...figment } = index.figment;
    const { sha256: _, ...expected } = written.index.figment;
    expect({ ...index, figment }).toEqual({ labels: ['hat', 'no_hat'], figment: expected });
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(config).toEqual(written.config);
    expect(new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data }]))).toEqual(
      new Map([...written.weights].map(([name, { shape, data }]) => [name, { shape, data }])),
    );
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const others = await load(await classifierFolderFiles(tinyClassifierFiles(['hat', 'bare']), { dtype: 'F32' }));
    expect(others.hash).not.toBe(hash);
  });

  it('tells of a missing file, and of weights that are not its own', async () => {
    const files = await classifierFolderFiles(tinyClassifierFiles());
    await expect(load({ [CONFIG_FILE]: files[CONFIG_FILE]! })).rejects.toThrow(MissingFileError);
    const others = await classifierFolderFiles(tinyClassifierFiles(undefined, 9));
    const mixed = { ...files, [WEIGHTS_FILE]: others[WEIGHTS_FILE]! };
    await expect(load(mixed)).rejects.toThrow(/classifiers\/hat\/diffusion.*expected sha-256 .*found/);
  });

  it.each<[string, (json: Record<string, unknown>) => unknown, RegExp]>([
    ['one label', (json) => ({ ...json, labels: ['hat'] }), /entry "labels": expected two labels or more/],
    ['a label twice', (json) => ({ ...json, labels: ['hat', 'hat'] }), /entry "labels": expected every label once/],
    [
      'a label that steers terminals',
      (json) => ({ ...json, labels: ['hat', 'bare\u001b[2J'] }),
      /entry "labels.1": has a control character/,
    ],
    ['no figment entry', ({ figment: _, ...json }) => json, /config.json: entry "figment"/],
    [
      'a digest that is none',
      (json) => ({ ...json, figment: { ...(json.figment as object), sha256: 'x' } }),
      /entry "figment.sha256": expected 64 hex digits/,
    ],
    ['no object', () => [], /config.json: expected a JSON object/],
  ])('refuses %s', async (_, change, message) => {
    const files = await withConfig(change);
    await expect(load(files)).rejects.toThrow(message);
    await expect(load(files)).rejects.toThrow(ModelFileError);
  });

  it('stops when it is told to', async () => {
    const files = await classifierFolderFiles(tinyClassifierFiles());
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(loadClassifierFolder(memorySource(files), { signal })).rejects.toThrow('enough');
  });
});
