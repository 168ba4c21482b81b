import { describe, expect, it } from 'vitest';
import {
  formatProbe,
  type LinearProbe,
  MAX_PROBE_WORDS,
  numProbeWords,
  parseProbe,
  probeGroups,
} from './linearProbe.ts';
import { normals } from './random.ts';

const VOCABULARY = { hair: ['black', 'red'], wear: { min: 0, max: 1 }, mood: ['calm', 'sad', 'glad'] };
const NUM_WORDS = 4 + 2 + 3;

const PROBE: LinearProbe = {
  grid: 2,
  weights: normals(1, 0, NUM_WORDS * 3 * 4),
  bias: normals(2, 0, NUM_WORDS),
  rate: 0.3,
  margins: Float32Array.of(2.5, 0, 4),
};

it('tells the label, and of the attributes those that are words', () => {
  expect(probeGroups(4, VOCABULARY)).toEqual([
    { name: 'label', attribute: null, start: 0, size: 4 },
    { name: 'hair', attribute: 0, start: 4, size: 2 },
    { name: 'mood', attribute: 2, start: 6, size: 3 },
  ]);
  expect(numProbeWords(4, VOCABULARY)).toBe(NUM_WORDS);
});

describe('a probe as text', () => {
  it('is the same again, within half a unit', () => {
    const stored = formatProbe(PROBE);
    const { weights, bias, ...others } = parseProbe(JSON.parse(JSON.stringify(stored)), 4, VOCABULARY);
    expect(others).toEqual({ grid: 2, rate: 0.3, margins: PROBE.margins });
    const furthest = (a: Float32Array, b: Float32Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
    expect(stored.unit).toBeCloseTo(Math.max(...PROBE.weights.map(Math.abs)) / 127, 6);
    expect(furthest(weights, PROBE.weights)).toBeLessThanOrEqual(stored.unit / 2 + 1e-6);
    expect(furthest(bias, PROBE.bias)).toBeLessThan(6e-5);
  });

  it('has no margins where none are told, as before there were any', () => {
    const { margins: _, ...stored } = formatProbe(PROBE);
    expect(parseProbe(stored, 4, VOCABULARY).margins).toEqual(new Float32Array(3));
  });

  it('may have no weight but 0', () => {
    const nothing = { ...PROBE, weights: new Float32Array(NUM_WORDS * 4) };
    expect(parseProbe(formatProbe(nothing), 4, VOCABULARY).weights).toEqual(nothing.weights);
  });

  it('is refused where nothing would read it again', () => {
    const large = { ...PROBE, weights: new Float32Array(750_001) };
    expect(() => formatProbe(large)).toThrow('formatProbe: 1000004 characters; expected at most 1000000');
  });

  it('is refused where it does not fit the words', () => {
    const stored = formatProbe(PROBE);
    const refused = (changes: object, numLabels = 4) =>
      expect(() => parseProbe({ ...stored, ...changes }, numLabels, VOCABULARY));
    refused({}, 5).toThrow(
      'expected base64 of 10 rows for labels and words, and as many biases; make it again by figment probe',
    );
    refused({ weights: '?' }).toThrow('expected base64 of 9 rows');
    refused({ weights: '' }).toThrow('expected base64 of 9 rows');
    refused({ bias: [1] }).toThrow('expected base64 of 9 rows');
    refused({ grid: 16 }).toThrow('expected base64 of 9 rows');
    refused({ unit: 1e38 }).toThrow('has weights or biases beyond float32; make it again by figment probe');
    refused({ bias: [...stored.bias.slice(1), 1e39] }).toThrow('has weights or biases beyond float32');
    refused({ margins: [1, 2] }).toThrow('has 2 margins; expected 3; make it again by figment probe');
    refused({}, MAX_PROBE_WORDS).toThrow('is of 2053 labels and words; expected at most 2048');
  });
});
