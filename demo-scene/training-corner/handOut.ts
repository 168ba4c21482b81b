import { messageOf } from '../../runtime/index.ts';
import { Newest } from '../shared/newest.ts';

/** A model folder: path → bytes. */
type ModelFiles = Record<string, Uint8Array>;

/** The part of the page that can paint with a trained model. A use settles early when a newer one takes its place. */
export interface ModelUser {
  /** Paints the portraits with a trained model. */
  useModel(files: ModelFiles): Promise<void>;
  useShipped(): Promise<void>;
}

/** What `HandOut` needs of the panel whose buttons it works for: to have a model made and saved, and to tell the visitor how it goes. */
interface Counter {
  /** Has the worker make the model, which then comes to `take`. */
  makeModel(): void;
  /** Lets the visitor save a model. @returns a sentence that says how it went */
  save(files: ModelFiles): Promise<string>;
  notify(sentence: string): void;
  /** Called when a model is waited for, or no longer. */
  onWish(): void;
  /** Offers the way back to the shipped model, or no longer. */
  offerShipped(isOffered: boolean): void;
}

/** Hands the trained model to the scene or to the visitor, and gives the scene back its own. */
export class HandOut {
  /** What the model is for that is waited for; another object for each wish, so that one ended does not end the next. */
  private wish: { purpose: 'scene' | 'zip' } | null = null;
  private readonly uses = new Newest();

  constructor(
    private readonly user: ModelUser,
    private readonly counter: Counter,
  ) {}

  get isAwaited(): boolean {
    return this.wish !== null;
  }

  want(purpose: 'scene' | 'zip'): void {
    this.setWish({ purpose });
    this.counter.makeModel();
  }

  /** Takes the model that the worker has made, unless nobody wants it any more. */
  async take(files: ModelFiles): Promise<void> {
    const { wish } = this;
    if (!wish) return;
    if (wish.purpose === 'zip') await this.save(files);
    else await this.useInScene(files);
    if (this.wish === wish) this.setWish(null);
  }

  /** Ends the wish for a model that could not be made. */
  release(): void {
    this.setWish(null);
  }

  /** Has the scene paint by its own model again, and not by the trained one that it may still wait for. */
  async useShipped(): Promise<void> {
    if (this.wish?.purpose === 'scene') this.setWish(null);
    await this.use(() => this.user.useShipped(), {
      before: 'The shipped model paints the portraits…',
      after: 'The shipped model is back.',
      isTrained: false,
    });
  }

  private async useInScene(files: ModelFiles): Promise<void> {
    await this.use(() => this.user.useModel(files), {
      before: 'Your model paints the portraits…',
      after: 'Your model has painted every frame.',
      isTrained: true,
    });
  }

  /** Has the scene use a model; how that went is told unless another has been asked for meanwhile. */
  private async use(
    work: () => Promise<void>,
    { before, after, isTrained }: { before: string; after: string; isTrained: boolean },
  ): Promise<void> {
    const isNewest = this.uses.ask();
    this.counter.notify(before);
    const problem = await work().then(() => '', messageOf);
    if (!isNewest()) return;
    if (!problem) this.counter.offerShipped(isTrained);
    this.counter.notify(problem || after);
  }

  private async save(files: ModelFiles): Promise<void> {
    this.counter.notify(await this.counter.save(files).catch(messageOf));
  }

  private setWish(wish: HandOut['wish']): void {
    this.wish = wish;
    this.counter.onWish();
  }
}
