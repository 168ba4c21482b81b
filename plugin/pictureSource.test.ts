import { expect, it, vi } from 'vitest';
import { tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { createPainter } from './painting/createPainter.ts';
import type { Painter } from './painting/painter.ts';
import { PictureSource } from './pictureSource.ts';
import { createScene } from './testing/tinyScene.ts';

vi.mock(import('./painting/createPainter.ts'), async (original) => ({ ...(await original()), createPainter: vi.fn() }));

it('takes another painter when a device comes back whose loss it was not told of', async () => {
  const backend = { backend: 'webgpu' };
  const fakePainter = () => ({ info: {}, backend, batchSize: 1, numLanes: 1, dispose: vi.fn() }) as unknown as Painter;
  const [first, second] = [fakePainter(), fakePainter()];
  vi.mocked(createPainter).mockResolvedValueOnce(first).mockResolvedValueOnce(second);
  const scene = createScene();
  const source = await PictureSource.LoadAsync(await tinyModelFolder(), scene);
  const engine = scene.getEngine();
  const restored = new Promise((resolve) => source.onRestoredObservable.addOnce(resolve));
  engine.onContextRestoredObservable.notifyObservers(engine);
  await restored;
  expect(first.dispose).toHaveBeenCalledOnce();
  expect(createPainter).toHaveBeenCalledTimes(2);
  engine.dispose();
});
