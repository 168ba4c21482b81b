import { AbstractAssetTask, type AssetsManager } from '@babylonjs/core/Misc/assetsManager.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { ModelWords } from '../../runtime/index.ts';
import type { GenerateTextureOptions } from '../generateOptions.ts';
import { addressOf, type ModelLocation } from '../loading/loadModelBytes.ts';
import { GeneratedTexture } from './generatedTexture.ts';
import { takeByAddress } from './sceneModels.ts';
import { lookOf } from './textureLook.ts';
import { turnOver } from './textureSettings.ts';

/** How the texture of a task is made. */
type TaskOptions<Words extends ModelWords = ModelWords> = Omit<GenerateTextureOptions<Words>, 'name'>;

/** A function that the compiler takes for a method, so that a task of certain words is also one of any. */
type Listener<Told extends unknown[]> = { tell(...told: Told): void }['tell'];

/** A generated texture as an asset of a game's loading screen; the task is done when the picture is. */
export class GeneratedTextureTask<Words extends ModelWords = ModelWords> extends AbstractAssetTask {
  /** The texture, once the task is done. */
  texture: GeneratedTexture<Words> | null = null;
  declare onSuccess: Listener<[task: GeneratedTextureTask<Words>]>;
  declare onError: Listener<[task: GeneratedTextureTask<Words>, message?: string, exception?: unknown]>;

  /** @param model where the model comes from; loaded once for all tasks and textures of a scene, unless it is files */
  constructor(
    name: string,
    readonly model: ModelLocation<Words>,
    readonly options: TaskOptions<Words>,
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
    const { mipmaps, samplingMode, pixelArt, invertY = true, priority, signal, previewEvery, ...recipe } = this.options;
    const { loaded: source, release } = await takeByAddress(scene, this.model, undefined, signal);
    let texture: GeneratedTexture<Words> | null = null;
    try {
      const from = addressOf(this.model) ?? source; // by its address clones keep the model, too
      const look = lookOf(source.info, { ...recipe, mipmaps, samplingMode, pixelArt });
      texture = new GeneratedTexture<Words>(this.name, from, scene, look);
      texture.onDisposeObservable.addOnce(release);
      if (!invertY) turnOver(texture);
      this.texture = await texture.regenerateAsync(recipe, { priority, signal, previewEvery });
    } catch (error) {
      texture?.dispose();
      release();
      throw error;
    }
  }
}

/**
 * Adds a generated texture to what an AssetsManager loads.
 *
 *   const task = addGeneratedTextureTask(manager, 'elf', portraits, { label: 'elf', seed: 7, priority: 1 });
 *
 * @param name    that of the task, and of its texture
 * @param options those of `generateTextureAsync`; what it throws is what the task fails with
 */
export function addGeneratedTextureTask<Words extends ModelWords = ModelWords>(
  manager: AssetsManager,
  name: string,
  model: ModelLocation<Words>,
  options: TaskOptions<Words>,
): GeneratedTextureTask<Words> {
  const task = new GeneratedTextureTask<Words>(name, model, options);
  // Babylon's manager has methods to add tasks of its own kinds only.
  (manager as unknown as { _tasks: AbstractAssetTask[] })._tasks.push(task);
  return task;
}
