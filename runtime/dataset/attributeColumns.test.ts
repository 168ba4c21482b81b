import { describe, expect, it } from 'vitest';
import { formatExamples } from '../core/attributeExamples.ts';
import { ANY, attributeProblem, encodeAttributes } from '../core/attributes.ts';
import { tinyAttributes, tinyDataset } from '../testing/tinyDataset.ts';
import {
  type AttributeColumn,
  attributesOf,
  combinationsOf,
  encodeColumns,
  examplesOfImages,
  joinColumns,
  rowsOf,
  selectColumns,
  unfilledRanges,
  vocabularyOf,
} from './attributeColumns.ts';
import { append, selectLabels } from './derive.ts';

/** Four images: red and worn; black; of unknown hair and new; nothing is known. */
const COLUMNS: AttributeColumn[] = [
  { name: 'hair', values: ['black', 'red'], data: Int16Array.of(1, 0, ANY, ANY) },
  { name: 'wear', values: { min: 10, max: 20 }, data: Float32Array.of(20, 12.5, 10, Number.NaN) },
];
const dataOf = (columns: AttributeColumn[]) => columns.map(({ data }) => [...data]);

it('examplesOfImages takes no more of each label than a model folder has room for', () => {
  const images = {
    labels: ['elf', 'orc'],
    classLabels: Int32Array.from({ length: 12_000 }, (_, i) => (i < 5900 ? 0 : 1)),
  };
  const attributes = Array.from({ length: 64 }, (_, i): AttributeColumn => {
    return { name: `${i}`, values: ['no', 'yes'], data: new Int16Array(12_000) };
  });
  const examples = examplesOfImages({ ...images, attributes }, Array.from(images.classLabels.keys()), 6000);
  expect(formatExamples(examples, 2, vocabularyOf(attributes))).toBeDefined();
  expect(examples.labels.filter((label) => label === 0)).toHaveLength(5769);
  expect(examples.labels).toHaveLength(2 * 5769);
});

it('examplesOfImages gives none of more labels than a byte tells apart', () => {
  const labels = Array.from({ length: 257 }, (_, i) => `${i}`);
  const classLabels = Int32Array.from(labels.keys());
  const attributes: AttributeColumn[] = [{ name: 'hat', values: ['no', 'yes'], data: new Int16Array(257) }];
  const countOf = (of: string[]) =>
    examplesOfImages({ labels: of, classLabels, attributes }, Array.from(classLabels), 1).labels.length;
  expect([countOf(labels.slice(1)), countOf(labels)]).toEqual([256, 0]);
});

describe('attribute columns', () => {
  it('say which ranges the images do not fill, by more than a tenth at either end', () => {
    const wear = (...numbers: number[]): AttributeColumn => ({
      name: 'wear',
      values: { min: 10, max: 20 },
      data: Float32Array.from(numbers),
    });
    const unfilled = (...numbers: number[]) => unfilledRanges([COLUMNS[0]!, wear(...numbers)]);
    expect(unfilledRanges(COLUMNS)).toEqual([]);
    expect(unfilled(10.9, Number.NaN, 19.1)).toEqual([]);
    expect(unfilled(12, 10, 18)).toEqual([{ name: 'wear', range: { min: 10, max: 20 }, seen: { min: 10, max: 18 } }]);
    expect(unfilled(12, 20).map(({ seen }) => seen)).toEqual([{ min: 12, max: 20 }]);
    expect(unfilled(Number.NaN)).toEqual([]);
  });

  it('have a vocabulary, and say what is known of an image', () => {
    expect(vocabularyOf(COLUMNS)).toEqual({ hair: ['black', 'red'], wear: { min: 10, max: 20 } });
    expect(vocabularyOf()).toEqual({});
    expect([0, 2, 3].map((image) => attributesOf(COLUMNS, image))).toEqual([
      { hair: 'red', wear: 20 },
      { wear: 10 },
      {},
    ]);
  });

  it('are encoded as encodeAttributes does', () => {
    const encoded = encodeColumns(COLUMNS, [3, 0, 1, 2]);
    const expected = [3, 0, 1, 2].flatMap((image) =>
      encodeAttributes('test', vocabularyOf(COLUMNS), attributesOf(COLUMNS, image)),
    );
    expect([...encoded]).toEqual(expected);
    expect([...encoded]).toEqual([ANY, ANY, 1, 1, 0, 0.25, ANY, 0]);
  });

  it('stay in their range where float32 does not', () => {
    const [min, max] = [1000, 1000.2];
    const columns: AttributeColumn[] = [{ name: 'a', values: { min, max }, data: Float32Array.of(min, max) }];
    expect(columns[0]!.data[1]).toBeGreaterThan(max);
    expect([...encodeColumns(columns, [0, 1])]).toEqual([0, 1]);
    expect([0, 1].map((image) => attributesOf(columns, image).a)).toEqual([min, max]);
    expect(attributeProblem(vocabularyOf(columns), 'a', attributesOf(columns, 1).a)).toBeUndefined();
  });

  it('are cut and put in order', () => {
    expect(dataOf(rowsOf(COLUMNS, [1, 0]))).toEqual([
      [0, 1],
      [12.5, 20],
    ]);
    expect(dataOf(COLUMNS)[0]).toEqual([1, 0, ANY, ANY]);
  });

  it('are chosen by name', () => {
    expect(selectColumns(COLUMNS, ['wear', 'hair']).map(({ name }) => name)).toEqual(['wear', 'hair']);
    const numbered = selectColumns([...COLUMNS, { ...COLUMNS[0]!, name: '2' }], ['wear', '2', 'hair']);
    expect(numbered.map(({ name }) => name)).toEqual(Object.keys(vocabularyOf(numbered)));
    expect(() => selectColumns(COLUMNS, ['wera'])).toThrow(
      'attribute "wera" is unknown; did you mean "wear"? known attributes: hair, wear',
    );
    expect(() => selectColumns(COLUMNS, ['hair', 'hair'])).toThrow('attribute "hair" is named twice');
    expect(() => selectColumns([], ['hair'])).toThrow('attribute "hair" is unknown; the data have no attributes');
  });

  it('group images by combination', () => {
    const columns: AttributeColumn[] = [
      { name: 'a', values: ['x', 'y'], data: Int16Array.of(0, 1, 0, 0, ANY) },
      { name: 'b', values: ['x', 'y'], data: Int16Array.of(1, 1, 1, 0, ANY) },
    ];
    expect(combinationsOf(columns, 5)).toEqual([[0, 2], [1], [3], [4]]);
    expect(combinationsOf([], 2)).toEqual([[0, 1]]);
  });
});

describe('joinColumns', () => {
  it('adds words that are new, and knows nothing where the other has no such attribute', () => {
    const others: AttributeColumn[] = [
      { name: 'hair', values: ['blue', 'red'], data: Int16Array.of(0, 1, ANY) },
      { name: 'hat', values: ['no'], data: Int16Array.of(0, 0, 0) },
    ];
    const joined = joinColumns(COLUMNS, others, 3);
    expect(vocabularyOf(joined)).toEqual({ hair: ['black', 'red', 'blue'], wear: { min: 10, max: 20 } });
    expect(dataOf(joined)).toEqual([
      [1, 0, ANY, ANY, 2, 1, ANY],
      [20, 12.5, 10, Number.NaN, Number.NaN, Number.NaN, Number.NaN],
    ]);
  });

  it.each<AttributeColumn>([
    { name: 'wear', values: { min: 0, max: 20 }, data: Float32Array.of(1) },
    { name: 'wear', values: ['new'], data: Int16Array.of(0) },
    { name: 'hair', values: { min: 0, max: 1 }, data: Float32Array.of(1) },
  ])('refuses what does not go together: %j', (other) => {
    expect(() => joinColumns(COLUMNS, [other], 1)).toThrow(/append: "\w+" has words in one data set and numbers/);
  });
});

describe('the attributes of a data set', () => {
  const dataset = { ...tinyDataset(), attributes: tinyAttributes() };
  const knownOf = ({ attributes = [], classLabels, labels }: typeof dataset) =>
    Array.from(classLabels, (label, image) => ({ label: labels[label], ...attributesOf(attributes, image) }));

  it('go with their images when labels are chosen', () => {
    const chosen = selectLabels(dataset, ['ramp', 'stripes']) as typeof dataset;
    const expected = knownOf(dataset).filter(({ label }) => label !== 'disc');
    expect(new Set(knownOf(chosen).map((known) => JSON.stringify(known)))).toEqual(
      new Set(expected.map((known) => JSON.stringify(known))),
    );
  });

  it('follow one another when data sets are appended, also those without', () => {
    const both = append(dataset, tinyDataset({ seed: 2 })) as typeof dataset;
    expect(knownOf(both).slice(0, 18)).toEqual(knownOf(dataset));
    expect(knownOf(both).slice(18)).toEqual(
      Array.from(tinyDataset().classLabels, (i) => ({ label: dataset.labels[i] })),
    );
  });
});
