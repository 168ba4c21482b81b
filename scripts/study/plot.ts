// Plots of the study: described as lines or bars, drawn by ECharts without a page, as PNG.
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import * as echarts from 'echarts';
import { scaleNearest } from '../../runtime/index.ts';
import { escapeHtml } from '../bake/pageFiles.ts';
import { encodePng } from '../node/png.ts';

export interface Axis {
  name: string;
  log?: boolean;
  min?: number;
  max?: number;
  /** Values at which the axis has labels. */
  ticks?: readonly number[];
}

export interface Line {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  /** Whether the line belongs to the axis on the right. */
  right?: boolean;
}

/** Several lines over one quantity. */
interface LineFigure {
  kind: 'lines';
  title: string;
  x: Axis;
  y: Axis;
  right?: Axis;
  lines: readonly Line[];
}

/** Several measures of several things, each measure a group of bars. */
interface BarFigure {
  kind: 'bars';
  title: string;
  y: Axis;
  groups: readonly string[];
  bars: readonly { name: string; values: readonly number[] }[];
}

export type Figure = LineFigure | BarFigure;

const [WIDTH, HEIGHT, SCALE] = [560, 330, 2];
const FONT = 'KaTeX_SansSerif';
const INK = '#3a3027';
const FAINT = '#8a7c68';
const COLOURS = ['#c2571a', '#2f6f9f', '#5b8c3a', '#8d5aa3', '#b59325', '#59636b'];

/** Draws a figure as a PNG of twice its size in points. */
export function drawFigure(figure: Figure): Uint8Array {
  return rasterise(figureSvg(figure));
}

/** Draws a figure as the text of an SVG. */
export function figureSvg(figure: Figure): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#fffdf8',
      color: COLOURS,
      textStyle: { fontFamily: FONT, color: INK },
      title: { text: figure.title, left: 16, top: 10, textStyle: { fontFamily: FONT, fontSize: 15, color: INK } },
      legend: {
        bottom: 6,
        icon: 'roundRect',
        itemWidth: 14,
        itemHeight: 5,
        textStyle: { fontFamily: FONT, color: INK },
      },
      grid: { left: 58, right: 58, top: 64, bottom: 68 },
      ...(figure.kind === 'lines' ? lines(figure) : bars(figure)),
    });
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}

function lines({ x, y, right, lines }: LineFigure): echarts.EChartsOption {
  return {
    xAxis: axis(x, 'middle'),
    yAxis: right ? [axis(y), { ...axis(right), splitLine: { show: false } }] : axis(y),
    series: lines.map((line) => ({
      type: 'line',
      name: line.name,
      data: line.points.map(([x, y]) => [x, y]),
      yAxisIndex: line.right ? 1 : 0,
      symbol: line.points.length > 60 ? 'none' : 'circle',
      symbolSize: 6,
      lineStyle: { width: 2, type: line.right ? 'dashed' : 'solid' },
    })),
  };
}

function bars({ y, groups, bars }: BarFigure): echarts.EChartsOption {
  return {
    xAxis: { type: 'category', data: [...groups], ...STYLE, axisTick: { show: false } },
    yAxis: axis(y),
    series: bars.map(({ name, values }) => ({
      type: 'bar',
      name,
      data: [...values],
      barMaxWidth: 42,
      label: { show: true, position: 'top', formatter: ({ value }) => rounded(value as number), fontFamily: FONT },
    })),
  };
}

const rounded = (value: number) => String(Number(value.toPrecision(2)));

const STYLE = {
  axisLabel: { fontFamily: FONT, color: INK },
  nameTextStyle: { fontFamily: FONT, color: FAINT },
  axisLine: { lineStyle: { color: FAINT } },
  splitLine: { lineStyle: { color: '#e9e0d0' } },
};

function axis({ name, log, min, max, ticks }: Axis, nameLocation: 'end' | 'middle' = 'end') {
  const nameGap = nameLocation === 'middle' ? 26 : 14;
  const places = ticks ? { customValues: [...ticks] } : {};
  const labels = { axisTick: places, axisLabel: { ...STYLE.axisLabel, ...places } };
  return { type: log ? 'log' : 'value', name, nameLocation, nameGap, min, max, ...STYLE, ...labels } as const;
}

const FONT_FOLDER = path.join(
  path.dirname(createRequire(import.meta.url).resolve('katex/dist/katex.min.css')),
  'fonts',
);

/** KaTeX's fonts, which are the same on every machine and in the guide's equations. */
const fontFiles = readdirSync(FONT_FOLDER)
  .filter((file) => /^KaTeX_(SansSerif-Regular|SansSerif-Bold|Main-Regular|Math-Italic)\.ttf$/.test(file))
  .map((file) => path.join(FONT_FOLDER, file));

/** Converts an opaque SVG to a PNG; its text can only be in KaTeX's fonts. */
function rasterise(svg: string): Uint8Array {
  const font = { loadSystemFonts: false, fontFiles, defaultFontFamily: FONT, sansSerifFamily: FONT };
  const { pixels, width, height } = new Resvg(svg, { fitTo: { mode: 'zoom', value: SCALE }, font }).render();
  return encodePng({ width, height, channels: 3, pixels: withoutAlpha(pixels) });
}

/** RGB bytes of RGBA bytes. */
function withoutAlpha(pixels: Uint8Array): Uint8Array {
  const colours = new Uint8Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    colours[to] = pixels[from]!;
    colours[to + 1] = pixels[from + 1]!;
    colours[to + 2] = pixels[from + 2]!;
  }
  return colours;
}

interface SheetRow {
  label: string;
  /** RGBA bytes of each picture. */
  pictures: readonly Uint8Array[];
}

/** Width of the labels; the PNG has two pixels for each unit. */
const LABEL_WIDTH = 96;

/** Rows of pictures, each with its name on the left, as a PNG. */
export function labelledSheet(rows: readonly SheetRow[], widthPx: number, heightPx: number): Uint8Array {
  const columns = Math.max(...rows.map(({ pictures }) => pictures.length));
  const [width, height] = [LABEL_WIDTH + columns * widthPx, rows.length * heightPx];
  const content = rows.flatMap(({ label, pictures }, row) => [
    `<text x="${LABEL_WIDTH - 8}" y="${row * heightPx + heightPx / 2 + 4}" text-anchor="end" font-size="12" font-family="KaTeX_SansSerif" fill="#3a3027">${escapeHtml(label)}</text>`,
    ...pictures.map((pixels, i) => image(pixels, widthPx, heightPx, LABEL_WIDTH + i * widthPx, row * heightPx)),
  ]);
  return rasterise(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fffdf8"/>${content.join('')}</svg>`,
  );
}

function image(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): string {
  const png = encodePng({
    width: 2 * widthPx,
    height: 2 * heightPx,
    channels: 4,
    pixels: scaleNearest(pixels, widthPx, heightPx, 2),
  });
  const data = Buffer.from(png).toString('base64');
  return `<image x="${x}" y="${y}" width="${widthPx}" height="${heightPx}" href="data:image/png;base64,${data}"/>`;
}
