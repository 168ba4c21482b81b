// Counts what a WebGPU device is asked to do, and the CPU time that asking takes.
import { median } from './medianMs.ts';

/** What some work cost the thread that commands the GPU. */
export interface GpuWork {
  dispatches: number;
  bindGroups: number;
  buffers: number;
  /** CPU time, in milliseconds. */
  threadMs: number;
}

export interface GpuWorkCounter {
  /** What was done since the last call of `take`. */
  take(): GpuWork;
}

/** Node tells the CPU time of one thread from version 23.9 on; before, that of the process, which is no less. */
function cpuMs(): number {
  const { threadCpuUsage, cpuUsage } = process as NodeJS.Process & { threadCpuUsage?: () => NodeJS.CpuUsage };
  const { user, system } = (threadCpuUsage ?? cpuUsage).call(process);
  return (user + system) / 1000;
}

/** Counts from now on; for one device at a time. */
export function countGpuWork(device: GPUDevice): GpuWorkCounter {
  const counts = { dispatches: 0, bindGroups: 0, buffers: 0 };
  const count = (owner: object, method: string, name: keyof typeof counts) => {
    const methods = owner as Record<string, (...values: unknown[]) => unknown>;
    const original = methods[method]!;
    methods[method] = function (this: unknown, ...values) {
      counts[name]++;
      return original.apply(this, values);
    };
  };
  count(device, 'createBindGroup', 'bindGroups');
  count(device, 'createBuffer', 'buffers');
  count(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', 'dispatches');
  let before = { ...counts, cpu: cpuMs() };
  return {
    take() {
      const { cpu, ...earlier } = before;
      before = { ...counts, cpu: cpuMs() };
      return {
        dispatches: counts.dispatches - earlier.dispatches,
        bindGroups: counts.bindGroups - earlier.bindGroups,
        buffers: counts.buffers - earlier.buffers,
        threadMs: before.cpu - cpu,
      };
    },
  };
}

/** The median of each number. */
export function medianWork(works: readonly GpuWork[]): GpuWork {
  const of = (name: keyof GpuWork) => median(works.map((work) => work[name]));
  return {
    dispatches: of('dispatches'),
    bindGroups: of('bindGroups'),
    buffers: of('buffers'),
    threadMs: Math.round(1000 * of('threadMs')) / 1000,
  };
}
