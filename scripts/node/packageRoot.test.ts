import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot, packageVersion } from './packageRoot.ts';

it('finds the package and its version', () => {
  expect(existsSync(join(packageRoot(), 'runtime', 'index.ts'))).toBe(true);
  expect(packageVersion()).toMatch(/^\d+\.\d+\.\d+/);
});
