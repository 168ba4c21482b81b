import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { flawsOf, formatSizes, LIMIT_BYTES, measurePages } from './pageSizes.ts';

describe('a page that generates', () => {
  it('is small, and carries nothing of the training', async () => {
    const pages = await measurePages();
    expect(flawsOf(pages)).toEqual([]);
    const [bundled, packaged, worker, wasm] = pages;
    for (const page of [bundled!, packaged!]) {
      const parts = ['plugin/assetGenerator.ts', 'runtime/networks/unet2d.ts', 'runtime/kernels/webgpu/groupNorm.ts'];
      expect(page.sources).toEqual(expect.arrayContaining(parts));
      expect(page.sources.filter((file) => /backend-wasm|tfjs-core\/dist\/io\/(indexed_db|local)/.test(file))).toEqual(
        [],
      );
      expect(page.gzipBytes).toBeGreaterThan(50_000);
    }
    expect(worker!.sources).toEqual(
      expect.arrayContaining(['plugin/painting/worker.ts', 'runtime/kernels/wasm/normAndAttention.ts']),
    );
    expect(worker!.sources.filter((file) => /backend-webgpu|kernels\/webgpu|babylonjs/.test(file))).toEqual([]);
    expect(wasm!.gzipBytes).toBeGreaterThan(50_000);
  });

  it('is measured where paths have backslashes, too', async () => {
    const relative = vi.spyOn(path, 'relative').mockImplementation(path.win32.relative);
    expect(flawsOf(await measurePages())).toEqual([]);
    expect(relative).toHaveBeenCalled();
    relative.mockRestore();
  });
});

it('tells sizes and flaws', () => {
  const small = { name: 'small', gzipBytes: 1536, sources: ['runtime/networks/unet2d.ts'] };
  const wrong = {
    name: 'wrong',
    gzipBytes: LIMIT_BYTES + 1,
    limitBytes: LIMIT_BYTES,
    sources: ['runtime/training/optimiser.ts'],
  };
  expect(formatSizes([small, wrong])).toBe('gzip sizes:\n   1.5 KB  small\n 200.0 KB  wrong (at most 200 KB)');
  expect(flawsOf([small, wrong])).toEqual([
    'wrong: 204801 bytes; expected at most 204800',
    'wrong: carries training code: runtime/training/optimiser.ts',
  ]);
});
