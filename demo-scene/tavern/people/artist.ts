import type { AssetGenerator } from '../../../plugin/index.ts';
import { Keeping } from './keeping.ts';

/** A model that paints, the name that it has in copied recipes, and what is kept of its pictures. */
export class Artist {
  readonly keeping: Keeping;

  constructor(
    readonly generator: AssetGenerator,
    readonly name: string,
  ) {
    this.keeping = new Keeping(generator.info.hash, generator.labels, generator.sizePx);
  }
}
