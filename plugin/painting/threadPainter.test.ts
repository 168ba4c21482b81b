import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { backend } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { ThreadPainter } from './threadPainter.ts';

describeOnBackends((name) => {
  it.runIf(name === 'webgpu')('goes on compiling when another, disposed while it compiled, gave up', async () => {
    const choice = { backend: 'webgpu', adapter: null, reason: '' } as const;
    const { device } = backend() as WebGPUBackend;
    const files = await tinyModelFolder();
    const create = () => ThreadPainter.CreateAsync(files, 'tiny', choice, { frameBudgetMs: 50, device });
    const [one, other] = [await create(), await create()];
    const [warm, alsoWarm] = [one.warmUpAsync(), other.warmUpAsync()];
    const painted = other.paintAsync([
      { label: 'elf', seed: 7, guidanceScale: 2, numInferenceSteps: 2, sampler: 'ddim' },
    ]);
    one.dispose();
    await expect(warm).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await alsoWarm;
    const [picture] = await painted;
    picture!.dispose();
    other.dispose();
  });
});
