import { uniforms } from '../../runtime/core/random.ts';

const BLOCK = 256;

/** Random choices that a seed and a stream fix: a case that failed can be thrown again. */
export class CaseDice {
  private values: Float64Array = new Float64Array(0);
  private at = 0;
  private numBlocks = 0;

  constructor(
    private readonly seed: number,
    private readonly stream: number,
  ) {}

  /** 0 ≤ x < 1 */
  next(): number {
    if (this.at === this.values.length) {
      this.values = uniforms(this.seed, (this.stream + this.numBlocks++ * 0x10001) >>> 0, BLOCK);
      this.at = 0;
    }
    return this.values[this.at++]!;
  }

  /** A whole number from 0, below `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }

  happens(probability: number): boolean {
    return this.next() < probability;
  }
}
