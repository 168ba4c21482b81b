import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { packPackages } from './packages.ts';

it('has folders packed by the npm that runs it, whose command Node cannot start on Windows', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'figment-npm-'));
  const npm = path.join(folder, 'npm-cli.js');
  writeFileSync(npm, 'console.log(JSON.stringify(process.argv.slice(2)))');
  vi.stubEnv('npm_execpath', npm);
  expect(packPackages(['a', 'b'], folder)).toEqual(expect.arrayContaining(['pack', '--json', folder, 'a', 'b']));
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
