// In which slots a surface material shows the maps that it made, and how that is saved: a lava may glow in its own albedo.
import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import type { TiledSurface } from './hashTiling.ts';

export type MapName = keyof TiledSurface;

/** Slots of a material by name; null: nothing is shown there. */
type Slots = Record<string, BaseTexture | null>;

/** How a scene file says that a slot shows a map of the material itself. */
interface SavedMap {
  figmentMap: MapName;
}

const MAP_NAMES: readonly MapName[] = ['albedo', 'normal', 'orm'];

/** Where the maps are that the material makes, in their order, unless a game shows others there, or none. */
export const USUAL_SLOTS = ['albedoTexture', 'bumpTexture', 'metallicTexture'] as const;

/** Colours of a material are saved by names such as "albedo". */
const isTexture = (slot: string) => slot.endsWith('Texture');

/** The slots among these that show maps of this surface. */
export function shownMaps(material: object, surface: TiledSurface, slots: readonly string[]): Map<string, MapName> {
  const shown = slots.filter(isTexture).flatMap((slot): [string, MapName][] => {
    const name = MAP_NAMES.find((map) => (material as Slots)[slot] === surface[map]);
    return name ? [[slot, name]] : [];
  });
  return new Map(shown);
}

/** Shows maps of this surface in slots of a material. */
export function showMaps(material: object, surface: TiledSurface, shown: ReadonlyMap<string, MapName>): void {
  for (const [slot, map] of shown) (material as Slots)[slot] = surface[map];
}

/** Says in saved settings which slots show maps of the material, of those that it has not shown from the beginning. */
export function saveMaps(saved: Record<string, unknown>, shown: ReadonlyMap<string, MapName>): void {
  for (const [slot, map] of shown) {
    if (slot === USUAL_SLOTS[MAP_NAMES.indexOf(map)]) delete saved[slot];
    else saved[slot] = { figmentMap: map } satisfies SavedMap;
  }
}

/** What `saveMaps` said, of slots that this material has, for a scene file may name anything; and all other settings. */
export function readMaps(material: object, saved: Record<string, unknown>) {
  const shown = new Map<string, MapName>();
  const others: Record<string, unknown> = {};
  for (const [slot, value] of Object.entries(saved)) {
    const map = MAP_NAMES.find((name) => name === (value as Partial<SavedMap> | null)?.figmentMap);
    if (map && isTexture(slot) && slot in material) shown.set(slot, map);
    else others[slot] = value;
  }
  return { shown, others };
}
