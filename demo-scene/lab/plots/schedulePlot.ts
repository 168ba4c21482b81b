import type uPlot from 'uplot';
import { type ModelInfo, scheduleOf } from '../../../plugin/index.ts';
import { element } from '../../shared/element.ts';
import { isGuidedAt, type Settings } from '../settings.ts';
import { CURVE, GUIDED, MARGIN, marks, TimestepPlot, UNGUIDED } from './timestepPlot.ts';

/** The model's ᾱt over t, the timesteps that the sampler visits, and those between which it is guided. */
export class SchedulePlot {
  private readonly root = element('#schedule');
  private readonly plot: TimestepPlot;
  private readonly ts: number[];

  constructor(private readonly info: ModelInfo) {
    this.ts = Array.from({ length: info.scheduler.numTrainTimesteps }, (_, t) => t);
    this.plot = new TimestepPlot(element('.plot', this.root), info, {
      label: 'ᾱ',
      range: [-MARGIN, 1 + MARGIN],
      series: [{ label: 'ᾱ', stroke: CURVE, width: 2 }, marks('guided', GUIDED), marks('not guided', UNGUIDED)],
    });
  }

  show(settings: Settings): void {
    this.plot.show(this.dataOf(settings), [settings.intervalMin, settings.intervalMax]);
    const { timesteps } = scheduleOf(this.info, settings);
    const [first, last] = [timesteps[0]!, timesteps[timesteps.length - 1]!].map(Math.round);
    const numGuided = timesteps.filter((t) => isGuidedAt(t, settings)).length;
    const sentence =
      `ᾱ over t: ${timesteps.length} steps of ${settings.sampler}, ` +
      `from t = ${first} down to ${last}, ${numGuided} of them guided`;
    element('.steps', this.root).textContent = sentence;
    this.plot.container.setAttribute('aria-label', sentence);
  }

  /** t, ᾱt, and ᾱt at the steps with and without guidance. */
  private dataOf(settings: Settings): uPlot.AlignedData {
    const { alphasCumprod, timesteps } = scheduleOf(this.info, settings);
    const guided: (number | null)[] = this.ts.map(() => null);
    const unguided = [...guided];
    for (const t of timesteps) {
      const nearest = Math.round(t);
      (isGuidedAt(t, settings) ? guided : unguided)[nearest] = alphasCumprod[nearest]!;
    }
    return [this.ts, Array.from(alphasCumprod), guided, unguided];
  }
}
