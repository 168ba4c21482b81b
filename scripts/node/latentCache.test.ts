import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { autoencoderKlShapes } from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { randomWeights, tinyVaeConfig } from '../../runtime/testing/tinyNetworks.ts';
import { tinyLatents } from '../../runtime/testing/tinyTraining.ts';
import { LATENTS_FILE, type LatentSource, latentKey, readLatents, writeLatents } from './latentCache.ts';

let out: string;
beforeEach(async () => {
  out = join(await mkdtemp(join(tmpdir(), 'figment-latents-')), 'run');
});
afterEach(() => rm(join(out, '..'), { recursive: true }));

const LATENTS = tinyLatents(6, [2, 3, 4]);

describe('stored latents', () => {
  it('come back bit for bit, under their key alone', async () => {
    await writeLatents(out, 'key', LATENTS);
    expect(await readdir(out)).toEqual([LATENTS_FILE]);
    expect(await readLatents(out, 'key')).toEqual(LATENTS);
    expect(await readLatents(out, 'other')).toBeNull();
    expect(await readLatents(join(out, 'nowhere'), 'key')).toBeNull();
  });

  it('are passed over when a bit is wrong, anywhere', async () => {
    await writeLatents(out, 'key', LATENTS);
    const file = join(out, LATENTS_FILE);
    const whole = await readFile(file);
    for (const place of [0, 9, 60, 300, whole.length >> 1, whole.length - 300, whole.length - 1]) {
      const damaged = Buffer.from(whole);
      damaged[place]! ^= 1;
      await writeFile(file, damaged);
      expect(await readLatents(out, 'key'), `byte ${place}`).toBeNull();
    }
    for (const length of [0, 8, whole.length - 4]) {
      await writeFile(file, whole.subarray(0, length));
      expect(await readLatents(out, 'key'), `${length} bytes`).toBeNull();
    }
    await writeLatents(out, 'key', LATENTS);
    expect(await readLatents(out, 'key')).toEqual(LATENTS);
  });
});

describe('latentKey', () => {
  const config = tinyVaeConfig();
  const origin = (): LatentSource => ({
    dataset: tinyDataset(),
    indices: Int32Array.of(4, 2, 7),
    vae: { config, weights: randomWeights(autoencoderKlShapes(config)) },
    circular: false,
    isShifted: false,
    flip: false,
    backend: 'wasm',
  });

  it('is that of the content', () => {
    const reversed = new Map([...origin().vae.weights].reverse());
    expect(latentKey({ ...origin(), vae: { config, weights: reversed } })).toBe(latentKey(origin()));
    expect(latentKey(origin())).toMatch(/^[0-9a-f]{64}$/);
  });

  it('changes with everything that latents depend on', () => {
    const changed = (change: (of: LatentSource) => void) => {
      const of = origin();
      change(of);
      return latentKey(of);
    };
    const keys = [
      latentKey(origin()),
      changed((of) => (of.dataset.images[100]! ^= 1)),
      changed((of) => (of.dataset.classLabels[4] = 0)),
      changed((of) => (of.dataset.widthPx = 4)),
      changed((of) => (of.indices = Int32Array.of(2, 4, 7))),
      changed((of) => (of.vae.weights.get('encoder.conv_in.bias')!.data[0]! += 0.5)),
      changed((of) => (of.vae = { ...of.vae, config: tinyVaeConfig({ norm_num_groups: 1 }) })),
      changed((of) => (of.circular = true)),
      changed((of) => (of.isShifted = true)),
      changed((of) => (of.flip = true)),
      changed((of) => (of.backend = 'cpu')),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
