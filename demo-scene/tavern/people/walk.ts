import type { Point } from '../tavernFile.ts';

/** A way over the floor, from point to point in straight lines. */
export class Walk {
  readonly lengthM: number;
  /** Where each point is along the way, in metres. */
  private readonly marks: number[] = [0];

  /** @param points at least one */
  constructor(private readonly points: readonly Point[]) {
    for (let i = 1; i < points.length; i++) {
      const [[fromX, fromZ], [toX, toZ]] = [points[i - 1]!, points[i]!];
      this.marks.push(this.marks[i - 1]! + Math.hypot(toX - fromX, toZ - fromZ));
    }
    this.lengthM = this.marks.at(-1)!;
  }

  /** The point after so many metres; the end for all that are more. */
  at(distanceM: number): Point {
    const next = this.marks.findIndex((mark) => mark > distanceM);
    if (next === -1) return this.points.at(-1)!;
    if (next === 0) return this.points[0]!;
    const [[fromX, fromZ], [toX, toZ]] = [this.points[next - 1]!, this.points[next]!];
    const share = (distanceM - this.marks[next - 1]!) / (this.marks[next]! - this.marks[next - 1]!);
    return [fromX + share * (toX - fromX), fromZ + share * (toZ - fromZ)];
  }
}
