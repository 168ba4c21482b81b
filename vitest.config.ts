import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'dist/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: '100%', // by default one core is left idle
    // Debian's software Vulkan (LLVM) crashes on some processors' wide vectors: "Cannot emit physreg copy instruction".
    env: { LP_NATIVE_VECTOR_WIDTH: '128' },
  },
});
