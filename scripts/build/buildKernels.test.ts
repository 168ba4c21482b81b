import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kernelsSource } from './buildKernels.ts';

it('runtime/kernels/wasm/binary.ts is what the assembly compiles to', () => {
  const stored = readFileSync(new URL('../../runtime/kernels/wasm/binary.ts', import.meta.url), 'utf8');
  expect(stored === kernelsSource(), 'out of date; run npm run build:kernels').toBe(true);
});
