import type { AssetGenerator } from '../../plugin/index.ts';
import { element } from '../shared/element.ts';

/** What paints and why, how long a step takes, and how much waits. */
export class StatusLine {
  constructor({ backend, onQueueChangedObservable }: AssetGenerator) {
    const name = backend.adapter ? `${backend.backend} (${backend.adapter})` : backend.backend;
    show('backend', `${name}: ${backend.reason}`);
    onQueueChangedObservable.add((length) => show('queue', String(length)));
  }

  /** Notes how long a picture took, its decoding and its waiting included. */
  painted(durationMs: number, numSteps: number): void {
    const stepMs = durationMs / numSteps;
    show('step', `about ${stepMs.toFixed(stepMs < 10 ? 1 : 0)} ms`);
  }
}

function show(name: string, text: string): void {
  const place = element(`[data-status=${name}]`);
  place.textContent = text;
  place.title = text;
}
