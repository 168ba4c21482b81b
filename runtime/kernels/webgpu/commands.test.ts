import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { backend as currentBackend, fill, mul } from '@tensorflow/tfjs-core';
import { describe, expect, test, vi } from 'vitest';
import { describeOnBackends } from '../../../scripts/testing/backends.ts';
import { submitKernels } from './commands.ts';

describeOnBackends((backend) => {
  if (backend !== 'webgpu') {
    test('submitKernels does nothing on another backend', () => {
      expect(submitKernels()).toBeUndefined();
    });
    return;
  }
  describe('submitKernels', () => {
    test('submits a kernel that tfjs holds back, and nothing when there is none', async () => {
      const { queue } = currentBackend() as WebGPUBackend;
      const [two, three] = [fill([5000], 2), fill([5000], 3)]; // fewer than 1000 values are multiplied on the CPU
      submitKernels();
      const submit = vi.spyOn(queue, 'submit');
      const six = mul(two, three);
      expect(submit).not.toHaveBeenCalled();
      submitKernels();
      submitKernels();
      expect(submit).toHaveBeenCalledOnce();
      submit.mockRestore();
      expect((await six.data())[4999]).toBe(6);
      for (const tensor of [two, three, six]) tensor.dispose();
    });
  });
});
