import { batchKey, type Recipe, recipeKey } from '../runtime/index.ts';
import type { Painter } from './painting/painter.ts';

/** A picture: equal ones are one job, and those that are sampled alike may be painted in one batch. */
export interface PaintOrder {
  recipe: Recipe;
  /** A preview after every n-th step; 0: none. */
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

/** Two orders of one key as one, with the previews of both. */
export function joinOrders(waiting: Order, joining: Order): Order {
  if (!isPaintOrder(waiting) || !isPaintOrder(joining)) return waiting;
  return { ...waiting, previewEvery: previewEveryOf([waiting, joining]) };
}

/** After how many steps a preview is due, so that each order has its own: their greatest common divisor; 0: none. */
export function previewEveryOf(orders: readonly PaintOrder[]): number {
  return orders.reduce((every, order) => greatestCommonDivisor(every, order.previewEvery), 0);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b > 0 ? greatestCommonDivisor(b, a % b) : a;
}

export function orderBatchKey(order: Order): string {
  return isPaintOrder(order) ? batchKey(order.recipe) : order.key;
}
