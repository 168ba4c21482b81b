import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { AssetGenerator, GenerationProgress } from '../../../plugin/index.ts';
import { element } from '../../shared/page.ts';

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

const MEGABYTE = 1e6;

/** The line below the title: what the page is waiting for. */
export class ProgressLine {
  private readonly line = element('#progress');
  private readonly text = element('span', this.line);
  private readonly bar = element<HTMLProgressElement>('progress', this.line);

  /** @param what the model paints; @param totalBytes unknown where the server does not tell */
  loading(what: string, loadedBytes: number, totalBytes: number | undefined): void {
    const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
    const all = totalBytes ? ` of ${megabytes(totalBytes)}` : '';
    this.show(`Fetching the ${what}: ${megabytes(loadedBytes)}${all} MB`, totalBytes ? loadedBytes / totalBytes : 0);
  }

  /** How many portraits are finished. */
  portraits(numDone: number, numAll: number): void {
    this.show(`Painting portrait ${Math.min(numDone + 1, numAll)} of ${numAll}`, numDone / numAll);
  }

  painting(what: string): void {
    this.show(`Painting the ${what}`, 0);
    this.bar.hidden = true;
  }

  /** Says a last sentence, or nothing. */
  end(sentence = ''): void {
    this.show(sentence, 1);
    this.bar.hidden = true;
  }

  private show(text: string, share: number): void {
    this.text.textContent = text;
    this.bar.value = share;
    this.bar.hidden = false;
  }
}
