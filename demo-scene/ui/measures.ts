import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { GenerationProgress } from '../../plugin/index.ts';
import { element } from './element.ts';

const INTERVAL_MS = 500;
/** Share of the newest step in the average. */
const NEWEST = 0.1;

/** The corner that tells how fast everything is. */
export class Measures {
  private stepMs = 0;
  /** When each picture in the making took its last step. */
  private readonly lastSteps = new WeakMap<object, number>();

  constructor(engine: AbstractEngine, adapter: string) {
    show('adapter', adapter);
    setInterval(() => show('fps', `${formatFps(engine.getFps())} fps`), INTERVAL_MS);
  }

  backend(name: string, reason: string): void {
    show('backend', name);
    element('[data-measure=backend]').title = reason;
  }

  queue(length: number): void {
    show('queue', String(length));
  }

  /** Notes a step of the picture that `picture` stands for. */
  step(picture: object, { step }: GenerationProgress): void {
    const now = performance.now();
    const last = this.lastSteps.get(picture);
    this.lastSteps.set(picture, now);
    if (step === 1 || last === undefined) return;
    this.stepMs = this.stepMs === 0 ? now - last : this.stepMs + NEWEST * (now - last - this.stepMs);
    show('step', `${this.stepMs.toFixed(1)} ms`);
  }
}

function formatFps(fps: number): string {
  return fps.toFixed(fps < 10 ? 1 : 0);
}

function show(name: string, text: string): void {
  element(`[data-measure=${name}]`).textContent = text;
}
