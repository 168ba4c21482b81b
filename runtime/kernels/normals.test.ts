import { scalar, type Tensor1D, type Tensor3D } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { normals } from '../core/random.ts';
import { runToEnd } from '../core/slices.ts';
import { expectClose } from '../testing/matchers.ts';
import { seedBits, seededNormals } from './normals.ts';
import { currentRecorder, forgetRecordings, replayed } from './plan/recordings.ts';

describeOnBackends((backend) => {
  it.each([
    ['seeds of every kind, in blocks that are not whole', [0, 7, 2 ** 31, 2 ** 32 - 1], [5, 3, 7], [1, 0, 65_537]],
    ['so many that the rarest are among them', [12], [512, 1024, 1], [3]],
  ])('recorded noise is that of core/random: %s', async (_, seeds, [height, width, channels], streams) => {
    const recorder = currentRecorder();
    if (!recorder) return expect(backend).toBe('cpu');
    const owner = {};
    const shape = [seeds.length, height!, width!, channels!];
    const made = recorder.emptyTensor(shape);
    const graph = () =>
      recorder.traced((newInput) => [seededNormals<Tensor3D>(newInput([seeds.length]) as Tensor1D, scalar(0), shape)]);
    for (const stream of streams) {
      expect(runToEnd(replayed(owner, 'noise', graph, [seedBits(seeds)], [made], [stream]))).toBe(true);
      const size = made.size / seeds.length;
      const expected = seeds.flatMap((seed) => [...normals(seed, stream, size)]);
      const absolute = backend === 'wasm' ? 0 : 4e-6;
      expectClose(await made.data(), Float32Array.from(expected), { absolute, relative: 0 }, `stream ${stream}`);
    }
    forgetRecordings(owner);
    made.dispose();
  });
});
