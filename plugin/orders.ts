import { batchKey, type Recipe, recipeKey } from '../runtime/index.ts';
import type { Painter } from './painting/painter.ts';

/** A picture: equal ones are one job, and those that are sampled alike may be painted in one batch. */
export interface PaintOrder {
  recipe: Recipe;
  previewEvery: number;
}

/** Other work on the model, alone in its batch. */
export interface WorkOrder {
  /** Unlike that of any other order. */
  key: string;
  work: (painter: Painter, signal: AbortSignal) => Promise<unknown>;
}

/** What waits in a generator's queue. */
export type Order = PaintOrder | WorkOrder;

export function isPaintOrder(order: Order): order is PaintOrder {
  return 'recipe' in order;
}

export function orderKey(order: Order): string {
  return isPaintOrder(order) ? recipeKey(order.recipe) : order.key;
}

export function orderBatchKey(order: Order): string {
  return isPaintOrder(order) ? batchKey(order.recipe) : order.key;
}
