// Compiles the AssemblyScript kernels, with and without relaxed SIMD, into one TypeScript file of base64 strings.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const OUTPUT = 'runtime/kernels/wasm/binary.ts';

/** One build of the assembly folder: the bytes of the module. */
export function compileKernels(relaxed: boolean): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), 'figment-kernels-'));
  const file = path.join(folder, 'kernels.wasm');
  const features = relaxed ? ['--enable', 'simd', '--enable', 'relaxed-simd'] : ['--enable', 'simd'];
  const options = ['-O3', ...features, '--importMemory', '--runtime', 'stub', '--noAssert', '--initialMemory', '0'];
  try {
    const asc = path.join(root, 'node_modules/assemblyscript/bin/asc.js');
    const entry = 'runtime/kernels/wasm/assembly/index.ts';
    execFileSync(process.execPath, [asc, entry, ...options, '-o', file], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The text of the generated file. */
export function kernelsSource(): string {
  const line = (name: string, relaxed: boolean) =>
    `export const ${name} =\n  '${compileKernels(relaxed).toString('base64')}';\n`;
  return [
    '// Generated from assembly/ by `npm run build:kernels`; do not edit.\n',
    line('SIMD_BASE64', false),
    line('RELAXED_SIMD_BASE64', true),
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(path.join(root, OUTPUT), kernelsSource());
