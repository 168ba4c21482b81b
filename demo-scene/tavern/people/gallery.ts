import type { GenerationProgress, PipelineName } from '../../../plugin/index.ts';
import type { Portrait } from './portrait.ts';
import { type Artist, plannedRecipe, type Sitter } from './sitter.ts';

/** What the gallery needs of a portrait. */
export type Framed = Sitter &
  Pick<Portrait, 'plan' | 'place' | 'giveUp' | 'paintAsync' | 'paintByAsync' | 'onProgressObservable'>;

export interface GalleryEvents {
  onCome(sitter: Sitter): void;
  onStep(sitter: Sitter, progress: GenerationProgress): void;
  onPortraits(numDone: number, numAll: number): void;
}

/** The portraits on the wall, and the model that paints them. */
export class Gallery {
  private artist: Artist | null = null;

  constructor(
    private readonly portraits: readonly Framed[],
    private readonly events: GalleryEvents,
    private pipeline: PipelineName,
  ) {
    for (const portrait of portraits) {
      portrait.onProgressObservable.add((progress) => events.onStep(portrait, progress));
      events.onCome(portrait);
    }
  }

  /** Whether somebody paints the portraits, or has painted them. */
  get hasArtist(): boolean {
    return this.artist !== null;
  }

  /**
   * Paints all portraits by this artist, and disposes the artist before. Settles when all portraits are painted, or at
   * once when another artist takes over.
   */
  async paintAllAsync(artist: Artist): Promise<void> {
    this.artist?.generator.dispose();
    this.artist = artist;
    let numDone = 0;
    this.events.onPortraits(0, this.portraits.length);
    const painting = this.portraits.map(async (portrait) => {
      const recipe = artist.keeping.recipeAt(portrait.place) ?? plannedRecipe(portrait.plan, artist);
      await portrait.paintAsync(artist, recipe, this.pipelineOf(artist));
      this.events.onPortraits(++numDone, this.portraits.length);
    });
    await Promise.all(painting).catch((error) => {
      if (this.artist === artist) throw error;
    });
  }

  /** Leaves the portraits blank, since there is no model to paint them. */
  giveUp(): void {
    for (const portrait of this.portraits) portrait.giveUp();
  }

  /** Paints all portraits by another pipeline, each in its place. A model without that pipeline uses `ddpm`. */
  async paintByAsync(pipeline: PipelineName): Promise<void> {
    this.pipeline = pipeline;
    const { artist } = this;
    if (!artist) return;
    const own = this.pipelineOf(artist);
    await Promise.all(this.portraits.map((portrait) => portrait.paintByAsync(own)));
  }

  private pipelineOf({ generator }: Artist): PipelineName {
    return generator.info.pipelines.includes(this.pipeline) ? this.pipeline : 'ddpm';
  }
}
