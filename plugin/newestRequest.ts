import { type Recipe, type RecipeOptions, recipeKey } from '../runtime/index.ts';

/**
 * Requests for one place, such as a texture or a cell of a sheet, of which the newest wins: where one begins to be painted,
 * the one that is being painted is aborted, and what was asked for earlier, but still waits for a model, never begins. Where
 * both are for the same picture, the older is aborted only once the newer waits for it, too, so that its painting goes on.
 */
export class NewestRequest {
  /** The number of the request that was asked for last. */
  lastAsked = 0;
  /** The number of the newest request that has begun: what is painted once more takes no newer request's place by it. */
  lastBegun = 0;
  private pending: AbortController | null = null;
  /** What has begun and not ended, in order: the newest, and those that it has not taken over from. */
  private readonly running = new Set<AbortController>();
  private wanted: Recipe | null = null;
  /** The signal by which the caller may give up the request that is being painted. */
  private signal: AbortSignal | undefined;

  /** @param superseded makes the AbortError of a request whose place a newer one took */
  constructor(private readonly superseded: () => DOMException) {}

  /** The recipe that is being painted; null while nothing is painted, and as soon as the caller gives the request up. */
  get recipe(): Readonly<RecipeOptions> | null {
    return this.pending && !this.signal?.aborted ? this.wanted : null;
  }

  /** Numbers a request, before all that it waits for. */
  ask(): number {
    return ++this.lastAsked;
  }

  /** @throws an AbortError when a newer request has begun to be painted */
  assertNewest(request: number): void {
    if (request < this.lastBegun) throw this.superseded();
  }

  /** Begins to paint a request, in place of the one that is being painted. `end` it in any case. */
  begin(request: number, recipe: Recipe, signal: AbortSignal | undefined): AbortController {
    const isSame = this.wanted !== null && recipeKey(this.wanted) === recipeKey(recipe);
    if (!isSame) this.abort(this.superseded());
    this.lastBegun = request;
    this.wanted = recipe;
    this.signal = signal;
    this.pending = new AbortController();
    this.running.add(this.pending);
    return this.pending;
  }

  /** Aborts what began before a request, which waits for its picture by now. */
  takeOver(pending: AbortController): void {
    for (const older of this.running) {
      if (older === pending) return;
      older.abort(this.superseded());
    }
  }

  /** Whether this request is being painted still, and no other. */
  isOf(pending: AbortController): boolean {
    return this.pending === pending;
  }

  /** Ends a request, unless another has taken its place. */
  end(pending: AbortController): void {
    if (!this.running.has(pending)) return;
    this.takeOver(pending);
    this.running.delete(pending);
    if (this.isOf(pending)) this.pending = null;
  }

  /** Aborts what is being painted. */
  abort(reason: DOMException): void {
    for (const pending of this.running) pending.abort(reason);
  }
}
