import uPlot from 'uplot';
import { type AssetGenerator, type GuidanceTrace, type ModelInfo, scheduleOf } from '../../plugin/index.ts';
import { element } from '../shared/page.ts';
import { describeSteps, isGuidedAt, labRecipe, makerOf, type Settings } from './settings.ts';

const HEIGHT_PX = 160;
const INK = '#c4a87c';
const GRID = 'rgb(196 168 124 / 14%)';
const BAND = 'rgb(255 157 60 / 10%)';
const FONT = '12px ui-monospace, "Liberation Mono", monospace';
const LABEL_FONT = 'italic 15px Georgia, "Liberation Serif", "DejaVu Serif", serif';

const CURVE = '#e8c88f';
const GUIDED = '#ff9d3c';
const UNGUIDED = '#8fa6bd';
/** Room for the marks at both ends, as a share of the axis. */
const MARGIN = 0.04;

interface TimestepPlotOptions {
  /** The label of the y axis. */
  label: string;
  range: uPlot.Range.MinMax | uPlot.Range.Function;
  series: uPlot.Series[];
}

/** A plot over all timesteps of a model; a band in the background shows where it is guided. */
class TimestepPlot {
  private readonly plot: uPlot;
  private readonly lastTimestep: number;
  private band: readonly [tMin: number, tMax: number];

  constructor(
    readonly container: HTMLElement,
    { scheduler }: ModelInfo,
    options: TimestepPlotOptions,
  ) {
    this.lastTimestep = scheduler.numTrainTimesteps - 1;
    this.band = [0, this.lastTimestep];
    this.plot = new uPlot(this.optionsOf(options), undefined, container);
    new ResizeObserver(([entry]) => {
      if (entry) this.plot.setSize({ width: Math.floor(entry.contentRect.width), height: HEIGHT_PX });
    }).observe(container);
  }

  /** @param data t in ascending order, and the values of each series */
  show(data: uPlot.AlignedData, band: readonly [tMin: number, tMax: number]): void {
    this.band = band;
    this.plot.setData(data);
  }

  private optionsOf({ label, range, series }: TimestepPlotOptions): uPlot.Options {
    const marginT = MARGIN * 0.25 * this.lastTimestep;
    const axis = { stroke: INK, grid: { stroke: GRID, width: 1 }, ticks: { stroke: GRID, width: 1 }, font: FONT };
    const labelled = { ...axis, labelSize: 20, labelFont: LABEL_FONT };
    return {
      width: Math.max(100, this.container.clientWidth),
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: [-marginT, this.lastTimestep + marginT] }, y: { range } },
      axes: [
        { ...labelled, size: 26, label: 't', labelGap: 1, values: (_, ts) => ts.map(String) },
        { ...labelled, size: 44, label },
      ],
      series: [{}, ...series],
      hooks: { drawClear: [() => this.drawBand()] },
    };
  }

  private drawBand(): void {
    const { plot } = this;
    const [left, right] = this.band.map((t) => plot.valToPos(t, 'x', true)) as [number, number];
    plot.ctx.fillStyle = BAND;
    plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
  }
}

/** A series of marks without a line between them. */
function marks(label: string, fill: string): uPlot.Series {
  return { label, paths: () => null, points: { show: true, size: 8, width: 1, stroke: '#1c110a', fill } };
}

/** Plots the model's ᾱ over t, with the timesteps that the sampler visits and the interval in which it is guided. */
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
    const recipe = labRecipe(settings, this.info);
    const { timesteps } = scheduleOf(this.info, recipe);
    const [first, last] = [timesteps[0]!, timesteps[timesteps.length - 1]!].map(Math.round);
    const numGuided = timesteps.filter((t) => isGuidedAt(t, settings)).length;
    const sentence =
      `ᾱ over t: ${describeSteps(recipe, this.info)}, ` +
      `from t = ${first} down to ${last}, ${numGuided} of them guided`;
    element('.steps', this.root).textContent = sentence;
    this.plot.container.setAttribute('aria-label', sentence);
  }

  /** Four rows: t, ᾱ, ᾱ at the steps with guidance, and ᾱ at the steps without. */
  private dataOf(settings: Settings): uPlot.AlignedData {
    const { alphasCumprod, timesteps } = scheduleOf(this.info, labRecipe(settings, this.info));
    const guided: (number | null)[] = this.ts.map(() => null);
    const unguided = [...guided];
    for (const t of timesteps) {
      const nearest = Math.round(t);
      (isGuidedAt(t, settings) ? guided : unguided)[nearest] = alphasCumprod[nearest]!;
    }
    return [this.ts, Array.from(alphasCumprod), guided, unguided];
  }
}

/** Measured after the large picture and before the strips. */
const PRIORITY = 5;

/** Plots how far guidance moves the predicted noise at each step, over t. */
export class GuidancePlot {
  private readonly root = element('#guidance');
  private readonly plot: TimestepPlot;
  /** The key of the recipe that is plotted; '' when there is none. */
  private shown = '';

  constructor(private readonly generator: AssetGenerator) {
    this.plot = new TimestepPlot(element('.plot', this.root), generator.info, {
      label: 'Δε',
      range: (_plot, _min, max) => [-MARGIN * topOf(max), topOf(max)],
      series: [{ label: 'norm', stroke: GUIDED, width: 2, points: { show: true, size: 6, fill: GUIDED } }],
    });
  }

  show(settings: Settings): void {
    this.root.toggleAttribute('data-stale', this.shown !== this.keyOf(settings));
  }

  /** Measures and plots the recipe unless it is plotted already. @throws the signal's reason when aborted */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    const key = this.keyOf(settings);
    if (this.shown === key) return;
    const { info } = this.generator;
    const recipe = labRecipe(settings, info);
    const trace = await this.generator.traceGuidanceAsync({ ...recipe, priority: PRIORITY, signal });
    signal.throwIfAborted();
    const { timesteps, guidanceNorm } = trace;
    this.plot.show([timesteps.toReversed(), guidanceNorm.toReversed()], [settings.intervalMin, settings.intervalMax]);
    const teacher = makerOf(recipe, info) === 'student' ? info.student!.teacher : null;
    const sentence = describeTrace(trace, settings, teacher);
    element('.norms', this.root).textContent = sentence;
    this.plot.container.setAttribute('aria-label', sentence);
    this.shown = key;
    this.root.removeAttribute('data-stale');
  }

  private keyOf(settings: Settings): string {
    return JSON.stringify(labRecipe(settings, this.generator.info));
  }
}

/** The end of the axis: a little above the largest value, or 1 when there is no value. */
function topOf(max: number | null): number {
  return max ? (1 + MARGIN) * max : 1;
}

/**
 * What the plot shows, or why there is nothing to show.
 *
 * @param teacher how the teacher samples, where the trace is of its steps in place of the student's
 */
export function describeTrace(
  { timesteps, guidanceNorm }: GuidanceTrace,
  { guidanceScale }: Pick<Settings, 'guidanceScale'>,
  teacher: ModelInfo['sampleDefaults'] | null = null,
): string {
  const measured = guidanceNorm.flatMap((norm, i) => (norm === null ? [] : [{ norm, t: timesteps[i]! }]));
  if (guidanceScale === 1) return 'Guidance is 1, which is off: each step takes one pass, so there is nothing to plot.';
  if (guidanceScale === 0) return 'Guidance is 0: the label is ignored, one pass a step, so there is nothing to plot.';
  if (measured.length === 0) return 'No step lies within the guided interval, so there is nothing to plot.';
  const most = measured.reduce((a, b) => (b.norm > a.norm ? b : a));
  const way = teacher ? `, as its teacher goes in ${timesteps.length} steps of ${teacher.sampler}` : '';
  const why = teacher ? ': the student guides itself in one pass' : '';
  return `RMS of the difference in predicted noise: at most ${most.norm.toFixed(2)}, at t = ${Math.round(most.t)}${way}${why}`;
}
