import { Newest } from '../shared/newest.ts';

/**
 * Uses the model that was asked for last: one that loads slowly is disposed, and does not take the place of a newer one.
 *
 * @returns settles when the model is used, or at once when it is not wanted any more
 */
export function useNewest<Model extends { dispose(): void }>(
  use: (model: Model, name: string) => Promise<void>,
): (loading: Promise<Model>, name: string) => Promise<void> {
  const asked = new Newest();
  return async (loading, name) => {
    const isNewest = asked.ask();
    const model = await loading;
    if (isNewest()) await use(model, name);
    else model.dispose();
  };
}
