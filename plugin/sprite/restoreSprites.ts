// The sprites of a scene file, as they were before it was saved.
import type { ISpriteManager, SpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import { untilAborted } from '../untilAborted.ts';
import { GeneratedSheet } from './generatedSheet.ts';
import type { GeneratedSprites } from './generatedSprites.ts';

/** The generated sprites that took the place of each manager of a scene file, for whoever restores it again. */
const restored = new WeakMap<ISpriteManager, GeneratedSprites>();

/**
 * Makes the sprites that a scene file has brought back walk again. Babylon's loader makes plain managers of plain sprites, which
 * show the sheet and know nothing else; what this returns takes the place of the manager, as its sprites do of those that were
 * loaded. They stand where they stood, and go on with what they played.
 *
 *   RegisterGeneratedSheet();
 *   await AppendSceneAsync(file, scene);
 *   const guests = await restoreSpritesAsync(scene.spriteManagers![0]!);
 *   guests.sprites[0]!.play('walk', 'left');
 *
 * @param manager that of a scene file, which may still be painting; it is disposed, its sheet is not. Of one that was restored
 *                before, what took its place is returned
 * @throws        TypeError when it shows no generated sheet; what keeps the sheet from being painted; the signal's reason when
 *                aborted. The manager stays as it is then
 */
export async function restoreSpritesAsync(
  manager: ISpriteManager,
  { signal }: { signal?: AbortSignal } = {},
): Promise<GeneratedSprites> {
  const before = restored.get(manager);
  if (before) return before;
  if (!(manager as Partial<SpriteManager> | undefined)?.spriteRenderer) {
    throw new TypeError(
      `restoreSprites: the sprite manager is ${manager ? 'disposed' : manager}; give one of scene.spriteManagers, once the scene is loaded`,
    );
  }
  const sheet: unknown = manager.texture;
  if (!(sheet instanceof GeneratedSheet)) {
    throw new TypeError(
      `restoreSprites: the sprites of ${manager.name} show no generated sheet; call RegisterGeneratedSheet before the scene is loaded`,
    );
  }
  const { GeneratedSprites } = await import('./generatedSprites.ts');
  await untilAborted(sheet.whenPaintedAsync(), signal);
  if (manager instanceof GeneratedSprites) return manager;
  const sprites = restored.get(manager) ?? GeneratedSprites.takeOver(manager as SpriteManager, sheet);
  restored.set(manager, sprites);
  return sprites;
}
