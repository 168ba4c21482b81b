import file from './tavern.json';

/** What a portrait is painted from, and where it hangs. */
export interface PortraitPlan {
  label: string;
  seed: number;
  guidanceScale: number;
  /** Its middle on the back wall, in metres. */
  position: readonly [x: number, y: number];
  /** Width of the frame, in metres. */
  size: number;
  canvas: CanvasColour;
}

export type CanvasColour = 'moss' | 'wine' | 'ochre' | 'slate';

/** A point of the floor, in metres. */
export type Point = readonly [x: number, z: number];

/** Where a guest may be, and how to get there from the door. */
export interface Place {
  at: Point;
  /** Default: sits on a stool. */
  stands?: boolean;
  /** Points between the door and the place, in order. */
  way: readonly Point[];
}

/** Who comes after the first guests. */
export interface ArrivalsPlan {
  /** Seconds from one to the next. */
  everyS: number;
  /** In turn. */
  labels: readonly string[];
  /** Of the first of them; the others count up. */
  seed: number;
}

export interface GuestsPlan {
  /** Who is there at the start, one a place. */
  labels: readonly string[];
  /** Of the first guest; the others count up. */
  seed: number;
  guidanceScale: number;
  places: readonly Place[];
  /** Where guests come from, outside. */
  door: Point;
  arrivals: ArrivalsPlan;
}

/** The scene file: recipes and places, no picture. */
export interface TavernPlan {
  /** Address of the model's folder. */
  model: string;
  portraits: readonly PortraitPlan[];
  guests: GuestsPlan;
  tables: readonly Point[];
}

export const TAVERN = file as unknown as TavernPlan;
