import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

const root = fileURLToPath(new URL('.', import.meta.url));

/** The suites that open pages in Chromium, as their source says. */
const inBrowser = ['demo-scene', 'plugin', 'runtime', 'scripts']
  .flatMap((room) => readdirSync(path.join(root, room), { recursive: true }).map((name) => `${room}/${name}`))
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => /\b(?:describeInBrowser|findChromium)\(/.test(readFileSync(path.join(root, file), 'utf8')));

/**
 * The suites of a worker share its modules (isolate: false): TensorFlow.js, Babylon.js and this repository are imported
 * once a worker, not once a suite. So suites spy (vi.spyOn) on modules and do not replace them (vi.mock).
 */
const projects: TestProjectInlineConfiguration[] = [
  {
    extends: true,
    test: { name: 'browser', include: inBrowser, isolate: false, globalSetup: 'scripts/testing/browserSetup.ts' },
  },
  { extends: true, test: { name: 'unit', include: ['**/*.test.ts'], exclude: inBrowser, isolate: false } },
];

export default defineConfig({
  test: {
    exclude: ['**/node_modules/**', 'dist/**'],
    projects,
    testTimeout: 120_000,
    hookTimeout: 240_000,
    pool: 'forks',
    maxWorkers: '100%', // by default one core is left idle
    setupFiles: 'scripts/testing/leaveNothing.ts',
    // Debian's software Vulkan (LLVM) crashes on some processors' wide vectors: "Cannot emit physreg copy instruction".
    env: { LP_NATIVE_VECTOR_WIDTH: '128' },
  },
});
