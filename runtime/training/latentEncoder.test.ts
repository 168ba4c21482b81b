import { memory } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enableRelaxedSimd } from '../../scripts/node/nodeRuntime.ts';
import { startGradientWorkers } from '../../scripts/node/nodeWorkers.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { autoencoderKlShapes } from '../networks/autoencoderKl.ts';
import { tinyDataset } from '../testing/tinyDataset.ts';
import { randomWeights, tinyVaeConfig } from '../testing/tinyNetworks.ts';
import type { GradientWorker } from './dataParallel.ts';
import { encodeDataset } from './latentDataset.ts';
import { localEncoder, serveEncoding, workerEncoder } from './latentEncoder.ts';

const CONFIG = tinyVaeConfig();
const SPEC = { config: CONFIG, weights: randomWeights(autoencoderKlShapes(CONFIG)), circular: false };
const DATASET = tinyDataset({ perClass: 27 });
const ALL = Int32Array.from(DATASET.classLabels.keys());

let workers: GradientWorker[] = [];

beforeAll(async () => {
  enableRelaxedSimd();
  await selectBackend({ backend: 'wasm' });
  workers = startGradientWorkers(2);
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.terminate()));
});

async function latentsWith(numWorkers: number, spec = SPEC) {
  const encoders =
    numWorkers === 0 ? [localEncoder(spec)] : workers.slice(0, numWorkers).map((worker) => workerEncoder(worker, spec));
  const latents = await encodeDataset(DATASET, ALL, CONFIG, encoders, { flip: true });
  for (const encoder of encoders) encoder.dispose();
  return latents;
}

describe('workerEncoder', () => {
  it('gives the same bits with one worker, two, or none', async () => {
    const before = memory().numTensors;
    const alone = await latentsWith(0);
    expect(memory().numTensors).toBe(before);
    expect(new Set(alone.mean).size).toBeGreaterThan(alone.mean.length / 3);
    expect(await latentsWith(1)).toEqual(alone);
    expect(await latentsWith(2)).toEqual(alone);
    const circular = await latentsWith(2, { ...SPEC, circular: true });
    expect(circular).not.toEqual(alone);
    expect(circular).toEqual(await latentsWith(0, { ...SPEC, circular: true }));
  });

  it('hands on what failed in a worker', async () => {
    const broken = new Map([...SPEC.weights].filter(([name]) => name !== 'encoder.conv_out.bias'));
    await expect(latentsWith(1, { ...SPEC, weights: broken })).rejects.toThrow(/encoding worker: .*conv_out.bias/);
  });
});

describe('serveEncoding', () => {
  const x = { shape: [1, 8, 8, 4] as [number, number, number, number], data: new Float32Array(256).fill(0.5) };

  it('encodes between its first and its last request, and frees the weights', async () => {
    const replies: { type: string; message?: string }[] = [];
    const serve = serveEncoding((reply) => void replies.push(reply));
    const before = memory().numTensors;
    const requests = [{ type: 'encode', x }, { type: 'encoder', spec: SPEC }, { type: 'encode', x }, { type: 'work' }];
    for (const request of [...requests, { type: 'endEncoder' }, { type: 'encode', x }]) await serve(request);
    expect(replies.map(({ type }) => type)).toEqual(['encodeFailed', 'encoded', 'encodeFailed']);
    expect(replies[0]!.message).toMatch(/no weights/);
    expect(memory().numTensors).toBe(before);
  });
});
