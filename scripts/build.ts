// npm run build: dist/ with the runtime, the command and their types. Dependencies stay outside the bundles.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  packages: 'external',
  sourcemap: true,
  splitting: true,
  target: 'es2022',
  external: ['#stock-gradients'],
};

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
await build({ ...common, entryPoints: ['runtime/index.ts'], outdir: 'dist/runtime', platform: 'neutral' });
await build({
  ...common,
  entryPoints: { cli: 'scripts/cli.ts', gradientWorker: 'scripts/io/gradientWorker.ts' },
  outdir: 'dist/scripts',
  platform: 'node',
});
const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
