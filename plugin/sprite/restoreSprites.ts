// The sprites of a scene file, as they were before it was saved.
import type { ISpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import type { GeneratedSprites } from './generatedSprites.ts';

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
  const { GeneratedSprites } = await import('./generatedSprites.ts');
  return GeneratedSprites.RestoreAsync(manager, signal);
}
