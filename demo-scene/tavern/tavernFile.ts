import type { SurfaceSettings } from '../../plugin/index.ts';
import type { PaintedMaterial } from './room/materials.ts';
import type { Vec } from './room/parts.ts';
import file from './tavern.json';

/** What a portrait is painted from, and where it hangs. */
export interface PortraitPlan {
  label: string;
  seed: number;
  guidanceScale: number;
  /** What is asked for besides, as far as the model knows it. */
  attributes?: Readonly<Record<string, string | number>>;
  /** Its middle on the back wall, in metres. */
  position: readonly [x: number, y: number];
  /** Width of the frame, in metres. */
  size: number;
  canvas: CanvasColour;
}

export type CanvasColour = 'moss' | 'wine' | 'ochre' | 'slate';

/** A point of the floor, in metres. */
export type FloorPoint = readonly [x: number, z: number];

/** Where a guest may be, and how to get there from the door. */
export interface Place {
  at: FloorPoint;
  /** Points between the door and the place, in order. */
  way: readonly FloorPoint[];
  /** Behind a table, where guests sit. */
  seated?: boolean;
}

/** Who comes after the first guests. */
export interface ArrivalsPlan {
  /** Seconds from one to the next. */
  everyS: number;
  /** In turn. */
  labels: readonly string[];
  /** The seed of the first of them; the others count up from it. */
  seed: number;
}

export interface GuestsPlan {
  /** Address of the model's folder. */
  model: string;
  /** Who is there at the start, one a place. */
  labels: readonly string[];
  /** The seed of the first guest; the others count up from it. */
  seed: number;
  guidanceScale: number;
  places: readonly Place[];
  /** Where guests come from, outside. */
  door: FloorPoint;
  arrivals: ArrivalsPlan;
}

/** What a thing is painted from, and where it is. */
export interface ThingPlan {
  label: string;
  seed: number;
  /** The place of its lowest pixel, in metres. */
  at: Vec;
  /** On a wall: casts no shadow on what is below. */
  hangs?: boolean;
}

export interface ThingsPlan {
  /** Address of the model's folder. */
  model: string;
  guidanceScale: number;
  spots: readonly ThingPlan[];
}

/** What a surface of the room is painted from. */
export interface SurfacePlan {
  material: PaintedMaterial;
  /** What the visitor reads. */
  name: string;
  label: string;
  seed: number;
  /** What is asked for besides, as far as the model knows it. */
  attributes?: Readonly<Record<string, string | number>>;
  /** Width and height of the picture, at least: whole tiles of the model make it. */
  sizePx: number;
  /** Metres that the picture covers, before it repeats. */
  coversM: number;
  /** What its colours are multiplied with. */
  tint: string;
  /** What is changed of the label's settings. */
  surface?: SurfaceSettings;
}

export interface SurfacesPlan {
  /** Address of the model's folder. */
  model: string;
  guidanceScale: number;
  of: readonly SurfacePlan[];
}

/** The scene file: models, recipes and places, no picture. Each part of the room names the model that paints it. */
export interface TavernPlan {
  /** Address of the folder of the model that paints the portraits. */
  model: string;
  portraits: readonly PortraitPlan[];
  guests: GuestsPlan;
  things: ThingsPlan;
  surfaces: SurfacesPlan;
  stools: readonly FloorPoint[];
  tables: readonly FloorPoint[];
}

export const TAVERN = file as unknown as TavernPlan;
