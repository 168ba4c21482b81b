import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dispose, tensor1d } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Trainer } from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import type { StudyContext } from './part.ts';
import { type NetworkPlan, trainNetwork } from './trainNetwork.ts';

let work: string;
/** CPU time of this process as the study sees it; each step of a training takes 10 ms. */
let usedMs = 0;

beforeEach(async () => {
  await openNodeBackend('cpu');
  work = await mkdtemp(join(tmpdir(), 'figment-network-'));
  vi.spyOn(process, 'cpuUsage').mockImplementation((since) => ({
    user: 1000 * usedMs - (since?.user ?? 0),
    system: 0,
  }));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(work, { recursive: true });
});

const contextOf = (minutes: number) =>
  ({ work, minutes, dataset: tinyDataset(), training: new Int32Array(3) }) as unknown as StudyContext;

/** A plan whose weights count the steps; `trained` gets the number of steps of each training. */
function planOf(name: string, trained: number[]): NetworkPlan {
  const trainer = (numSteps: number): Trainer => {
    trained.push(numSteps);
    const ema = { weight: tensor1d([numSteps, 0.5]) };
    async function* run() {
      for (let step = 1; step <= numSteps; step++) {
        usedMs += 10;
        yield { step, progress: step / numSteps };
      }
    }
    return { ema, run, dispose: async () => dispose(Object.values(ema)) } as unknown as Trainer;
  };
  return { name, kind: 'counter', settings: { name }, trainer };
}

it('trains as many steps as fit into the minutes, by the time that some steps take, and keeps the averaged weights', async () => {
  const trained: number[] = [];
  const shares: number[] = [];
  const { weights, numSteps } = await trainNetwork(contextOf(0.005), planOf('a', trained), (share) =>
    shares.push(share),
  );
  expect(trained).toEqual([8, 30]); // 8 to find out that a step takes 10 ms, then 300 ms
  expect(numSteps).toBe(30);
  expect([...weights.weight!.dataSync()]).toEqual([30, 0.5]);
  expect(shares).toEqual(Array.from({ length: 30 }, (_, i) => (i + 1) / 30));
  dispose(Object.values(weights));
});

it('measures a step once for all networks of a kind, and trains none again that is stored', async () => {
  const trained: number[] = [];
  const context = contextOf(0.005);
  for (const name of ['a', 'b', 'a']) {
    const { weights, numSteps } = await trainNetwork(context, planOf(name, trained), () => {});
    expect([numSteps, ...weights.weight!.dataSync()]).toEqual([30, 30, 0.5]);
    dispose(Object.values(weights));
  }
  expect(trained).toEqual([8, 30, 30]);
  expect(await readdir(join(work, 'models'))).toHaveLength(2);
  const { weights } = await trainNetwork(contextOf(0.001), planOf('a', trained), () => {});
  dispose(Object.values(weights));
  expect(trained).toEqual([8, 30, 30, 8, 6]); // other minutes make another network
});
