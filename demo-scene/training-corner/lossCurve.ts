import type { Curve } from './protocol.ts';

/** At this many points, each pair of neighbours is merged into one. */
export const MAX_POINTS = 240;

/**
 * A loss over the steps in a bounded number of points, each the mean over equally many steps. As it grows, points cover
 * 1, 2, 4, 8 … steps.
 */
export class LossCurve {
  private points: number[] = [];
  private stepsPerPoint = 1;
  private sum = 0;
  private count = 0;

  add(loss: number): void {
    this.sum += loss;
    this.count += 1;
    if (this.count < this.stepsPerPoint) return;
    this.points.push(this.sum / this.count);
    [this.sum, this.count] = [0, 0];
    if (this.points.length >= MAX_POINTS) this.halve();
  }

  /** The points, each at the last step that it covers. */
  get curve(): Curve {
    return { steps: this.points.map((_, i) => (i + 1) * this.stepsPerPoint), losses: [...this.points] };
  }

  /** The curve as plain data, for `restore`. */
  store(): StoredCurve {
    const { points, stepsPerPoint, sum, count } = this;
    return { points: [...points], stepsPerPoint, sum, count };
  }

  static restore({ points, stepsPerPoint, sum, count }: StoredCurve): LossCurve {
    return Object.assign(new LossCurve(), { points: [...points], stepsPerPoint, sum, count });
  }

  /** Forgets all losses after a step. Within one point, the mean stands for each of its losses. */
  rewind(step: number): void {
    const { points, stepsPerPoint } = this;
    const numPoints = Math.floor(step / stepsPerPoint);
    if (step >= points.length * stepsPerPoint + this.count) return;
    const count = step - numPoints * stepsPerPoint;
    const mean = points[numPoints] ?? this.sum / Math.max(1, this.count);
    Object.assign(this, { points: points.slice(0, numPoints), count, sum: count * mean });
  }

  private halve(): void {
    const { points } = this;
    this.points = Array.from({ length: points.length / 2 }, (_, i) => (points[2 * i]! + points[2 * i + 1]!) / 2);
    this.stepsPerPoint *= 2;
  }
}

export interface StoredCurve {
  points: number[];
  stepsPerPoint: number;
  sum: number;
  count: number;
}
