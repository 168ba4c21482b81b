import type { PictureSource } from '../pictureSource.ts';

/**
 * Calls `redraw` each time the GPU is back after a loss: as soon as the model is there again, or at once where the source was
 * disposed.
 *
 * @returns ends it
 */
export function whenRestored(source: PictureSource, redraw: () => void): () => void {
  const { onContextRestoredObservable } = source.scene.getEngine();
  const withModel = source.onRestoredObservable.add(redraw);
  const withoutModel = onContextRestoredObservable.add(() => {
    if (source.isDisposed) redraw();
  });
  return () => {
    source.onRestoredObservable.remove(withModel);
    onContextRestoredObservable.remove(withoutModel);
  };
}
