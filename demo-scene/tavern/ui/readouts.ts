import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import type { AssetGenerator, GenerationProgress } from '../../../plugin/index.ts';
import { element, loadingSentence } from '../../shared/page.ts';

const INTERVAL_MS = 500;
/** The weight of the newest step in the running average. */
const NEWEST = 0.1;

/** The corner of the page that shows how fast everything is. */
export class Measures {
  private stepMs = 0;
  private generators: AssetGenerator[] = [];
  /** When each unfinished picture took its last step. */
  private readonly lastSteps = new WeakMap<object, number>();

  constructor(engine: AbstractEngine, adapter: string) {
    show('adapter', adapter);
    setInterval(() => {
      show('fps', `${formatFps(engine.getFps())} fps`);
      show('resolution', `${engine.getRenderWidth()} × ${engine.getRenderHeight()}`);
    }, INTERVAL_MS);
  }

  /** Shows this generator too; the lengths of all queues are added up. */
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

  /** Counts a denoising step. @param picture any object that stands for the picture */
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

/** The line below the title, which says what the page is waiting for. */
export class ProgressLine {
  private readonly line = element('#progress');
  private readonly text = element('span', this.line);
  private readonly bar = element<HTMLProgressElement>('progress', this.line);
  /** Read out when it changes: once for each part of the work, and not at every picture or tenth of a megabyte. */
  private readonly forReaders = element('[data-progress]');
  private painted = '';
  private numAll = 0;

  loading(what: string, loadedBytes: number, totalBytes: number | undefined): void {
    const share = totalBytes ? loadedBytes / totalBytes : 0;
    this.show(loadingSentence(what, loadedBytes, totalBytes), share, `Fetching the ${what}`);
  }

  portraits(numDone: number, numAll: number): void {
    const sentence = `Painting portrait ${Math.min(numDone + 1, numAll)} of ${numAll}`;
    this.show(sentence, numDone / numAll, 'Painting the portraits');
  }

  /** @param numLeft how many pictures are still to be painted; the most that there have been are all */
  painting(what: string, numLeft: number): void {
    if (what !== this.painted) [this.painted, this.numAll] = [what, 0];
    if (what === 'portraits') return; // they tell by themselves
    this.numAll = Math.max(this.numAll, numLeft);
    const numDone = this.numAll - numLeft;
    const sentence =
      numLeft > 0 ? `Painting the ${what}: ${numDone} of ${this.numAll}` : `Putting the ${what} in place`;
    this.show(sentence, numDone / this.numAll, `Painting the ${what}`);
  }

  /** Shows a last sentence, or none, without the bar. */
  end(sentence = ''): void {
    this.show(sentence, 1, sentence);
    this.bar.hidden = true;
  }

  private show(text: string, share: number, said: string): void {
    this.text.textContent = this.text.title = text;
    if (this.forReaders.textContent !== said) this.forReaders.textContent = said;
    this.bar.value = share;
    this.bar.hidden = false;
  }
}
