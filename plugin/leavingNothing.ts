import type { Scene } from '@babylonjs/core/scene.js';
import { messageOf, quote } from '../runtime/index.ts';

/** A texture or a material, as Babylon disposes them. */
interface Made {
  dispose(forceDisposeEffect?: boolean, forceDisposeTextures?: boolean): void;
}

/**
 * Reads a part of a scene file, which is not trusted. When that fails, the textures and materials that it has made so far are
 * disposed, except the table of reflections that Babylon keeps for all materials of the scene.
 *
 * @param parse is handed a function by which it tells what it has made: an asset container that is being loaded keeps that
 *              out of the scene's own lists
 * @throws RangeError as `parse` does; for any other error one that names the part
 */
export function leavingNothing<Part>(
  scene: Scene,
  name: unknown,
  parse: (tell: <Own extends Made>(made: Own) => Own) => Part,
): Part {
  const told: Made[] = [];
  const before = new Set<unknown>([...scene.materials, ...scene.textures]);
  try {
    if (name instanceof Object) throw new TypeError('its name is no text');
    return parse((made) => {
      told.push(made);
      return made;
    });
  } catch (error) {
    for (const made of told) made.dispose(false, true);
    before.add(scene.environmentBRDFTexture);
    for (const made of [...scene.materials, ...scene.textures]) if (!before.has(made)) made.dispose();
    if (error instanceof RangeError) throw error;
    const reason = messageOf(error).slice(0, 200);
    throw new Error(`scene file: ${quote(name)} is damaged (${reason}); save the scene again`, { cause: error });
  }
}
