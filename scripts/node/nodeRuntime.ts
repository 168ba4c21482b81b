import v8 from 'node:v8';

const FIRST_MAJOR_WITH_RELAXED_SIMD = 22;

/** Turns on WebAssembly's relaxed SIMD (fused multiply-add) where Node still hides it; call it before loading kernels. */
export function enableRelaxedSimd(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < FIRST_MAJOR_WITH_RELAXED_SIMD) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
}
