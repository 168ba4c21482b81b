import uPlot from 'uplot';
import type { ModelInfo } from '../../../plugin/index.ts';

const HEIGHT_PX = 160;
const INK = '#c4a87c';
const GRID = 'rgb(196 168 124 / 14%)';
const BAND = 'rgb(255 157 60 / 10%)';
const FONT = '12px ui-monospace, "Liberation Mono", monospace';
const LABEL_FONT = 'italic 15px Georgia, "Liberation Serif", "DejaVu Serif", serif';

export const CURVE = '#e8c88f';
export const GUIDED = '#ff9d3c';
export const UNGUIDED = '#8fa6bd';
/** Room for the marks at the ends, as a share of the axis. */
export const MARGIN = 0.04;

export interface TimestepPlotOptions {
  /** Of the y axis. */
  label: string;
  range: uPlot.Range.MinMax | uPlot.Range.Function;
  series: uPlot.Series[];
}

/** A plot over all timesteps of a model, with those between which it is guided on a band. */
export class TimestepPlot {
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

  /** @param data t ascending, and the values of each series */
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

/** Marks without a line between them. */
export function marks(label: string, fill: string): uPlot.Series {
  return { label, paths: () => null, points: { show: true, size: 8, width: 1, stroke: '#1c110a', fill } };
}
