// Runs before each suite. Suites share their worker: its kernels are those of the commands and of their threads, whichever
// suite loads them first, and what a suite replaces is there again for the next.
import { afterAll, vi } from 'vitest';
import { enableRelaxedSimd } from '../node/nodeRuntime.ts';

enableRelaxedSimd();

afterAll(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
  vi.useRealTimers();
});
