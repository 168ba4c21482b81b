import { expect, it } from 'vitest';
import { decodePng } from '../node/png.ts';
import { type Figure, figureSvg, labelledSheet } from './plot.ts';

const figure: Figure = {
  kind: 'lines',
  title: 'less < more & "most"',
  x: { name: 'steps', min: 0, max: 100, ticks: [0, 50, 100] },
  y: { name: 'loss', log: true, min: 1, max: 100 },
  right: { name: 'share', min: 0, max: 1, ticks: [0, 1] },
  lines: [
    {
      name: '<one>',
      points: [
        [0, 1],
        [50, 10],
        [100, 100],
      ],
    },
    { name: 'two', points: [[25, 0.75]], right: true },
  ],
};

/** The two numbers that a pattern has in it, wherever it is found. */
function placesOf(svg: string, pattern: string): [number, number][] {
  const found = svg.matchAll(new RegExp(pattern, 'g'));
  return Array.from(found, ([, x, y]) => [Number(x), Number(y)]);
}

/** Where each point of a line is drawn. */
const pointsOf = (svg: string, line: number) =>
  placesOf(svg, `transform="matrix\\([^,]*,0,0,[^,]*,([\\d.]+),([\\d.]+)\\)"[^>]*ecmeta_series_index="${line}"`);

/** Where a text is drawn. */
const placeOf = (svg: string, text: string) =>
  placesOf(svg, `transform="translate\\(([\\d.]+) ([\\d.]+)\\)"[^>]*>${text}</text>`);

it('names the axes, and has labels at the values that were asked for alone', () => {
  const svg = figureSvg(figure);
  for (const name of ['steps', 'loss', 'share']) expect(placeOf(svg, name), name).toHaveLength(1);
  const [left, middle, right] = ['0', '50', '100'].map((text) => placeOf(svg, text));
  expect(placeOf(svg, '25')).toEqual([]);
  expect(placeOf(svg, '0.5')).toEqual([]);
  const zeros = [left![0]![0], left![1]![0]]; // on the axis on the right, and below
  expect(zeros[0]! - zeros[1]!).toBeGreaterThan(400);
  expect(middle).toHaveLength(1);
  expect(right).toHaveLength(2);
});

it('draws each point where its axes have its values, be they linear or logarithmic', () => {
  const svg = figureSvg(figure);
  const [first, middle, last] = pointsOf(svg, 0);
  expect(first![0]).toBeLessThan(last![0]);
  expect(first![1], 'y grows upwards').toBeGreaterThan(last![1]);
  expect(middle).toEqual([(first![0] + last![0]) / 2, (first![1] + last![1]) / 2]);
  const [ofTheRight] = pointsOf(svg, 1);
  const between = (from: number, to: number, share: number) => from + share * (to - from);
  expect(ofTheRight![0]).toBeCloseTo(between(first![0], last![0], 0.25), 1);
  expect(ofTheRight![1]).toBeCloseTo(between(first![1], last![1], 0.75), 1);
});

it('draws bars as high as their values, with these above them', () => {
  const svg = figureSvg({
    kind: 'bars',
    title: 'bars',
    y: { name: 'share', min: 0, max: 1 },
    groups: ['all'],
    bars: [
      { name: 'half', values: [0.5] },
      { name: 'more', values: [0.746] },
    ],
  });
  const [base, half, more] = [placeOf(svg, '0')[0]!, placeOf(svg, '0.5').at(-1)!, placeOf(svg, '0.75')[0]!];
  expect((base[1] - more[1]) / (base[1] - half[1])).toBeGreaterThan(1.3);
  expect(placeOf(svg, 'all')).toHaveLength(1);
});

it('escapes titles and names', () => {
  const svg = figureSvg(figure);
  expect(svg).toContain('>less &lt; more &amp; &quot;most&quot;</text>');
  expect(svg).toContain('>&lt;one&gt;</text>');
  expect(svg).not.toContain('<one>');
});

it('writes any label beside its row of a sheet', () => {
  const red = new Uint8Array(4 * 16 * 16).map((_, i) => (i % 4 === 1 || i % 4 === 2 ? 0 : 255));
  const sheetOf = (label: string) => decodePng(labelledSheet([{ label, pictures: [red, red] }], 16, 16));
  const { width, height, pixels } = sheetOf('</text> & <b>');
  expect([width, height]).toEqual([2 * (96 + 2 * 16), 2 * 16]);
  expect([...pixels.slice(-3)]).toEqual([255, 0, 0]);
  expect(sheetOf('').pixels, 'the label is drawn').not.toEqual(pixels);
});
