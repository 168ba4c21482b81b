import {
  entryForTeacher,
  type ModelInfo,
  needsEncoder,
  type OnProgress,
  type Recipe,
  type RecipeOptions,
} from '../../runtime/index.ts';
import type { ModelBytes } from '../loading/loadModelBytes.ts';
import type { CurrentPainter } from './currentPainter.ts';
import { LazyPart } from './lazyPart.ts';
import type { Painter } from './painter.ts';

/** The parts of a model that are fetched once a recipe needs them. */
export class LazyParts {
  private readonly cvae: LazyPart;
  private readonly teacher: LazyPart;
  /** The whole auto-encoder, of a model that came without its encoder. */
  private readonly vae: LazyPart | null;

  constructor({ readPart, hasEncoder }: ModelBytes) {
    this.cvae = new LazyPart('cvae', readPart);
    this.teacher = new LazyPart('teacher', readPart);
    this.vae = hasEncoder ? null : new LazyPart('vae', readPart);
  }

  /** sha-256 of the files of the conditional VAE; empty before it was added. */
  get cvaeHash(): string {
    return this.cvae.hash;
  }

  /** Fetches what a recipe needs besides the model, where it is not there yet. @throws MissingFileError where there is none */
  async addForAsync(
    recipe: Partial<RecipeOptions> | Recipe,
    info: ModelInfo,
    painter: CurrentPainter,
    onProgress?: OnProgress,
  ): Promise<void> {
    const { pipeline = 'ddpm' } = recipe;
    if (needsEncoder(recipe)) await this.vae?.addAsync(painter, onProgress);
    if (pipeline !== 'ddpm') await this.cvae.addAsync(painter, onProgress);
    if (entryForTeacher(recipe, info) !== null) await this.teacher.addAsync(painter, onProgress);
  }

  /** Fetches the encoder; null where it is there already, so that nobody waits and loses a place in the queue. */
  addEncoder(painter: CurrentPainter): Promise<void> | null {
    return this.vae && !this.vae.isAdded ? this.vae.addAsync(painter) : null;
  }

  /** Gives another painter all parts that the one before it had. */
  async addAllTo(painter: Painter): Promise<void> {
    for (const part of this.all) await part.addTo(painter);
  }

  /** Frees their files, and what reads them. */
  dispose(): void {
    for (const part of this.all) part.dispose();
  }

  private get all(): LazyPart[] {
    return [this.cvae, this.teacher, ...(this.vae ? [this.vae] : [])];
  }
}
