import { expect, it, vi } from 'vitest';
import type { Recipe } from '../runtime/index.ts';
import { tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { createPainter } from './painting/createPainter.ts';
import type { Painter } from './painting/painter.ts';
import { PictureSource } from './pictureSource.ts';
import { createScene } from './testing/tinyScene.ts';

vi.mock(import('./painting/createPainter.ts'), async (original) => ({ ...(await original()), createPainter: vi.fn() }));

/** A painter of one pixel on the GPU. */
function fakePainter(readPixelsAsync = async () => new Uint8Array(4)): Painter {
  const picture = { sizeBytes: 4, readPixelsAsync, dispose: () => {} };
  const paintAsync = async () => [picture];
  const info = { widthPx: 1, heightPx: 1 };
  return {
    info,
    backend: { backend: 'webgpu' },
    batchSize: 1,
    numLanes: 1,
    paintAsync,
    dispose: vi.fn(),
  } as unknown as Painter;
}

/** A source whose painter is the first of these, and the second after a lost device. */
async function sourceOf(first: Painter, second: Painter) {
  vi.mocked(createPainter).mockReset().mockResolvedValueOnce(first).mockResolvedValueOnce(second);
  const scene = createScene();
  return { source: await PictureSource.LoadAsync(await tinyModelFolder(), scene), engine: scene.getEngine() };
}

it('takes another painter when a device comes back whose loss it was not told of', async () => {
  const first = fakePainter();
  const { source, engine } = await sourceOf(first, fakePainter());
  const restored = new Promise((resolve) => source.onRestoredObservable.addOnce(resolve));
  engine.onContextRestoredObservable.notifyObservers(engine);
  await restored;
  expect(first.dispose).toHaveBeenCalledOnce();
  expect(createPainter).toHaveBeenCalledTimes(2);
  engine.dispose();
});

it('paints a picture again whose device goes while it is read', async () => {
  const losing = fakePainter(async () => {
    engine.onContextLostObservable.notifyObservers(engine);
    setTimeout(() => engine.onContextRestoredObservable.notifyObservers(engine), 0);
    throw new Error('the device is lost');
  });
  const { source, engine } = await sourceOf(
    losing,
    fakePainter(async () => Uint8Array.of(1, 2, 3, 4)),
  );
  expect(await source.pixelsAsync({ label: 'elf', seed: 7 } as Recipe)).toEqual(Uint8Array.of(1, 2, 3, 4));
  engine.dispose();
});

it('tells what keeps a picture from being read while its device is there', async () => {
  const failing = fakePainter(async () => {
    throw new Error('no memory to read it in');
  });
  const { source, engine } = await sourceOf(failing, fakePainter());
  await expect(source.pixelsAsync({ label: 'elf', seed: 7 } as Recipe)).rejects.toThrow('no memory to read it in');
  engine.dispose();
});
