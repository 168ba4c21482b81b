import uPlot from 'uplot';
import type { Curve } from './protocol.ts';

const HEIGHT_PX = 104;
const INK = '#c4a87c';
const GRID = 'rgb(196 168 124 / 14%)';
const CURVE = '#ff9d3c';
const FONT = '11px ui-monospace, "Liberation Mono", monospace';
/** The first steps' loss is cut off above so many medians: what comes after would lie flat below it. */
const TOP_MEDIANS = 4;

/** A loss over the steps, live. */
export class LossPlot {
  private readonly plot: uPlot;

  constructor(
    private readonly container: HTMLElement,
    private readonly what: string,
  ) {
    this.plot = new uPlot(this.options(), [[], []], container);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (width > 0) this.plot.setSize({ width, height: HEIGHT_PX });
    }).observe(container);
    this.show({ steps: [], losses: [] });
  }

  show({ steps, losses }: Curve): void {
    this.plot.setData([steps, losses]);
    const last = losses.at(-1);
    const words = last === undefined ? 'no steps yet' : `${last.toPrecision(3)} at step ${steps.at(-1)}`;
    this.container.setAttribute('aria-label', `Loss of the ${this.what}: ${words}`);
  }

  private options(): uPlot.Options {
    const axis = { stroke: INK, grid: { stroke: GRID, width: 1 }, ticks: { show: false }, font: FONT };
    return {
      width: Math.max(100, this.container.clientWidth),
      height: HEIGHT_PX,
      padding: [6, 6, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_, min, max) => [0, max ?? min ?? 1] },
        y: { range: (plot) => rangeOf(plot) },
      },
      axes: [
        { ...axis, size: 20, gap: 2, space: 60 },
        { ...axis, size: 36, gap: 3, space: 26 },
      ],
      series: [{}, { stroke: CURVE, width: 1.5, points: { show: false } }],
    };
  }
}

function rangeOf({ data }: uPlot): [number, number] {
  const sorted = Array.from(data[1] as number[]).sort((a, b) => a - b);
  if (sorted.length === 0) return [0, 1];
  const median = sorted[Math.floor(sorted.length / 2)]!;
  return [0, Math.min(sorted.at(-1)!, TOP_MEDIANS * median)];
}
