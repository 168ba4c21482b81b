import type { Scene } from '@babylonjs/core/scene.js';
import { messageOf, quote } from '../runtime/index.ts';

/**
 * Reads a part of a scene file, which is not trusted. When that fails, the textures and materials that it has made so far are
 * disposed, except the table of reflections that Babylon keeps for all materials of the scene.
 *
 * @throws RangeError as `parse` does; for any other error one that names the part
 */
export function leavingNothing<Part>(scene: Scene, name: unknown, parse: () => Part): Part {
  const before = new Set<unknown>([...scene.materials, ...scene.textures]);
  try {
    return parse();
  } catch (error) {
    before.add(scene.environmentBRDFTexture);
    for (const made of [...scene.materials, ...scene.textures]) if (!before.has(made)) made.dispose();
    if (error instanceof RangeError) throw error;
    const reason = messageOf(error).slice(0, 200);
    throw new Error(`scene file: ${quote(name)} is damaged (${reason}); save the scene again`, { cause: error });
  }
}
