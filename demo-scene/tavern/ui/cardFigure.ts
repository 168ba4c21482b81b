import type { ModelInfo } from '../../../plugin/index.ts';
import { frameAt, standingFrame } from '../../shared/frames.ts';
import { drawStill, element } from '../../shared/page.ts';

/** The ways in which the figure walks, one after the other. */
const TURNS = ['down', 'right', 'up', 'left'];
/** How often a walk is shown before the figure turns. */
const NUM_CYCLES = 2;

/** The guest as a figure on the card: it walks on the spot and turns, where its model makes frames of that. */
export class CardFigure {
  private readonly canvas = element<HTMLCanvasElement>('#card-figure');
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** How many frames were shown, of whatever picture: another picture of the guest walks on. */
  private numShown = 0;

  hide(): void {
    clearTimeout(this.timer);
    this.canvas.hidden = true;
  }

  /** Shows the place of a figure whose picture is not there yet. */
  await(): void {
    this.hide();
    this.canvas.hidden = false;
  }

  /** @param pixels of all frames: RGBA bytes, top row first */
  show(pixels: Uint8Array, info: ModelInfo): void {
    clearTimeout(this.timer);
    const still = standingFrame(pixels, info);
    this.canvas.style.setProperty('--height-px', String(still.heightPx));
    drawStill(this.canvas, still);
    const walk = walkOf(info);
    if (walk.length > 0 && !matchMedia('(prefers-reduced-motion: reduce)').matches) this.step(pixels, info, walk);
  }

  private step(pixels: Uint8Array, info: ModelInfo, walk: readonly number[]): void {
    const index = walk[this.numShown++ % walk.length]!;
    drawStill(this.canvas, frameAt(pixels, info, index));
    this.timer = setTimeout(() => this.step(pixels, info, walk), info.frames![index]!.durationMs);
  }
}

/** The frames of walking in all directions, by their places in the picture, in the order in which the card shows them. */
export function walkOf({ frames = [] }: Pick<ModelInfo, 'frames'>): number[] {
  return TURNS.flatMap((turn) => {
    const cycle = [...frames.keys()].filter((i) => frames[i]!.action === 'walk' && frames[i]!.direction === turn);
    return new Array(NUM_CYCLES).fill(cycle).flat();
  });
}
