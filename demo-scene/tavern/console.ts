import type { Scene } from '@babylonjs/core/scene.js';
import { encodeEdit } from '../../plugin/index.ts';
import type { Guest } from './people/guest.ts';
import type { Sitter } from './people/sitter.ts';

export interface Everything {
  portraits: () => readonly Sitter[];
  guests: () => readonly Guest[];
  things: () => readonly Sitter[];
  surfaces: () => readonly Sitter[];
}

/** For the browser's console: `page.portraits()`. */
export function exposeForConsole(scene: Scene, { portraits, guests, things, surfaces }: Everything): void {
  const page = {
    portraits: () => portraits().map(summary),
    guests: () => guests().map((guest) => ({ ...summary(guest), state: guest.state })),
    things: () => things().map(summary),
    surfaces: () => surfaces().map(summary),
    counts: () => countsOf(scene),
  };
  Object.assign(globalThis, { page });
}

function summary({ name, place, recipe }: Sitter) {
  return { name, place, ...recipe, ...encodeEdit(recipe) };
}

/** What must not grow with time. */
function countsOf({ textures, meshes, spriteManagers = [] }: Scene) {
  const numSprites = spriteManagers.reduce((sum, { sprites }) => sum + sprites.length, 0);
  return { textures: textures.length, meshes: meshes.length, managers: spriteManagers.length, sprites: numSprites };
}
