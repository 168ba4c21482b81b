// Measures how long a GPU takes for compute passes.

/** Commands of one compute pass. */
export type PassRun = (pass: GPUComputePassEncoder) => void;

/** The milliseconds that so many repeats of each run take the GPU. */
export type GpuTimer = (device: GPUDevice, runs: readonly PassRun[], numRepeats: number) => Promise<number[]>;

/** The best timer that a device has. */
export function timerFor(device: GPUDevice): GpuTimer {
  return device.features.has('timestamp-query') ? byTimestamps : byWaiting;
}

/** Each run twice, in turns, since a GPU that was idle is slow at first; the shorter time counts. */
const ROUNDS = 2;

function repeat(pass: GPUComputePassEncoder, run: PassRun, numRepeats: number): void {
  for (let i = 0; i < numRepeats; i++) run(pass);
  pass.end();
}

/** The shortest of the rounds, of times in the order in which they were taken. */
function shortest(timesMs: readonly number[], numRuns: number): number[] {
  const ofRun = (i: number) => timesMs.filter((_, at) => at % numRuns === i);
  return Array.from({ length: numRuns }, (_, i) => Math.min(...ofRun(i)));
}

/** Milliseconds of each run, by timestamp queries of the GPU. */
export async function byTimestamps(device: GPUDevice, runs: readonly PassRun[], numRepeats: number): Promise<number[]> {
  const count = 2 * ROUNDS * runs.length;
  const size = BigUint64Array.BYTES_PER_ELEMENT * count;
  const querySet = device.createQuerySet({ type: 'timestamp', count });
  const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
  const read = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  for (let i = 0; i < count; i += 2) {
    const timestampWrites = { querySet, beginningOfPassWriteIndex: i, endOfPassWriteIndex: i + 1 };
    repeat(encoder.beginComputePass({ timestampWrites }), runs[(i / 2) % runs.length]!, numRepeats);
  }
  encoder.resolveQuerySet(querySet, 0, count, resolved, 0);
  encoder.copyBufferToBuffer(resolved, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  try {
    await read.mapAsync(GPUMapMode.READ);
    const clock = new BigUint64Array(read.getMappedRange());
    const timesMs = Array.from({ length: count / 2 }, (_, i) => Number(clock[2 * i + 1]! - clock[2 * i]!) / 1e6);
    return shortest(timesMs, runs.length);
  } finally {
    for (const owned of [querySet, resolved, read]) owned.destroy();
  }
}

/** Milliseconds of each run, by this thread's clock from submitting the work until it is done. */
export async function byWaiting(device: GPUDevice, runs: readonly PassRun[], numRepeats: number): Promise<number[]> {
  await device.queue.onSubmittedWorkDone();
  const timesMs: number[] = [];
  for (let i = 0; i < ROUNDS * runs.length; i++) {
    const encoder = device.createCommandEncoder();
    repeat(encoder.beginComputePass(), runs[i % runs.length]!, numRepeats);
    const commands = encoder.finish();
    const startMs = performance.now();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    timesMs.push(performance.now() - startMs);
  }
  return shortest(timesMs, runs.length);
}
