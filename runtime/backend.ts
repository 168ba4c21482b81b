// Chooses the TensorFlow.js backend. Backends and our kernels for them are imported when chosen, so that a page loads
// only what it uses.
import { env, getKernel, ready, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { SILU } from './kernels/silu.ts';

export type BackendName = 'webgpu' | 'wasm' | 'cpu';

export interface BackendOptions {
  /** Use this one or fail; default: the fastest that works here. */
  backend?: BackendName;
  /** Default `navigator.gpu`; in Node the caller supplies one. */
  gpu?: GPU;
  /** Folder, with its trailing slash, that holds tfjs's .wasm files; Node finds them by itself. */
  wasmPaths?: string;
}

export interface BackendChoice {
  backend: BackendName;
  /** The WebGPU adapter in use, in its own words; null on other backends. */
  adapter: string | null;
  /** A sentence for people: why this one. */
  reason: string;
}

/** Names under which software rasterisers, slower than wasm, appear among the adapters. */
const SOFTWARE_ADAPTERS = ['swiftshader', 'llvmpipe', 'lavapipe', 'softpipe', 'basic render'];

/** The device that tfjs computes on, until it is lost. */
let openDevice: { device: GPUDevice; adapter: string } | null = null;

function adapterName({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [vendor, architecture, device, description].filter((part) => part).join(' ') || 'unnamed adapter';
}

/** Whether an adapter computes on the CPU. */
export function isSoftwareAdapter(info: GPUAdapterInfo): boolean {
  const name = adapterName(info).toLowerCase();
  return (
    info.isFallbackAdapter === true ||
    info.architecture === 'software' ||
    SOFTWARE_ADAPTERS.some((software) => name.includes(software))
  );
}

async function findAdapter(gpu: GPU | undefined): Promise<GPUAdapter | null> {
  const found = gpu ?? (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  return (await found?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) ?? null;
}

/** A device with the adapter's own limits, which tfjs's kernels exceed the default ones by. */
function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const { limits } = adapter;
  return adapter.requestDevice({
    requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [],
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
}

/**
 * Makes tfjs compute on a device that exists already, for example the one that draws the scene. A former WebGPU backend
 * and its tensors are gone afterwards.
 */
export async function useWebgpuDevice(device: GPUDevice, info: GPUAdapterInfo): Promise<void> {
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  const { registerWebgpuKernels } = await import('./kernels/webgpu/index.ts');
  removeBackend('webgpu');
  registerBackend('webgpu', () => new WebGPUBackend(device, info), 3);
  await setBackend('webgpu');
  await ready();
  if (!hasKernels('webgpu')) registerWebgpuKernels();
  openDevice = { device, adapter: adapterName(info) };
  device.lost.then(() => {
    if (openDevice?.device === device) openDevice = null;
  });
}

/** tfjs warns when a kernel is registered twice. */
function hasKernels(backend: BackendName): boolean {
  return getKernel(SILU, backend) !== undefined;
}

async function startWebgpu(adapter: GPUAdapter, reason: string): Promise<BackendChoice> {
  const name = adapterName(adapter.info);
  if (openDevice?.adapter === name) await setBackend('webgpu');
  else await useWebgpuDevice(await requestDevice(adapter), adapter.info);
  return { backend: 'webgpu', adapter: name, reason };
}

/** Starts wasm and returns '', or why it cannot. */
async function tryWasm(wasmPaths: string | undefined): Promise<string> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (!(await env().getAsync('WASM_HAS_SIMD_SUPPORT'))) return 'this engine has no WebAssembly SIMD';
  if (wasmPaths !== undefined) setWasmPaths(wasmPaths);
  if (!(await setBackend('wasm'))) return "tfjs's .wasm files did not load (wasmPaths must name their folder)";
  await ready();
  const { registerWasmKernels } = await import('./kernels/wasm/index.ts');
  if (!hasKernels('wasm')) await registerWasmKernels();
  return '';
}

async function startCpu(reason: string): Promise<BackendChoice> {
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  await ready();
  const { registerCpuKernels } = await import('./kernels/cpu/index.ts');
  if (!hasKernels('cpu')) registerCpuKernels();
  return { backend: 'cpu', adapter: null, reason };
}

const refusal = (backend: BackendName, flaw: string) =>
  new Error(`selectBackend: backend "${backend}" was asked for, but ${flaw}; leave \`backend\` out to use what works`);

/** Obeys a request or throws. */
const FORCED: Record<BackendName, (options: BackendOptions, reason: string) => Promise<BackendChoice>> = {
  async webgpu({ gpu }, reason) {
    const adapter = await findAdapter(gpu);
    if (!adapter) throw refusal('webgpu', 'neither navigator.gpu nor the option `gpu` offers an adapter');
    return startWebgpu(adapter, reason);
  },
  async wasm({ wasmPaths }, reason) {
    const flaw = await tryWasm(wasmPaths);
    if (flaw) throw refusal('wasm', flaw);
    return { backend: 'wasm', adapter: null, reason };
  },
  cpu: (_, reason) => startCpu(reason),
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
    return startWebgpu(adapter, `WebGPU offers a hardware adapter (${adapterName(adapter.info)}).`);
  }
  const why = adapter
    ? `The only WebGPU adapter (${adapterName(adapter.info)}) computes on the CPU, slower than wasm`
    : 'There is no WebGPU adapter';
  const flaw = await tryWasm(options.wasmPaths);
  if (flaw === '') return { backend: 'wasm', adapter: null, reason: `${why}; wasm has SIMD.` };
  return startCpu(`${why}, and ${flaw}.`);
}
