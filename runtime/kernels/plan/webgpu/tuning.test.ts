import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { add, dispose, engine, memory, type Tensor, type Tensor1D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { describeOnBackends, draw, toTensor } from '../../../../scripts/testing/backends.ts';
import { runToEnd } from '../../../core/slices.ts';
import { expectClose } from '../../../testing/matchers.ts';
import { type Conv2dOptions, conv2d } from '../../conv2d.ts';
import { silu } from '../../silu.ts';
import { upsample2x } from '../../upsample.ts';
import { submitKernels } from '../../webgpu/commands.ts';
import { currentRecorder, forgetRecordings, type Recorder, replayed } from '../recordings.ts';
import { useWebgpuRecorder } from './index.ts';
import { byRule, type ConvProblem, Tiling } from './tiling.ts';
import { byTimestamps, byWaiting, type GpuTimer } from './timer.ts';
import { fastest } from './tuning.ts';

const NUM_TILES = 6;

const problem = (parts: Partial<ConvProblem> = {}): ConvProblem => ({
  numImages: 1,
  from: [8, 8, 32],
  to: [8, 8, 32],
  filter: [3, 3, 32, 32],
  attrs: {} as ConvProblem['attrs'],
  hasBias: true,
  ...parts,
});

describe('fastest', () => {
  it.each([
    ['the clearly shorter time', [3, 2, 1, 4], 0, 2],
    ['the usual one, when another is hardly faster', [1, 0.95, 2, 2], 0, 0],
    ['the usual one, when nothing was measured', [0, 0, 0, 0], 1, 1],
    ['the usual one, when a time is no number', [Number.NaN, 1, 2, 3], 3, 3],
  ])('is %s', (_, timesMs, usual, expected) => {
    expect(fastest(timesMs, usual)).toBe(expected);
  });
});

describe('the tile of a convolution', () => {
  it('is, unmeasured, the largest but one of which there are 64, or the smallest', () => {
    const tileOf = (numImages: number, side: number) => byRule(problem({ numImages, to: [side, side, 32] }));
    expect([tileOf(2, 8), tileOf(8, 8), tileOf(16, 8), tileOf(8, 16), tileOf(2, 64)]).toEqual([3, 3, 2, 1, 1]);
  });

  it('is, measured, that of the nearest number of images', () => {
    const tiling = new Tiling('hardware');
    tiling.note(problem({ numImages: 2 }));
    expect(tiling.untuned).toEqual([problem({ numImages: 2 })]);
    tiling.choose(problem({ numImages: 2 }), 3);
    tiling.choose(problem({ numImages: 16 }), 1);
    tiling.note(problem({ numImages: 4 }));
    expect(tiling.untuned).toEqual([]);
    expect([1, 2, 5, 6, 16, 40].map((numImages) => tiling.choice(problem({ numImages })))).toEqual([3, 3, 3, 1, 1, 1]);
    expect(tiling.choice(problem({ numImages: 2, hasBias: false }))).toBe(3);
  });

  it('is never measured where a CPU computes', () => {
    const tiling = new Tiling('software');
    tiling.note(problem());
    expect([tiling.untuned, tiling.choice(problem())]).toEqual([[], 0]);
  });

  it('is the smallest that holds all pixels, or the largest, where a CPU computes', () => {
    const tiling = new Tiling('software');
    const rowsOf = (side: number, channels: number) =>
      tiling
        .tilesFor(problem({ to: [side, side, channels], filter: [3, 3, channels, channels] }))
        .map(({ rows }) => rows);
    expect([1, 4, 5, 8, 16].map((side) => rowsOf(side, 1024))).toEqual([[1], [2], [4], [8], [8]]);
    expect(
      [1, 16].map((side) => rowsOf(side, 8)),
      'soon compiled, for few products',
    ).toEqual([[2], [2]]);
  });
});

interface Case {
  shape: number[];
  filter: number[];
  options?: Conv2dOptions;
  /** What comes before and after the convolution. */
  work?: (conv: (x: Tensor) => Tensor4D, x: Tensor4D) => Tensor4D;
}

const CASES: Record<string, Case> = {
  'of so many channels that all threads have a share, with what follows': {
    shape: [2, 8, 8, 72],
    filter: [3, 3, 72, 72],
    work: (conv, x) => silu(add(x, conv(x))),
  },
  'of odd channels': { shape: [1, 5, 7, 3], filter: [3, 3, 3, 5] },
  'of a doubled map that is circular': {
    shape: [1, 6, 6, 20],
    filter: [5, 5, 20, 4],
    options: { circular: true },
    work: (conv, x) => conv(upsample2x(x)),
  },
};

describeOnBackends(() => {
  let recorder: Recorder;
  const times = vi.fn<GpuTimer>();
  beforeAll(() => {
    useWebgpuRecorder('hardware');
    recorder = currentRecorder()!;
  });
  afterAll(() => useWebgpuRecorder('software'));

  /** A timer by which one tile is the fastest. */
  const favouring = (index: number): GpuTimer =>
    times.mockImplementation(async (_, runs) => runs.map((_, i) => (i === index ? 1 : 2)));

  it.each(Object.keys(CASES))('each tile computes the same: %s', async (name) => {
    const { shape, filter, options, work = (conv, x) => conv(x) } = CASES[name]!;
    const [x, weights, bias] = [draw(1, shape), draw(2, filter), draw(3, filter.slice(3))].map((values) =>
      toTensor(values),
    ) as [Tensor4D, Tensor4D, Tensor1D];
    const whole = (input: Tensor) =>
      work((given) => conv2d(given as Tensor4D, weights, bias, options), input as Tensor4D);
    const expected = tidy(() => whole(x));
    const made = recorder.emptyTensor(expected.shape);
    const groups = vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups');
    const counts = new Set<string>();
    for (let index = 0; index < NUM_TILES; index++) {
      useWebgpuRecorder('hardware');
      const { tune } = currentRecorder()!;
      const graph = () => recorder.traced((newInput) => [whole(newInput(shape))]);
      const owner = {};
      for (const isTuned of [false, true]) {
        if (isTuned) await tune!(favouring(index));
        groups.mockClear();
        expect(runToEnd(replayed(owner, 'case', graph, [x], [made]))).toBe(true);
        if (isTuned) counts.add(String(groups.mock.calls));
        const tolerance = { absolute: 1e-4, relative: 1e-5 };
        expectClose(await made.data(), await expected.data(), tolerance, `tile ${index}, tuned: ${isTuned}`);
      }
      forgetRecordings(owner);
    }
    expect(counts.size, 'the chosen tiles have been taken').toBeGreaterThan(1);
    groups.mockRestore();
    dispose([x, weights, bias, expected, made]);
  });

  /** Records a convolution of each of these numbers of channels. */
  function record(owner: object, channels: readonly number[]): void {
    for (const count of channels) {
      const x = toTensor<Tensor4D>(draw(1, [1, 8, 8, count]));
      const weights = toTensor<Tensor4D>(draw(2, [3, 3, count, 8]));
      const made = recorder.emptyTensor([1, 8, 8, 8]);
      const graph = () => currentRecorder()!.traced((input) => [conv2d(input(x.shape) as Tensor4D, weights, null)]);
      runToEnd(replayed(owner, `${count}`, graph, [x], [made]));
      dispose([x, weights, made]);
    }
  }

  it('takes the costliest first, alone and in batches of 8, and ends in time', async () => {
    useWebgpuRecorder('hardware');
    const owner = {};
    record(owner, [4, 16, 8]);
    submitKernels(); // what tfjs frees with it is none of the measurements'
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const destroyed = vi.spyOn(GPUBuffer.prototype, 'destroy');
    const created = vi.spyOn((engine().backend as WebGPUBackend).device, 'createBuffer');
    const { numTensors } = memory();
    const { tune } = currentRecorder()!;
    times.mockClear();
    await tune!(favouring(1));
    expect(times).toHaveBeenCalledTimes(2 * 3);
    await tune!(favouring(1));
    expect(times, 'what is tuned is not measured again').toHaveBeenCalledTimes(2 * 3);
    expect(destroyed.mock.calls.length, 'the buffers of the measurements').toBe(created.mock.calls.length);
    expect(memory().numTensors).toBe(numTensors);

    record(owner, [12, 20]);
    times.mockClear();
    times.mockImplementation(async (_, runs) => {
      now.mockReturnValue(101);
      return runs.map(() => 2);
    });
    await tune!(times);
    expect(times).toHaveBeenCalledTimes(1);
    now.mockRestore();
    times.mockClear();
    await tune!(times.mockRejectedValue(new Error('the device is lost')));
    expect(times, 'the one that was not reached').toHaveBeenCalledTimes(1);
    forgetRecordings(owner);
    for (const spy of [destroyed, created]) spy.mockRestore();
  });

  it('leaves out what is too large to be recorded, alone or in a batch', async () => {
    useWebgpuRecorder('hardware');
    const owner = {};
    record(owner, [4, 16, 8]);
    const weights = toTensor<Tensor4D>(draw(3, [3, 3, 1, 1]));
    const { traced, record: recordingOf, tune } = currentRecorder()!;
    const ofSide = (side: number) =>
      recordingOf(traced((input) => [conv2d(input([1, side, side, 1]) as Tensor4D, weights, null)]));
    expect(() => ofSide(2 ** 13)).toThrow('bytes of buffers');
    ofSide(2 ** 11).dispose(); // eight of these are too many
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    times.mockClear();
    await tune!(favouring(1));
    expect(times).toHaveBeenCalledTimes(4 + 3);
    await tune!(favouring(1));
    expect(times, 'nothing is left to be measured').toHaveBeenCalledTimes(4 + 3);
    now.mockRestore();
    forgetRecordings(owner);
    weights.dispose();
  });

  it('repeats until a time says something', async () => {
    useWebgpuRecorder('hardware');
    const owner = {};
    record(owner, [4]);
    const { tune } = currentRecorder()!;
    times.mockClear();
    await tune!(times.mockImplementation(async (_, runs, numRepeats) => runs.map((_, i) => numRepeats * (0.03 + i))));
    expect(times.mock.calls.map(([, , numRepeats]) => numRepeats)).toEqual([4, 16, 64, 4, 16, 64]);
    forgetRecordings(owner);
  });

  it.each([
    ['waiting', byWaiting],
    ['its own clock', byTimestamps],
  ])('times more work as longer, by %s', async (_, timer) => {
    const { device } = engine().backend as WebGPUBackend;
    if (timer === byTimestamps && !device.features.has('timestamp-query')) return;
    const module = device.createShaderModule({
      code: `@group(0) @binding(0) var<storage, read_write> sum: array<f32>;
          @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
            for (var i = 0; i < 500; i++) { sum[id.x] += sin(sum[id.x]); }
          }`,
    });
    const pipeline = device.createComputePipeline({ compute: { module }, layout: 'auto' });
    const buffer = device.createBuffer({ size: 4 * 64 * 64, usage: GPUBufferUsage.STORAGE });
    const entries = [{ binding: 0, resource: { buffer } }];
    const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const run = (numGroups: number) => (pass: GPUComputePassEncoder) => {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(numGroups);
    };
    const [little, much] = (await timer(device, [run(1), run(64)], 2)) as [number, number];
    expect(little).toBeGreaterThan(0);
    expect(much).toBeGreaterThan(2 * little);
    buffer.destroy();
  });
}, ['webgpu']);
