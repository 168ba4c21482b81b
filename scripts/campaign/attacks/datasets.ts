// Data sets whose description, table or sheets are damaged, and checkpoints.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeCheckpoint, encodeCheckpoint, openDataset } from '../../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../../runtime/testing/tinyDataset.ts';
import { decodePng } from '../../node/png.ts';
import { writeDataset } from '../../node/writeDataset.ts';
import { type Attack, demand } from '../attack.ts';
import { mutateBytes, mutateJsonFile, mutateText } from '../mutate.ts';

export const datasets: Attack = {
  name: 'data sets',
  limitMs: 2000,
  weight: 1,
  async open() {
    const files = await datasetFiles();
    return {
      async attempt(dice) {
        const name = dice.pick([...files.keys(), 'dataset.json', 'attributes.csv']);
        const bytes = files.get(name)!;
        const text = () => new TextEncoder().encode(mutateText(dice, new TextDecoder().decode(bytes)));
        const damaged = name.endsWith('.json')
          ? mutateJsonFile(dice, bytes)
          : name.endsWith('.csv')
            ? text()
            : mutateBytes(dice, bytes);
        const all = new Map([...files, [name, damaged]]);
        const source = {
          name: 'hostile',
          list: async () => [...all.keys()],
          read: async (path: string) => {
            const found = all.get(path);
            if (!found) throw new Error(`read: ${path.slice(0, 80)}: there is no such file`);
            return found;
          },
        };
        const { images, classLabels, widthPx, heightPx, channels } = await openDataset(source, (bytes, name) =>
          decodePng(bytes, name),
        );
        demand(images.length === classLabels.length * widthPx * heightPx * channels, 'images and labels do not fit');
        return 'correct';
      },
      close: async () => {},
    };
  },
};

async function datasetFiles(): Promise<Map<string, Uint8Array>> {
  const dir = await mkdtemp(join(tmpdir(), 'figment-campaign-'));
  try {
    await writeDataset(
      dir,
      { ...tinyDataset(), attributes: tinyAttributes(), attribution: 'drawn by formula' },
      'shapes',
    );
    const names = await readdir(dir);
    const entries = names.map(async (name) => [name, new Uint8Array(await readFile(join(dir, name)))] as const);
    return new Map(await Promise.all(entries));
  } finally {
    await rm(dir, { recursive: true });
  }
}

export const checkpoints: Attack = {
  name: 'checkpoints',
  limitMs: 2000,
  weight: 1,
  async open() {
    const tensors = () => new Map([['w', { shape: [4], data: new Float32Array(4) }]]);
    const state = { step: 7, elapsedMs: 70, weights: tensors(), ema: tensors(), m: tensors(), v: tensors() };
    const bytes = encodeCheckpoint(state, { kind: 'vae' });
    return {
      async attempt(dice) {
        const decoded = decodeCheckpoint(mutateBytes(dice, bytes), 'checkpoint.safetensors');
        demand(Number.isInteger(decoded.state.step), 'the step is no whole number');
        return 'correct';
      },
      close: async () => {},
    };
  },
};
