import { enableProdMode } from '@tensorflow/tfjs-core';
import { type BackendChoice, type BackendName, selectBackend } from '../../runtime/index.ts';
import { enableRelaxedSimd } from './nodeRuntime.ts';
import { openNodeWebgpu } from './nodeWebgpu.ts';

export interface NodeBackend extends BackendChoice {
  /** Lets Node exit; call it after the last use. */
  release(): void;
}

/** Chooses the backend of a command: WebGPU from the package `webgpu` where there is hardware, else wasm, else cpu. */
export async function openNodeBackend(backend?: BackendName): Promise<NodeBackend> {
  enableRelaxedSimd();
  enableProdMode(); // else tfjs greets users of Node with an advertisement
  if (backend === 'wasm' || backend === 'cpu') return { ...(await selectBackend({ backend })), release: () => {} };
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
