// WebGPU in Node, from the optional package `webgpu` (Google's Dawn).

export interface NodeWebgpu {
  /** What a browser calls `navigator.gpu`, or null where there is none. */
  gpu: GPU | null;
  /** Why it is null; empty otherwise. */
  reason: string;
  /** Lets Node exit: takes `navigator.gpu` away again. Do this after the last use of the backend. */
  release(): void;
}

const none = (reason: string): NodeWebgpu => ({ gpu: null, reason, release: () => undefined });

/** navigator.gpu for libraries that look for it there; undefined takes it away. Node 20 has no navigator. */
function setNavigatorGpu(gpu: GPU | undefined): void {
  const globals = globalThis as { navigator?: object };
  if (!globals.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(globals.navigator, 'gpu', { value: gpu, configurable: true });
}

/** Makes WebGPU available to tfjs in Node. Call it before anything imports tfjs's WebGPU backend. */
export async function openNodeWebgpu(): Promise<NodeWebgpu> {
  const webgpu = await import('webgpu').catch((error: Error) => error);
  if (webgpu instanceof Error) {
    return none(
      `the optional package "webgpu" cannot be loaded (${webgpu.message}); install it with npm install webgpu`,
    );
  }
  Object.assign(globalThis, webgpu.globals);
  const gpu = webgpu.create([]);
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (!adapter) return none('the package "webgpu" finds no adapter; install a Vulkan, Metal or Direct3D 12 driver');
  setNavigatorGpu(gpu);
  return { gpu, reason: '', release: () => setNavigatorGpu(undefined) };
}
