import type { Scene } from '@babylonjs/core/scene.js';
import type { BackendChoice, ImageSize, ModelInfo } from '../../runtime/index.ts';
import { GeneratedTexture } from './generatedTexture.ts';
import { sourcesIn } from './sceneModels.ts';
import { type LookOptions, lookOf } from './textureLook.ts';

/** A model that a scene has loaded. */
export interface LoadedModel {
  /** Its address, or the name that it was given. */
  readonly address: string;
  readonly info: ModelInfo;
  readonly backend: BackendChoice;
  /** The number of pictures that wait or are being made. */
  readonly queueLength: number;
  /**
   * Makes an empty texture of the model's size, for `regenerateAsync` to fill. Like those of its generator it can be painted
   * as long as somebody uses the model.
   *
   * @throws RangeError for a size that the model does not make
   */
  createTexture(name: string, look?: LookOptions & ImageSize): GeneratedTexture;
}

/** The models that a scene has loaded and that somebody still uses, as they are now: for editors, which list them. */
export function loadedModels(scene: Scene): LoadedModel[] {
  return sourcesIn(scene).map((source) => {
    const { name: address, info, backend, queueLength } = source;
    return {
      ...{ address, info, backend, queueLength },
      createTexture: (name, look) => new GeneratedTexture(name, source, scene, lookOf(info, look)),
    };
  });
}
