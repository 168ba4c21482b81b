import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { packageRoot } from '../node/packageRoot.ts';
import type { GpuWork } from './countGpuWork.ts';

interface ModelWork {
  evaluation: GpuWork;
  noisyEvaluation: GpuWork;
  picture: GpuWork;
}

it('finds few dispatches, and nothing new made but for the colours, in an evaluation and a picture of the portraits', async () => {
  const args = [
    '--import',
    'tsx',
    path.join(import.meta.dirname, 'benchDispatch.ts'),
    '--json',
    '--model',
    'portraits',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: packageRoot() });
  const { evaluation, noisyEvaluation, picture } = (JSON.parse(stdout) as { portraits: ModelWork }).portraits;
  expect(evaluation).toMatchObject({ bindGroups: 0, buffers: 0 });
  expect(noisyEvaluation).toMatchObject({ bindGroups: 0, buffers: 0 });
  expect(evaluation.dispatches).toBeGreaterThan(60);
  expect(noisyEvaluation.dispatches, 'by the teacher: two passes, and noise').toBeGreaterThan(evaluation.dispatches);
  expect(noisyEvaluation.dispatches).toBeLessThanOrEqual(90);
  expect(evaluation.threadMs).toBeGreaterThan(0);
  expect(picture, 'the colours that its palette has for its recipe').toMatchObject({ bindGroups: 1, buffers: 1 });
  expect(picture.dispatches).toBeGreaterThan(4 * evaluation.dispatches);
  expect(picture.threadMs).toBeGreaterThan(evaluation.threadMs);
});
