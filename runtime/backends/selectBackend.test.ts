import { getBackend } from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { openNodeWebgpu } from '../../scripts/node/nodeRuntime.ts';
import { type BackendName, selectBackend } from './selectBackend.ts';

const webgpu = await openNodeWebgpu();
const adapter = await webgpu.gpu?.requestAdapter();

const infoOf = (parts: Partial<GPUAdapterInfo>) =>
  ({ vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false, ...parts }) as GPUAdapterInfo;

/** A GPU whose only adapter describes itself so, and opens the device of the real one, if any. */
function gpuWith(parts: Partial<GPUAdapterInfo>): GPU {
  const { features, limits } = adapter ?? {};
  const requestDevice = (descriptor: GPUDeviceDescriptor) => adapter?.requestDevice(descriptor);
  return { requestAdapter: async () => ({ info: infoOf(parts), features, limits, requestDevice }) } as unknown as GPU;
}

const noGpu = { requestAdapter: async () => null } as unknown as GPU;

afterAll(() => webgpu.release());

describe('selectBackend', () => {
  test('takes wasm where there is no adapter', async () => {
    const choice = await selectBackend({ gpu: noGpu });
    expect(choice).toEqual({ backend: 'wasm', adapter: null, reason: 'There is no WebGPU adapter; wasm has SIMD.' });
    expect(getBackend()).toBe('wasm');
  });

  test('prefers wasm to a software adapter and says so', async () => {
    const choice = await selectBackend({ gpu: gpuWith({ vendor: 'google', architecture: 'swiftshader' }) });
    expect(choice).toMatchObject({ backend: 'wasm', adapter: null });
    expect(choice.reason).toBe(
      'The only WebGPU adapter (google swiftshader) computes on the CPU, slower than wasm; wasm has SIMD.',
    );
  });

  test.skipIf(!adapter)('prefers a hardware adapter to wasm', async () => {
    const choice = await selectBackend({ gpu: gpuWith({ vendor: 'nvidia', architecture: 'ampere' }) });
    expect(choice).toMatchObject({ backend: 'webgpu', adapter: 'nvidia ampere' });
    expect(getBackend()).toBe('webgpu');
  });

  test.skipIf(!webgpu.gpu)('uses a software adapter when told to', async () => {
    const choice = await selectBackend({ backend: 'webgpu', gpu: webgpu.gpu! });
    expect(choice).toMatchObject({ backend: 'webgpu', reason: 'The webgpu backend was asked for.' });
  });

  test.each(['cpu', 'wasm'] as const)('obeys the request for %s', async (backend) => {
    const choice = await selectBackend({ backend, gpu: noGpu });
    expect(choice).toEqual({ backend, adapter: null, reason: `The ${backend} backend was asked for.` });
    expect(getBackend()).toBe(backend);
  });

  test('refuses webgpu without an adapter', async () => {
    await expect(selectBackend({ backend: 'webgpu', gpu: noGpu })).rejects.toThrow(
      'selectBackend: backend "webgpu" was asked for, but neither navigator.gpu nor the option `gpu` offers an adapter; ' +
        'leave `backend` out to use what works',
    );
  });

  test('names the known backends when it is asked for another', async () => {
    await expect(selectBackend({ backend: 'webgl' as BackendName })).rejects.toThrow('expected webgpu, wasm or cpu');
  });
});
