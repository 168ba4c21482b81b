import { AbstractAssetTask, type AssetsManager } from '@babylonjs/core/Misc/assetsManager.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { RecipeOptions } from '../../runtime/index.ts';
import { addressOf, type ModelLocation } from '../loading/loadModelBytes.ts';
import { GeneratedTexture } from './generatedTexture.ts';
import { takeByAddress } from './sceneModels.ts';
import { type LookOptions, lookOf } from './textureLook.ts';

/** A generated texture as an asset of a game's loading screen; the task is done when the picture is. */
export class GeneratedTextureTask extends AbstractAssetTask {
  /** The texture, once the task is done. */
  texture: GeneratedTexture | null = null;
  declare onSuccess: (task: GeneratedTextureTask) => void;
  declare onError: (task: GeneratedTextureTask, message?: string, exception?: unknown) => void;

  /** @param model where the model comes from; loaded once for all tasks and textures of a scene, unless it is files */
  constructor(
    name: string,
    readonly model: ModelLocation,
    readonly options: RecipeOptions & LookOptions,
  ) {
    super(name);
  }

  override runTask(
    scene: Scene,
    onSuccess: () => void,
    onError: (message?: string, exception?: unknown) => void,
  ): void {
    this.generateAsync(scene).then(onSuccess, (error: Error) => onError(error.message, error));
  }

  private async generateAsync(scene: Scene): Promise<void> {
    const { loaded: source, release } = await takeByAddress(scene, this.model);
    const { mipmaps: _mipmaps, samplingMode: _mode, pixelArt: _pixelArt, ...recipe } = this.options;
    let texture: GeneratedTexture | null = null;
    try {
      const from = addressOf(this.model) ?? source; // by its address clones keep the model, too
      texture = new GeneratedTexture(this.name, from, scene, lookOf(source.info, this.options));
      texture.onDisposeObservable.addOnce(release);
      this.texture = await texture.regenerateAsync(recipe);
    } catch (error) {
      texture?.dispose();
      release();
      throw error;
    }
  }
}

/** Adds a generated texture to what an AssetsManager loads. */
export function addGeneratedTextureTask(
  manager: AssetsManager,
  name: string,
  model: ModelLocation,
  options: RecipeOptions & LookOptions,
): GeneratedTextureTask {
  const task = new GeneratedTextureTask(name, model, options);
  // Babylon's manager has methods to add tasks of its own kinds only.
  (manager as unknown as { _tasks: AbstractAssetTask[] })._tasks.push(task);
  return task;
}
