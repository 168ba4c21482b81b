import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { AssetGenerator, GenerationProgress } from '../../../plugin/index.ts';
import { element } from '../../shared/element.ts';

const INTERVAL_MS = 500;
/** Share of the newest step in the average. */
const NEWEST = 0.1;

/** The corner that tells how fast everything is. */
export class Measures {
  private stepMs = 0;
  private generators: AssetGenerator[] = [];
  /** When each picture in the making took its last step. */
  private readonly lastSteps = new WeakMap<object, number>();

  constructor(engine: AbstractEngine, adapter: string) {
    show('adapter', adapter);
    setInterval(() => show('fps', `${formatFps(engine.getFps())} fps`), INTERVAL_MS);
  }

  /** Tells of this generator, too; the queues of all are one. */
  watch(generator: AssetGenerator): void {
    const { backend, reason } = generator.backend;
    show('backend', backend);
    element('[data-measure=backend]').title = reason;
    this.generators.push(generator);
    generator.onQueueChangedObservable.add(() => this.showQueue());
    this.showQueue();
  }

  private showQueue(): void {
    this.generators = this.generators.filter(({ isDisposed }) => !isDisposed);
    show('queue', String(this.generators.reduce((sum, { queueLength }) => sum + queueLength, 0)));
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
