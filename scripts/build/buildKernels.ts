// Compiles the AssemblyScript kernels, with and without relaxed SIMD, into one TypeScript file of deflated bytes as base64. They
// are deflated as one, since the second is nearly the first: half by half, since deflate sees no further back than 32 KiB.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const OUTPUT = 'runtime/kernels/wasm/binary.ts';
const SOURCES = 'runtime/kernels/wasm/assembly';
const COMPILER = 'node_modules/assemblyscript';
const OPTIONS = [
  '-O3',
  '--importMemory',
  '--runtime',
  'stub',
  '--noAssert',
  '--initialMemory',
  '0',
  '--enable',
  'simd',
];
const RELAXED = ['--enable', 'relaxed-simd'];

/** One build of the assembly folder: the bytes of the module. */
function compileKernels(relaxed: boolean): Buffer {
  const folder = mkdtempSync(path.join(tmpdir(), 'figment-kernels-'));
  const file = path.join(folder, 'kernels.wasm');
  const options = relaxed ? [...OPTIONS, ...RELAXED] : OPTIONS;
  try {
    const asc = path.join(root, COMPILER, 'bin/asc.js');
    execFileSync(process.execPath, [asc, `${SOURCES}/index.ts`, ...options, '-o', file], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The text of the generated file. */
function kernelsSource(): string {
  const [simd, relaxed] = [compileKernels(false), compileKernels(true)];
  const half = Math.ceil(simd.length / 2);
  const halves = [simd.subarray(0, half), relaxed.subarray(0, half), simd.subarray(half), relaxed.subarray(half)];
  const deflated = deflateSync(Buffer.concat(halves), { level: 9 }).toString('base64');
  const sizes = `export const SIMD_BYTES = ${simd.length};\nexport const HALF_BYTES = ${half};\n`;
  const binaries = `${sizes}\nexport const DEFLATED_KERNELS =\n  '${deflated}';\n`;
  const header = '// Generated from assembly/ by `npm run build:kernels`; do not edit.';
  return [header, `// sha256 of all that it was made of, and of what follows: ${digestOf(binaries)}\n`, binaries].join(
    '\n',
  );
}

/**
 * A digest that changes with a source, with the compiler's version or options, and with what was compiled. It tells without
 * a compilation, which takes seconds, whether the binaries are those of the sources.
 */
function digestOf(binaries: string): string {
  const { version } = JSON.parse(readFileSync(path.join(root, COMPILER, 'package.json'), 'utf8'));
  const hash = createHash('sha256').update(JSON.stringify([version, OPTIONS, RELAXED]));
  for (const name of readdirSync(path.join(root, SOURCES)).sort()) {
    hash.update(`\n${name}\n`).update(readFileSync(path.join(root, SOURCES, name)));
  }
  return hash.update(binaries).digest('hex');
}

/** Whether the generated file is what the sources and the compiler of today give. */
export function isUpToDate(source: string): boolean {
  const [head, binaries] = [source.slice(0, source.indexOf('export')), source.slice(source.indexOf('export'))];
  return head.includes(digestOf(binaries));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(path.join(root, OUTPUT), kernelsSource());
