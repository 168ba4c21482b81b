import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { env, getBackend, memory, registerBackend, removeBackend, tensor } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { silu } from '../kernels/silu.ts';
import { useWasm } from './wasm.ts';

const BINARY = 'tfjs-backend-wasm-simd.wasm';
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-wasm-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function computed(): Promise<number[]> {
  const x = tensor([0, 100]);
  const result = silu(x);
  const values = Array.from(await result.data());
  x.dispose();
  result.dispose();
  return values;
}

it('takes the binary from a map of names, and never the one with threads', async () => {
  await import('@tensorflow/tfjs-backend-wasm');
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', true);
  const renamed = join(dir, 'renamed.wasm');
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  await copyFile(join(folder, BINARY), renamed);
  await useWasm({ wasmPaths: { [BINARY]: renamed } });
  expect(getBackend()).toBe('wasm');
  expect(env().get('WASM_HAS_MULTITHREAD_SUPPORT')).toBe(false);
  expect(await computed()).toEqual([0, 100]);
  expect(memory().numTensors).toBe(0);
});

it('starts once: a second call changes nothing', async () => {
  await useWasm();
  expect(await computed()).toEqual([0, 100]);
});

it('says which file did not load', async () => {
  removeBackend('wasm');
  registerBackend('wasm', () => Promise.reject(new Error('404')));
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  await expect(useWasm()).rejects.toThrow(
    `useWasm: tfjs's ${BINARY} did not load (wasmPaths must say where it is, and the page's policy allow 'wasm-unsafe-eval')`,
  );
  expect(warn).toHaveBeenCalledWith(expect.stringMatching(/wasm failed/));
  warn.mockRestore();
});
