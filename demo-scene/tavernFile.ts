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

/** A place in the room in metres; who stands is lifted. */
export type Seat = readonly [x: number, z: number, lift?: number];

export interface GuestsPlan {
  labels: readonly string[];
  /** Of the first guest; the others count up. */
  seed: number;
  guidanceScale: number;
  /** One for each label. */
  seats: readonly Seat[];
}

/** The scene file: recipes and places, no picture. */
export interface TavernPlan {
  /** Address of the model's folder. */
  model: string;
  portraits: readonly PortraitPlan[];
  guests: GuestsPlan;
  tables: readonly (readonly [x: number, z: number])[];
}

export const TAVERN = file as unknown as TavernPlan;
