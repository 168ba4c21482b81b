import { expect, it, vi } from 'vitest';
import { useNewest } from './newestModel.ts';

it('uses what was asked for last, and disposes what has loaded too late', async () => {
  const used: string[] = [];
  const use = useNewest(async (_, name) => void used.push(name));
  const [trained, shipped] = [{ dispose: vi.fn() }, { dispose: vi.fn() }];
  let arrive = (_: typeof trained) => {};
  const slow = use(
    new Promise<typeof trained>((resolve) => {
      arrive = resolve;
    }),
    'trained',
  );
  await use(Promise.resolve(shipped), 'shipped');
  arrive(trained);
  await slow;
  expect(used).toEqual(['shipped']);
  expect(trained.dispose).toHaveBeenCalledOnce();
  expect(shipped.dispose).not.toHaveBeenCalled();
});
