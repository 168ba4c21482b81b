import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { encodeCheckpoint } from '../../runtime/index.ts';
import { readCheckpoint, splitDigest, startOver } from './trainingCheckpoint.ts';

it('goes on with the seed and the split of the checkpoint alone', async () => {
  const out = await mkdtemp(join(tmpdir(), 'figment-checkpoint-'));
  onTestFinished(() => rm(out, { recursive: true }));
  const parts = () => new Map([['w', { shape: [1], data: new Float32Array(1) }]]);
  const state = { step: 2, elapsedMs: 1, weights: parts(), ema: parts(), m: parts(), v: parts() };
  const write = (notes: Record<string, string>) =>
    writeFile(join(out, 'checkpoint.safetensors'), encodeCheckpoint(state, notes));
  await expect(readCheckpoint(out, {})).rejects.toThrow(/no checkpoint .*; start over, with --overwrite instead of/);
  await write({ seed: '3', splitSeed: '1' });
  expect(await readCheckpoint(out, { seed: '3', splitSeed: '1' })).toEqual(state);
  await expect(readCheckpoint(out, { seed: '3', splitSeed: '3' })).rejects.toThrow(
    /made with another splitSeed \(1, now 3\); go on with that one, or begin in another --out with --init-from /,
  );
  await write({ seed: '3' }); // as earlier versions did
  expect(await readCheckpoint(out, { seed: '3', splitSeed: '3' })).toEqual(state);
  await expect(readCheckpoint(out, { seed: '3', splitSeed: '1' })).rejects.toThrow(/splitSeed \(3, now 1\)/);
  const now = { seed: '3', splitSeed: '3', schedule: 'linear' };
  expect(await readCheckpoint(out, now)).toEqual(state); // which did not say it
  await write({ ...now, latentScale: '0.5' });
  await expect(readCheckpoint(out, { ...now, latentScale: '0.5', schedule: 'scaled_linear' })).rejects.toThrow(
    /another schedule \(linear, now scaled_linear\)/,
  );
  await expect(readCheckpoint(out, now)).rejects.toThrow(/another latentScale \(0.5, now the usual one\)/);
  const data = { dataset: { labels: ['disc'] }, split: { train: Int32Array.of(0, 1), heldOut: Int32Array.of(2) } };
  const others = [
    { ...data, dataset: { labels: ['ramp'] } },
    { ...data, split: { train: Int32Array.of(0), heldOut: Int32Array.of(2, 1) } },
  ];
  const split = splitDigest(data);
  await write(now);
  expect(await readCheckpoint(out, { ...now, split, vae: 'a', loss: 'b' })).toEqual(state);
  await write({ ...now, split });
  expect(await readCheckpoint(out, { ...now, split })).toEqual(state);
  for (const other of others) {
    await expect(readCheckpoint(out, { ...now, split: splitDigest(other) })).rejects.toThrow(
      new RegExp(`another split \\(${split}, now .*\\), which --labels, --held-out, .* decide on; go on with that one`),
    );
  }
});

it('removes the previews of an earlier run, and no other pictures', async () => {
  const out = await mkdtemp(join(tmpdir(), 'figment-over-'));
  onTestFinished(() => rm(out, { recursive: true }));
  const write = (...names: string[]) => Promise.all(names.map((name) => writeFile(join(out, name), '')));
  await write('preview-000001.png', 'samples-1.png');
  await startOver(out);
  expect((await readdir(out)).sort()).toEqual(['preview-000001.png', 'samples-1.png']); // no run has made them
  await write('log.jsonl', 'samples-000001.png');
  await startOver(out);
  expect(await readdir(out)).toEqual(['samples-1.png']);
});
