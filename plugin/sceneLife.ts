import type { Scene } from '@babylonjs/core/scene.js';
import { abortError } from './abortError.ts';

/** What may happen to a scene that whoever computes for it must know. */
export interface SceneEvents {
  /** The scene or its engine is disposed. */
  onEnd(): void;
  /** The GPU's device or context is lost, and all that was on it. */
  onLost(): void;
  /** The GPU is back. */
  onRestored(): void;
}

/**
 * Tells of a scene's end, and of losses of its GPU.
 *
 * @returns ends it
 */
export function watchScene(scene: Scene, { onEnd, onLost, onRestored }: SceneEvents): () => void {
  const engine = scene.getEngine();
  const observers = [
    scene.onDisposeObservable.add(onEnd),
    engine.onDisposeObservable.add(onEnd),
    engine.onContextLostObservable.add(onLost),
    engine.onContextRestoredObservable.add(onRestored),
  ];
  return () => {
    for (const observer of observers) observer.remove(true); // at once, Babylon would skip whoever is to be told next
  };
}

/** @throws an AbortError where the scene was disposed while its model was loading */
export function assertAlive(scene: Scene): void {
  if (scene.isDisposed) throw abortError('AssetGenerator: the scene was disposed while the model was loading');
}
