// Painting workers that fail to load, fail, crash, or fall silent at any moment.

import type { FromWorker, ToWorker } from '../../../plugin/painting/workerMessages.ts';
import { WorkerPainter } from '../../../plugin/painting/workerPainter.ts';
import type { Recipe } from '../../../runtime/index.ts';
import { type Attack, demand } from '../attack.ts';

const INFO = { name: 'tiny', widthPx: 1, heightPx: 2, circularPadding: false, labels: ['elf'] };
const BACKEND = { backend: 'wasm', adapter: null, reason: '' };
const RECIPE: Recipe = { label: 'elf', seed: 1, guidanceScale: 2, numInferenceSteps: 4, sampler: 'ddim' };

/** What a worker may come to. The first is good, so that there is one to paint with. */
const FATES = ['good', 'no load', 'crashes', 'falls silent'] as const;
type Fate = (typeof FATES)[number];

/** Answers as a worker does, as long as its fate lets it. */
class FatefulWorker {
  onmessage: ((event: { data: FromWorker }) => void) | null = null;
  onerror: ((event: { message: string }) => void) | null = null;
  private isGone = false;
  private numPainted = 0;

  constructor(
    private readonly fate: Fate,
    private readonly lifetime: number,
  ) {}

  postMessage(message: ToWorker): void {
    queueMicrotask(() => this.obey(message));
  }

  terminate(): void {
    this.isGone = true;
  }

  private obey(message: ToWorker): void {
    if (message.type === 'load') this.load();
    else if (message.type === 'ping') this.say({ type: 'alive' });
    else if (message.type === 'paint') this.paint(message);
  }

  private paint({ job, recipes }: Extract<ToWorker, { type: 'paint' }>): void {
    const isOver = this.numPainted++ >= this.lifetime;
    if (isOver && this.fate === 'falls silent') this.terminate();
    if (isOver && this.fate === 'crashes' && !this.isGone) this.onerror?.({ message: 'out of memory' });
    else
      this.say({
        type: 'painted',
        job,
        pictures: recipes.map(({ seed }) => ({ pixels: Uint8Array.of(seed, 0, 0, 255, 0, 0, 0, 255), maps: null })),
      });
  }

  private load(): void {
    if (this.fate === 'no load') this.say({ type: 'failed', job: null, error: new Error('worker: no wasm') });
    else this.say({ type: 'loaded', info: INFO, backend: BACKEND } as unknown as FromWorker);
  }

  private say(message: FromWorker): void {
    if (!this.isGone) this.onmessage?.({ data: message });
  }
}

export const workers: Attack = {
  name: 'workers that break',
  limitMs: 2000,
  weight: 0.5,
  open: async () => ({
    async attempt(dice) {
      let numStarted = 0;
      const createWorker = () =>
        new FatefulWorker(numStarted++ === 0 ? 'good' : dice.pick(FATES), dice.below(3)) as unknown as Worker;
      const painter = await WorkerPainter.CreateAsync({}, 'tiny', {
        numWorkers: 1 + dice.below(3),
        createWorker,
        heartbeatMs: 1,
      });
      try {
        const seeds = Array.from({ length: 1 + dice.below(8) }, () => dice.below(256));
        const pictures = await Promise.all(seeds.map((seed) => painter.paintAsync([{ ...RECIPE, seed }])));
        const bytes = await Promise.all(pictures.map(([picture]) => picture!.readPixelsAsync()));
        demand(
          bytes.every((pixels, i) => pixels[0] === seeds[i]),
          'somebody got the picture of another',
        );
        return 'correct';
      } finally {
        painter.dispose();
      }
    },
    close: async () => {},
  }),
};
