import { ready, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';
import { hasKernels } from '../kernels/register.ts';

/** Names under which software rasterisers, slower than wasm, appear among the adapters. */
const SOFTWARE_ADAPTERS = ['swiftshader', 'llvmpipe', 'lavapipe', 'softpipe', 'basic render'];

/** The device that tfjs computes on, until it is lost. */
let openDevice: { device: GPUDevice; adapter: string } | null = null;

/** The name that a WebGPU adapter gives itself. */
export function adapterName({ vendor, architecture, device, description }: GPUAdapterInfo): string {
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

/** The fastest adapter of `gpu` (by default of the page), or null when there is none. */
export async function findAdapter(gpu: GPU | undefined): Promise<GPUAdapter | null> {
  const found = gpu ?? (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  return (await found?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) ?? null;
}

/** A device with the adapter's own limits: larger buffers than the default, for larger models and batches. */
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
 * and its tensors are gone afterwards. In a page tfjs then has only the kernels that generating takes: `startWebgpu`, which takes this
 * device over, has those of training, too.
 */
export async function useWebgpuDevice(device: GPUDevice, info: GPUAdapterInfo): Promise<void> {
  const { WebGPUBackend } = await import('#webgpu-backend');
  const { registerWebgpuKernels } = await import('../kernels/webgpu/index.ts');
  const { useWebgpuRecorder } = await import('../kernels/plan/webgpu/index.ts');
  removeBackend('webgpu');
  registerBackend('webgpu', () => new WebGPUBackend(device, info), 3);
  await setBackend('webgpu');
  await ready();
  if (!hasKernels('webgpu')) registerWebgpuKernels();
  useWebgpuRecorder(isSoftwareAdapter(info) ? 'software' : 'hardware');
  openDevice = { device, adapter: adapterName(info) };
  device.lost.then(() => {
    if (openDevice?.device === device) openDevice = null;
  });
}

/**
 * Makes WebGPU on this adapter the current backend, with all of tfjs's kernels, on the device that is open already if it is
 * the adapter's.
 */
export async function startWebgpu(adapter: GPUAdapter): Promise<void> {
  const { registerAllWebgpuKernels } = await import('./allWebgpuKernels.ts');
  await registerAllWebgpuKernels();
  if (openDevice?.adapter === adapterName(adapter.info)) await setBackend('webgpu');
  else await useWebgpuDevice(await requestDevice(adapter), adapter.info);
}
