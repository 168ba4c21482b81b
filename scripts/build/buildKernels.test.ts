import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isUpToDate } from './buildKernels.ts';

const stored = readFileSync(new URL('../../runtime/kernels/wasm/binary.ts', import.meta.url), 'utf8');

it('runtime/kernels/wasm/binary.ts is what the assembly compiles to', () => {
  expect(isUpToDate(stored), 'out of date; run npm run build:kernels').toBe(true);
});

it('is out of date when its bytes are others', () => {
  const at = stored.lastIndexOf("'") - 9;
  const other = stored[at] === 'A' ? 'B' : 'A';
  expect(isUpToDate(stored.slice(0, at) + other + stored.slice(at + 1))).toBe(false);
});
