// Small figures that walk in four directions, drawn by formula: a data set of frames to try a training with.
import { parseFrames } from '../../../../runtime/core/frames.ts';
import { scaleNearest } from '../../../../runtime/core/scaleNearest.ts';
import type { AttributeColumn, Dataset } from '../../../../runtime/index.ts';
import { colours } from '../colours.ts';
import { Dice, type Rgb, scale } from '../surfaces/surface.ts';

/** Figures are drawn on a grid of 16 × 24; larger images repeat its pixels. */
export const WALKER_GRID = { widthPx: 16, heightPx: 24 };

const DIRECTIONS = ['down', 'left', 'right', 'up'] as const;
type Direction = (typeof DIRECTIONS)[number];

/** How far the left leg is ahead in each step of a walk. */
const STRIDES = [2, 0, -2, 0];

/** What a figure is drawn in, from left to right. */
export const WALKER_FRAMES = parseFrames(
  DIRECTIONS.flatMap((direction) => [
    ...STRIDES.map((_, frame) => ({ direction, frame, durationMs: 120 })),
    { direction, frame: 'stand' },
  ]),
);

const HAIR = { black: '28150a', brown: '603a14', blonde: 'cab188', red: 'bd4710', grey: '9a9aa4' };
const CLOTHES = { red: 'c02838', green: '3a9048', blue: '3060c0', yellow: 'd8b030', purple: '8040a0' };
const SKIN = { fair: 'f5cfa0', tan: 'cb9e6e', dark: '8d5524' };
const WIDTHS = { slim: 4, broad: 6 };
const STEEL: Rgb = [150, 156, 170];
const TROUSERS: Rgb = [70, 62, 58];

export const WALKER_LABELS = ['guard', 'villager', 'wizard'] as const;

/** What is the same in all frames of a figure. */
interface Figure {
  label: (typeof WALKER_LABELS)[number];
  hair: Rgb;
  clothes: Rgb;
  skin: Rgb;
  width: number;
}

export interface WalkerOptions {
  /** Figures of each label. */
  count?: number;
  /** Width of a frame, a multiple of that of the grid. */
  sizePx?: number;
  /** uint32. */
  seed?: number;
  /** Called after each figure. */
  onProgress?: (numDone: number, numImages: number) => void;
}

export const WALKER_DEFAULTS = { count: 200, sizePx: 16, seed: 0 };

/** Draws a data set of figures in all their frames, RGBA. Yields to timers while it draws. */
export async function drawWalkers(options: WalkerOptions = {}): Promise<Dataset> {
  const { count, sizePx, seed, onProgress } = { ...WALKER_DEFAULTS, ...options };
  const { widthPx, heightPx } = WALKER_GRID;
  const factor = sizePx / widthPx;
  const numImages = WALKER_LABELS.length * count;
  const tileBytes = 4 * widthPx * heightPx * factor ** 2;
  const images = new Uint8Array(numImages * WALKER_FRAMES.length * tileBytes);
  const looks: number[][] = [];
  for (let index = 0; index < numImages; index++) {
    const dice = new Dice(seed, index);
    const look = [HAIR, CLOTHES, SKIN, WIDTHS].map((words) => dice.whole(0, Object.keys(words).length - 1));
    const figure = figureOf(WALKER_LABELS[Math.floor(index / count)]!, look, dice);
    looks.push(look);
    for (const [f, { direction, action, index: step }] of WALKER_FRAMES.entries()) {
      const stride = action === 'walk' ? STRIDES[step]! : null;
      const small = drawFigure(figure, direction as Direction, stride);
      images.set(scaleNearest(small, widthPx, heightPx, factor), (index * WALKER_FRAMES.length + f) * tileBytes);
    }
    onProgress?.(index + 1, numImages);
    if (index % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const column = (name: string, words: object, place: number): AttributeColumn => ({
    name,
    values: Object.keys(words),
    data: Int16Array.from(looks, (look) => look[place]!),
  });
  return {
    name: 'walkers',
    widthPx: widthPx * factor,
    heightPx: heightPx * factor,
    channels: 4,
    labels: [...WALKER_LABELS],
    licence: 'CC0 1.0',
    attribution: 'Drawn by formula (figment dataset walkers)',
    images,
    classLabels: Int32Array.from({ length: numImages }, (_, index) => Math.floor(index / count)),
    frames: WALKER_FRAMES,
    attributes: [
      column('hair_colour', HAIR, 0),
      column('clothes_colour', CLOTHES, 1),
      column('skin', SKIN, 2),
      column('build', WIDTHS, 3),
    ],
  };
}

function figureOf(label: Figure['label'], look: number[], dice: Dice): Figure {
  const shade = (words: Record<string, string>, place: number) =>
    scale(colours(Object.values(words)[look[place]!]!)[0]!, dice.between(0.93, 1.07));
  const [hair, clothes, skin] = [shade(HAIR, 0), shade(CLOTHES, 1), shade(SKIN, 2)];
  return { label, hair, clothes, skin, width: Object.values(WIDTHS)[look[3]!]! };
}

/** RGBA of one frame, lit from the left whatever the direction. */
function drawFigure(figure: Figure, direction: Direction, stride: number | null): Uint8Array {
  const canvas = new Canvas(direction === 'right');
  const isSide = direction === 'left' || direction === 'right';
  const sunk = stride === null || stride === 0 ? 0 : 1; // it is lowest when both feet are on the ground
  drawLegs(canvas, figure, isSide, stride ?? 0);
  drawBody(canvas, figure, isSide, stride ?? 0, sunk);
  drawHead(canvas, figure, direction, sunk);
  return canvas.pixels;
}

const FEET = 23;
const HIPS = 16;
/** Between the two columns in the middle. */
const CENTRE = WALKER_GRID.widthPx / 2;

function drawLegs(canvas: Canvas, { label }: Figure, isSide: boolean, stride: number): void {
  const top = label === 'wizard' ? HIPS + 4 : HIPS; // below a robe
  for (const side of [1, -1]) {
    const [ahead, lifted] = isSide ? [side * stride, 0] : [0, Math.max(0, (side * stride) / 2)];
    const left = isSide ? CENTRE - 1 - ahead : CENTRE - 1 + side * 1 - (side < 0 ? 1 : 0);
    const far = isSide && side < 0 ? 0.7 : 1;
    canvas.fill(left, top, 2, FEET - lifted - top, scale(TROUSERS, far));
  }
}

function drawBody(canvas: Canvas, figure: Figure, isSide: boolean, stride: number, sunk: number): void {
  const { label, clothes, skin } = figure;
  const width = isSide ? 4 : figure.width;
  const left = CENTRE - width / 2;
  const top = 9 + sunk;
  canvas.fill(left, top, width, HIPS + 1 - top, clothes);
  if (label === 'wizard') canvas.fill(left, HIPS + 1, width, 4, clothes);
  if (isSide) {
    canvas.fill(CENTRE - 1 + stride, top + 1, 2, 5, scale(clothes, 0.75));
    canvas.fill(CENTRE - 1 + stride, top + 6, 2, 1, skin);
  } else {
    for (const side of [-1, 1]) {
      const arm = side < 0 ? left - 1 : left + width;
      canvas.fill(arm, top + 1, 1, 5 - Math.max(0, (side * stride) / 2), scale(clothes, 0.85));
      canvas.fill(arm, top + 6 - Math.max(0, (side * stride) / 2), 1, 1, skin);
    }
  }
  if (label === 'guard') canvas.fill(isSide ? CENTRE - 3 : left - 1, top + 2, 3, 5, STEEL);
}

function drawHead(canvas: Canvas, { label, hair, skin, clothes }: Figure, direction: Direction, sunk: number): void {
  const [left, top] = [CENTRE - 2, 4 + sunk];
  canvas.fill(left, top, 4, 5, skin);
  canvas.fill(left, top - 1, 4, 2, hair);
  if (direction === 'up') canvas.fill(left, top, 4, 4, hair);
  else if (direction === 'down') for (const eye of [0, 3]) canvas.fill(left + eye, top + 2, 1, 1, [20, 20, 30]);
  else {
    canvas.fill(left + 2, top, 2, 4, hair);
    canvas.fill(left, top + 2, 1, 1, [20, 20, 30]);
  }
  if (label === 'guard') canvas.fill(left, top - 2, 4, 2, STEEL);
  if (label !== 'wizard') return;
  canvas.fill(left - 1, top - 1, 6, 1, scale(clothes, 0.8));
  canvas.fill(left, top - 2, 4, 1, clothes);
  canvas.fill(left + 1, top - 4, 2, 2, clothes);
}

/** Rectangles on a grid that may be seen in a mirror; what lies right of the middle is darker. */
class Canvas {
  readonly pixels = new Uint8Array(4 * WALKER_GRID.widthPx * WALKER_GRID.heightPx);

  constructor(private readonly isMirrored: boolean) {}

  fill(left: number, top: number, width: number, height: number, colour: Rgb): void {
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) {
        const column = this.isMirrored ? WALKER_GRID.widthPx - 1 - x : x;
        const lit = scale(colour, column < CENTRE ? 1 : 0.8).map((value) => Math.min(255, Math.round(value)));
        this.pixels.set([...lit, 255], 4 * (y * WALKER_GRID.widthPx + column));
      }
    }
  }
}
