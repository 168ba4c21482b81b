import type { AssetGenerator, GuidanceTrace } from '../../../plugin/index.ts';
import { element } from '../../shared/element.ts';
import { recipeOf, type Settings } from '../settings.ts';
import { GUIDED, MARGIN, TimestepPlot } from './timestepPlot.ts';

/** Behind the portrait and before the strips. */
const PRIORITY = 5;

/** How far guidance moves the predicted noise at each step, over t. */
export class GuidancePlot {
  private readonly root = element('#guidance');
  private readonly plot: TimestepPlot;
  /** Of the recipe that is plotted; '' when there is none. */
  private shown = '';

  constructor(private readonly generator: AssetGenerator) {
    this.plot = new TimestepPlot(element('.plot', this.root), generator.info, {
      label: 'Δε',
      range: (_plot, _min, max) => [-MARGIN * topOf(max), topOf(max)],
      series: [{ label: 'norm', stroke: GUIDED, width: 2, points: { show: true, size: 6, fill: GUIDED } }],
    });
  }

  /** Marks the plot as out of date when it is. */
  show(settings: Settings): void {
    this.root.toggleAttribute('data-stale', this.shown !== this.keyOf(settings));
  }

  /** Measures what is out of date. @throws the signal's reason */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    const key = this.keyOf(settings);
    if (this.shown === key) return;
    const recipe = recipeOf(settings, this.generator.info);
    const trace = await this.generator.traceGuidanceAsync({ ...recipe, priority: PRIORITY, signal });
    signal.throwIfAborted();
    const { timesteps, guidanceNorm } = trace;
    this.plot.show([timesteps.toReversed(), guidanceNorm.toReversed()], [settings.intervalMin, settings.intervalMax]);
    const sentence = describeTrace(trace, settings);
    element('.norms', this.root).textContent = sentence;
    this.plot.container.setAttribute('aria-label', sentence);
    this.shown = key;
    this.root.removeAttribute('data-stale');
  }

  private keyOf(settings: Settings): string {
    return JSON.stringify(recipeOf(settings, this.generator.info));
  }
}

/** The end of the axis: above the largest value, or anything when there is none. */
function topOf(max: number | null): number {
  return max ? (1 + MARGIN) * max : 1;
}

/** What the plot shows, or why there is nothing to show. */
export function describeTrace(
  { timesteps, guidanceNorm }: GuidanceTrace,
  { guidanceScale }: Pick<Settings, 'guidanceScale'>,
): string {
  const measured = guidanceNorm.flatMap((norm, i) => (norm === null ? [] : [{ norm, t: timesteps[i]! }]));
  if (guidanceScale === 1) return 'Guidance is 1, which is off: each step takes one pass, so there is nothing to plot.';
  if (guidanceScale === 0) return 'Guidance is 0: the label is ignored, one pass a step, so there is nothing to plot.';
  if (measured.length === 0) return 'No step lies within the guided interval, so there is nothing to plot.';
  const most = measured.reduce((a, b) => (b.norm > a.norm ? b : a));
  return `RMS of the difference in predicted noise: at most ${most.norm.toFixed(2)}, at t = ${Math.round(most.t)}`;
}
