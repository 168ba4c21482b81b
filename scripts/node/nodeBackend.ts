import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { type BackendChoice, type BackendName, isSoftwareAdapter, selectBackend } from '../../runtime/index.ts';
import { enableRelaxedSimd, openNodeWebgpu } from './nodeRuntime.ts';
import { type AdapterProbe, probeAdapter } from './probeAdapter.ts';

export interface NodeBackend extends BackendChoice {
  /** Lets Node exit; call it after the last use. */
  release(): void;
}

/** Chooses the backend of a command: WebGPU from the package `webgpu` where there is hardware, else wasm, else cpu. */
export async function openNodeBackend(backend?: BackendName): Promise<NodeBackend> {
  enableRelaxedSimd();
  enableProdMode(); // else tfjs greets users of Node with an advertisement
  if (backend === 'wasm' || backend === 'cpu') return { ...(await selectBackend({ backend })), release: () => {} };
  if (backend === undefined) {
    const probe = await probeNodeAdapter();
    const isHardware = probe.info && !isSoftwareAdapter(probe.info as GPUAdapterInfo);
    if (!isHardware) return openWithoutWebgpu(probe);
  }
  const webgpu = await openNodeWebgpu();
  try {
    const choice = await selectBackend({ backend, ...(webgpu.gpu ? { gpu: webgpu.gpu } : {}) });
    if (choice.backend !== 'webgpu') webgpu.release();
    return { ...choice, release: () => webgpu.release() };
  } catch (error) {
    webgpu.release();
    throw error;
  }
}

/** The adapter that the package `webgpu` offers here. */
export async function probeNodeAdapter(): Promise<AdapterProbe> {
  try {
    return await probeAdapter(pathToFileURL(createRequire(import.meta.url).resolve('webgpu')).href);
  } catch {
    return { info: null, failure: '' }; // the optional package is not installed
  }
}

/** Leaves Dawn alone: the choice needs to know of a software adapter, but will not take it. */
async function openWithoutWebgpu({ info, failure }: AdapterProbe): Promise<NodeBackend> {
  const gpu = { requestAdapter: async () => info && { info } } as unknown as GPU;
  const choice = await selectBackend({ gpu });
  return { ...choice, reason: failure ? `${choice.reason} (${failure})` : choice.reason, release: () => {} };
}
