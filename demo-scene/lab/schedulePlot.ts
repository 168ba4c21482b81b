import uPlot from 'uplot';
import { type ModelInfo, scheduleOf } from '../../plugin/index.ts';
import { element } from '../ui/element.ts';
import type { Settings } from './settings.ts';

const HEIGHT_PX = 170;
const INK = '#c4a87c';
const GRID = 'rgb(196 168 124 / 14%)';
const CURVE = '#e8c88f';
const GUIDED = '#ff9d3c';
const UNGUIDED = '#8fa6bd';
const BAND = 'rgb(255 157 60 / 10%)';
const FONT = '12px ui-monospace, "Liberation Mono", monospace';
const LABEL_FONT = 'italic 15px Georgia, "Liberation Serif", "DejaVu Serif", serif';
/** Room for the marks at the ends, as a share of the axis. */
const MARGIN = 0.04;

/** The model's ᾱt over t, the timesteps that the sampler visits, and those between which it is guided. */
export class SchedulePlot {
  private readonly root = element('#schedule');
  private readonly container = element('.plot', this.root);
  private readonly plot: uPlot;
  private readonly ts: number[];
  private band: readonly [tMin: number, tMax: number];

  constructor(
    private readonly info: ModelInfo,
    settings: Settings,
  ) {
    this.ts = Array.from({ length: info.scheduler.numTrainTimesteps }, (_, t) => t);
    this.band = [settings.intervalMin, settings.intervalMax];
    this.plot = new uPlot(this.options(), this.dataOf(settings), this.container);
    new ResizeObserver(([entry]) => {
      if (entry) this.plot.setSize({ width: Math.floor(entry.contentRect.width), height: HEIGHT_PX });
    }).observe(this.container);
    this.show(settings);
  }

  show(settings: Settings): void {
    this.band = [settings.intervalMin, settings.intervalMax];
    this.plot.setData(this.dataOf(settings));
    const { timesteps } = scheduleOf(this.info, settings);
    const [first, last] = [timesteps[0]!, timesteps[timesteps.length - 1]!].map(Math.round);
    const numGuided = timesteps.filter((t) => this.isGuided(t, settings)).length;
    const sentence =
      `ᾱ over t: the signal that is left. ${timesteps.length} steps of ${settings.sampler}, ` +
      `from t = ${first} down to ${last}, ${numGuided} of them guided`;
    element('.steps', this.root).textContent = sentence;
    this.container.setAttribute('aria-label', sentence);
  }

  private isGuided(t: number, { intervalMin, intervalMax, guidanceScale }: Settings): boolean {
    return guidanceScale !== 1 && t >= intervalMin && t <= intervalMax;
  }

  /** t, ᾱt, and ᾱt at the steps with and without guidance. */
  private dataOf(settings: Settings): uPlot.AlignedData {
    const { alphasCumprod, timesteps } = scheduleOf(this.info, settings);
    const guided: (number | null)[] = this.ts.map(() => null);
    const unguided = [...guided];
    for (const t of timesteps) {
      const nearest = Math.round(t);
      (this.isGuided(t, settings) ? guided : unguided)[nearest] = alphasCumprod[nearest]!;
    }
    return [this.ts, Array.from(alphasCumprod), guided, unguided];
  }

  private options(): uPlot.Options {
    const lastTimestep = this.ts.length - 1;
    const marginT = MARGIN * 0.25 * lastTimestep;
    const axis = { stroke: INK, grid: { stroke: GRID, width: 1 }, ticks: { stroke: GRID, width: 1 }, font: FONT };
    const marks = (label: string, fill: string): uPlot.Series => ({
      label,
      paths: () => null,
      points: { show: true, size: 8, width: 1, stroke: '#1c110a', fill },
    });
    return {
      width: Math.max(100, this.container.clientWidth),
      height: HEIGHT_PX,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [-marginT, lastTimestep + marginT] },
        y: { range: [-MARGIN, 1 + MARGIN] },
      },
      axes: [
        {
          ...axis,
          size: 26,
          label: 't',
          labelSize: 20,
          labelFont: LABEL_FONT,
          labelGap: 1,
          values: (_, ts) => ts.map(String),
        },
        { ...axis, size: 38, label: 'ᾱ', labelSize: 20, labelFont: LABEL_FONT },
      ],
      series: [{}, { label: 'ᾱ', stroke: CURVE, width: 2 }, marks('guided', GUIDED), marks('not guided', UNGUIDED)],
      hooks: { drawClear: [(plot) => this.drawBand(plot)] },
    };
  }

  private drawBand(plot: uPlot): void {
    const [left, right] = this.band.map((t) => plot.valToPos(t, 'x', true)) as [number, number];
    plot.ctx.fillStyle = BAND;
    plot.ctx.fillRect(left, plot.bbox.top, right - left, plot.bbox.height);
  }
}
