/** The room in metres: x to the right, y up, z away from the eye. The back wall carries the portraits. */
export const ROOM = { halfWidth: 5.2, backZ: 3.6, frontZ: -5.2, height: 4.35 } as const;

/** Height of the panelling along the walls. */
export const PANEL_HEIGHT = 0.96;

export const FIREPLACE = { x: 3.3, width: 2.5, depth: 0.55, openingWidth: 1.35, openingHeight: 1.1 } as const;

/** In the back wall, at its left end. */
export const DOOR = { x: -4.52, width: 0.9, height: 2 } as const;

/** The beam above the hearth; y of its upper side. */
export const MANTEL = { y: 1.72, thickness: 0.2 } as const;
