import { env, ready, setBackend } from '@tensorflow/tfjs-core';
import { hasKernels } from '../kernels/register.ts';

/** The one binary of tfjs that is ever loaded: our kernels need SIMD, and cannot share its memory with threads. */
const BINARY = 'tfjs-backend-wasm-simd.wasm';

/** The folder, with its trailing slash, that holds tfjs's .wasm files, or the URL of each by its file name. */
export type WasmPaths = string | Readonly<Record<string, string>>;

export interface WasmOptions {
  /** By default the file is looked for beside the script, where bundlers put it; Node finds it by itself. */
  wasmPaths?: WasmPaths;
}

/** tfjs wants an entry for each of its binaries, even those that it will not load. */
const UNUSED_BINARIES = { 'tfjs-backend-wasm.wasm': '', 'tfjs-backend-wasm-threaded-simd.wasm': '' };

/** Beside this file in the package: bundlers find it by this expression. */
function besideScript(): WasmPaths | undefined {
  if (env().getBool('IS_NODE')) return undefined;
  return { [BINARY]: new URL('./tfjs-backend-wasm-simd.wasm', import.meta.url).href };
}

/** Starts wasm. Returns '' when it runs, and otherwise the reason why it cannot. */
export async function startWasm({ wasmPaths = besideScript() }: WasmOptions): Promise<string> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  if (!(await env().getAsync('WASM_HAS_SIMD_SUPPORT'))) return 'this engine has no WebAssembly SIMD';
  // Else tfjs takes its threaded binary in a cross-origin isolated page; its memory is shared, and our kernels' is not.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  if (wasmPaths !== undefined) {
    setWasmPaths(typeof wasmPaths === 'string' ? wasmPaths : { ...UNUSED_BINARIES, ...wasmPaths });
  }
  if (!(await setBackend('wasm')))
    return `tfjs's ${BINARY} did not load (wasmPaths must say where it is, and the page's policy allow 'wasm-unsafe-eval')`;
  await ready();
  const { registerWasmKernels } = await import('../kernels/wasm/index.ts');
  const { useWasmRecorder } = await import('../kernels/plan/wasm/index.ts');
  if (!hasKernels('wasm')) useWasmRecorder(await registerWasmKernels());
  return '';
}

/**
 * Makes wasm the current backend, with Figment's kernels. A bundle that takes this instead of `selectBackend`, such as a
 * worker's, carries no other backend.
 *
 * @throws Error when the engine has no SIMD, or tfjs's .wasm file is not where `wasmPaths` says
 */
export async function useWasm(options: WasmOptions = {}): Promise<void> {
  const flaw = await startWasm(options);
  if (flaw) throw new Error(`useWasm: ${flaw}`);
}
