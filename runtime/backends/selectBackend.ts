// Chooses the TensorFlow.js backend. tfjs's backends and our kernels for them are imported when chosen, so that a page
// loads only what it uses.

import { ready, setBackend } from '@tensorflow/tfjs-core';
import { hasKernels } from '../kernels/register.ts';
import { startWasm, type WasmOptions } from './wasm.ts';
import { adapterName, findAdapter, isSoftwareAdapter, startWebgpu } from './webgpu.ts';

export type BackendName = 'webgpu' | 'wasm' | 'cpu';

export interface BackendOptions extends WasmOptions {
  /** Start this backend, or fail; by default the fastest that works here. */
  backend?: BackendName;
  /** By default `navigator.gpu`; in Node the caller supplies one. */
  gpu?: GPU;
}

export interface BackendChoice {
  backend: BackendName;
  /** The name that the WebGPU adapter gives itself; null on other backends. */
  adapter: string | null;
  /** A sentence that tells people why this backend was chosen. */
  reason: string;
}

/** Makes plain JavaScript the current backend, with Figment's kernels. */
async function startCpu(): Promise<void> {
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  await ready();
  const { registerCpuKernels } = await import('../kernels/cpu/index.ts');
  if (!hasKernels('cpu')) registerCpuKernels();
}

async function choiceOfWebgpu(adapter: GPUAdapter, reason: string): Promise<BackendChoice> {
  await startWebgpu(adapter);
  return { backend: 'webgpu', adapter: adapterName(adapter.info), reason };
}

async function choiceOfCpu(reason: string): Promise<BackendChoice> {
  await startCpu();
  return { backend: 'cpu', adapter: null, reason };
}

const refusal = (backend: BackendName, flaw: string) =>
  new Error(`selectBackend: backend "${backend}" was asked for, but ${flaw}; leave \`backend\` out to use what works`);

/** Starts the backend that was asked for, or throws. */
const FORCED: Record<BackendName, (options: BackendOptions, reason: string) => Promise<BackendChoice>> = {
  async webgpu({ gpu }, reason) {
    const adapter = await findAdapter(gpu);
    if (!adapter) throw refusal('webgpu', 'neither navigator.gpu nor the option `gpu` offers an adapter');
    return choiceOfWebgpu(adapter, reason);
  },
  async wasm(options, reason) {
    const flaw = await startWasm(options);
    if (flaw) throw refusal('wasm', flaw);
    return { backend: 'wasm', adapter: null, reason };
  },
  cpu: (_, reason) => choiceOfCpu(reason),
};

async function startForced(backend: BackendName, options: BackendOptions): Promise<BackendChoice> {
  const start = FORCED[backend];
  if (start) return start(options, `The ${backend} backend was asked for.`);
  throw new RangeError(`selectBackend: backend "${backend}" is unknown; expected webgpu, wasm or cpu`);
}

/**
 * Makes the fastest backend that works here the current one, with Figment's kernels: WebGPU on real hardware, else wasm
 * with SIMD, else plain JavaScript. A WebGPU adapter that computes on the CPU loses to wasm and is used only by request.
 *
 * @throws Error when the backend asked for is not available
 */
export async function selectBackend(options: BackendOptions = {}): Promise<BackendChoice> {
  if (options.backend) return startForced(options.backend, options);
  const adapter = await findAdapter(options.gpu);
  if (adapter && !isSoftwareAdapter(adapter.info)) {
    return choiceOfWebgpu(adapter, `WebGPU offers a hardware adapter (${adapterName(adapter.info)}).`);
  }
  const why = adapter
    ? `The only WebGPU adapter (${adapterName(adapter.info)}) computes on the CPU, slower than wasm`
    : 'There is no WebGPU adapter';
  const flaw = await startWasm(options);
  if (flaw === '') return { backend: 'wasm', adapter: null, reason: `${why}; wasm has SIMD.` };
  return choiceOfCpu(`${why}, and ${flaw}.`);
}
