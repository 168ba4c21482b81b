import type { Observable } from '@babylonjs/core/Misc/observable.js';

/**
 * Calls a listener. What it throws is reported as uncaught, as from a listener of an event: whoever tells of a thing goes on
 * as if nobody had listened.
 */
export function tell<Told extends unknown[]>(listener: ((...told: Told) => void) | undefined, ...told: Told): void {
  try {
    listener?.(...told);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Tells all who observe, as `tell` does. */
export function notify<Value>(observable: Observable<Value>, value: Value): void {
  tell(() => observable.notifyObservers(value));
}
