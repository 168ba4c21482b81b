import { expect, test } from 'vitest';
import { isSoftwareAdapter } from './webgpu.ts';

const UNKNOWN = { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false };

test.each([
  [{ vendor: 'nvidia', architecture: 'ampere' }, false],
  [{ vendor: 'intel', architecture: 'gen-12lp', description: 'Intel(R) Iris(R) Xe Graphics' }, false],
  [{ vendor: 'google', architecture: 'swiftshader' }, true],
  [{ vendor: 'mesa', architecture: 'software' }, true],
  [{ description: 'llvmpipe (LLVM 19.1.7, 256 bits)' }, true],
  [{ vendor: 'microsoft', description: 'Microsoft Basic Render Driver' }, true],
  [{ vendor: 'amd', isFallbackAdapter: true }, true],
])('whether adapter %o computes on the CPU: %s', (parts, expected) => {
  expect(isSoftwareAdapter({ ...UNKNOWN, ...parts } as GPUAdapterInfo)).toBe(expected);
});
