// Listeners of progress that throw: what they are told of goes on.
import { expect, it, vi } from 'vitest';
import { SharedLoad } from './loading/sharedLoad.ts';
import type { CurrentPainter } from './painting/currentPainter.ts';
import { LazyPart } from './painting/lazyPart.ts';
import { RECIPE, tiny, useTiny } from './testing/tinySuite.ts';
import { takeUncaught } from './testing/uncaught.ts';

useTiny();

const BROKEN = new Error('broken progress bar');
const NUM_STEPS = 3;

function listener(): never {
  throw BROKEN;
}

async function expectUncaught(uncaught: unknown[], count: number): Promise<void> {
  await vi.waitFor(() => expect(uncaught).toEqual(Array(count).fill(BROKEN)), { timeout: 30_000 });
}

it('a texture is painted', async () => {
  const uncaught = takeUncaught();
  const { texture, finished } = tiny.beginTexture({ ...RECIPE, numInferenceSteps: NUM_STEPS });
  texture.onProgressObservable.add(listener);
  await finished;
  await expectUncaught(uncaught, NUM_STEPS);
});

it('a cell is painted', async () => {
  const uncaught = takeUncaught();
  const sprites = await tiny.generateSpritesAsync({ labels: ['elf'], count: 1, seed: 3 });
  sprites.onCellProgressObservable.add(listener);
  await sprites.repaintCellAsync(0, { seed: 4, numInferenceSteps: NUM_STEPS });
  await expectUncaught(uncaught, NUM_STEPS);
});

it('a model is loaded, for others who wait for it, too', async () => {
  const uncaught = takeUncaught();
  const shared = new SharedLoad(async ({ onProgress }) => {
    await Promise.resolve(); // the first caller listens by now
    onProgress(1, 2);
    return 'model';
  });
  const others = vi.fn();
  const leases = await Promise.all([listener, others].map((onProgress) => shared.takeAsync({ onProgress })));
  expect(leases.map(({ loaded }) => loaded)).toEqual(['model', 'model']);
  expect(others.mock.calls).toEqual([[1, 2]]);
  await expectUncaught(uncaught, 1);
});

it('a part of a model is added', async () => {
  const uncaught = takeUncaught();
  const part = new LazyPart('cvae', async (_part, _signal, onProgress) => {
    onProgress?.(1, 2);
    return {};
  });
  const painter = { useAsync: async () => 'hash' } as unknown as CurrentPainter;
  await part.addAsync(painter, listener);
  expect(part.hash).toBe('hash');
  await expectUncaught(uncaught, 1);
});
