// What Node needs before a backend is loaded: relaxed SIMD turned on, and WebGPU from the optional package `webgpu`
// (Google's Dawn).
import v8 from 'node:v8';

const FIRST_MAJOR_WITH_RELAXED_SIMD = 22;

/** Turns on WebAssembly's relaxed SIMD (fused multiply-add) where Node still hides it; call it before loading kernels. */
export function enableRelaxedSimd(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < FIRST_MAJOR_WITH_RELAXED_SIMD) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
}

interface NodeWebgpu {
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
  if (!globals.navigator)
    Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js' }, configurable: true });
  Object.defineProperty(globals.navigator, 'gpu', { value: gpu, configurable: true });
}

/**
 * Makes WebGPU available to tfjs in Node. Call it before anything imports tfjs's WebGPU backend.
 *
 * @param switches of Dawn, such as `backend=null`, whose commands compute nothing and cost nothing
 */
export async function openNodeWebgpu(switches: string[] = []): Promise<NodeWebgpu> {
  const webgpu = await import('webgpu').catch((error: Error) => error);
  if (webgpu instanceof Error) {
    return none(
      `the optional package "webgpu" cannot be loaded (${webgpu.message}); install it with npm install webgpu`,
    );
  }
  Object.assign(globalThis, webgpu.globals);
  const gpu = webgpu.create(switches);
  const adapter = await gpu.requestAdapter().catch(() => null);
  if (!adapter) return none('the package "webgpu" finds no adapter; install a Vulkan, Metal or Direct3D 12 driver');
  setNavigatorGpu(gpu);
  return { gpu, reason: '', release: () => setNavigatorGpu(undefined) };
}
