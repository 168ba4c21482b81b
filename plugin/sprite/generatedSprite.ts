import { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { SpriteManager } from '@babylonjs/core/Sprites/spriteManager.js';
import { animationsOf, type Frame, type FrameAnimation, nearestWord, quote } from '../../runtime/index.ts';

/** How an animation is played. */
export interface PlayOptions {
  /** Whether it begins again at its end; default true. */
  loop?: boolean;
  /** How many times as fast as its frames say; default 1. */
  speed?: number;
  /** Called at the end of an animation that is not looped. */
  onEnd?: () => void;
}

/** The properties of a Babylon sprite that a scene file keeps, but for those of its animation. */
const KEPT = [
  'name',
  'position',
  'color',
  'width',
  'height',
  'angle',
  'cellIndex',
  'invertU',
  'invertV',
  'disposeWhenFinishedAnimating',
  'isPickable',
  'isVisible',
  'useAlphaForPicking',
] as const;

/** A sprite of a generated sheet. Where the model makes frames it walks, and stands still again. */
export class GeneratedSprite extends Sprite {
  private readonly known: readonly FrameAnimation[];
  private direction: string | undefined;

  /** `GeneratedSprites.createSprite` makes them. */
  constructor(
    name: string,
    manager: SpriteManager,
    cell: number,
    private readonly frames: readonly Frame[] = [],
  ) {
    super(name, manager);
    this.known = animationsOf(frames);
    this.cellIndex = cell * this.numFrames;
    if (frames.length > 0) this.stand();
  }

  /** The cell of the sheet, which has all frames of a character: what `repaintCellAsync` takes. */
  get cell(): number {
    return Math.floor(this.cellIndex / this.numFrames);
  }

  /** What it can play, such as `walk-left`; nothing where the model makes single pictures. */
  get animationNames(): readonly string[] {
    return this.known.map(({ name }) => name);
  }

  /**
   * Plays an action, in the direction that it had last where none is named. One that is playing in the same way goes on,
   * unless there is an `onEnd`, which begins it again.
   *
   *   npcs.createSprite('guard').play('walk', 'left');
   *
   * @throws RangeError for what the model has no frames of, naming what there is
   */
  play(action: string, direction?: string, { loop = true, speed = 1, onEnd }: PlayOptions = {}): this {
    if (!(Number.isFinite(speed) && speed > 0)) {
      throw new RangeError(`play: speed is ${quote(speed)}; expected a number above 0`);
    }
    const found = this.find(action, direction);
    if (!found) throw this.unknown(action, direction);
    const first = this.cell * this.numFrames;
    const [from, to] = [first + found.from, first + found.to];
    this.direction = found.direction;
    if (from === to && loop) return this.show(from);
    const delayMs = this.meanDurationMs(found) / speed;
    const isPlaying = this.animationStarted && this.fromIndex === from && this.toIndex === to;
    const goesOn = isPlaying && this.delay === delayMs && this.loopAnimation === loop && !onEnd;
    if (!goesOn) this.playAnimation(from, to, loop, delayMs, onEnd ?? null);
    return this;
  }

  /**
   * Stands still, looking where it looked last where no direction is named: in the frame of standing, or else in the first
   * of walking.
   *
   * @throws RangeError as `play`
   */
  stand(direction?: string): this {
    const found = this.find('stand', direction) ?? this.find('walk', direction);
    if (!found && direction !== undefined) throw this.unknown('stand', direction);
    this.direction = found?.direction;
    return this.show(this.cell * this.numFrames + (found?.from ?? 0));
  }

  /** Takes the place of a sprite of the same sheet, in all that a scene file keeps of one, and goes on with what it plays. */
  become(sprite: Sprite): this {
    for (const name of KEPT) Object.assign(this, { [name]: sprite[name] });
    const frame = sprite.cellIndex % this.numFrames;
    this.direction = this.known.find(({ from, to }) => from <= frame && frame <= to)?.direction;
    const { animationStarted, fromIndex, toIndex, loopAnimation, delay } = sprite;
    if (animationStarted) this.playAnimation(fromIndex, toIndex, loopAnimation, delay);
    return this;
  }

  private get numFrames(): number {
    return Math.max(1, this.frames.length);
  }

  private show(cellIndex: number): this {
    this.stopAnimation();
    this.cellIndex = cellIndex;
    return this;
  }

  /** The animation of an action: in this direction, or else in the last one, or in any. */
  private find(action: string, direction: string | undefined): FrameAnimation | undefined {
    const ofAction = this.known.filter((one) => one.action === action);
    if (direction !== undefined) return ofAction.find((one) => one.direction === direction);
    return ofAction.find((one) => one.direction === this.direction) ?? ofAction[0];
  }

  private meanDurationMs({ from, to }: FrameAnimation): number {
    const shown = this.frames.slice(from, to + 1);
    return shown.reduce((sum, { durationMs }) => sum + durationMs, 0) / shown.length;
  }

  private unknown(action: string, direction?: string): RangeError {
    const asked = direction === undefined ? action : `${action}-${direction}`;
    return new RangeError(
      this.known.length > 0
        ? `play: there are no frames of "${asked}"; did you mean "${nearestWord(this.animationNames, asked)}"? known: ${this.animationNames.join(', ')}`
        : `play: there are no frames of "${asked}", since the model makes single pictures; load a model of frames`,
    );
  }
}
