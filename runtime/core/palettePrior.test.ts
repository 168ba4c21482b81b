import { describe, expect, it } from 'vitest';
import { ANY, type Vocabulary } from './attributes.ts';
import {
  formatPalette,
  LOGIT_STEP,
  numPaletteRows,
  type PalettePrior,
  paletteCosts,
  paletteRows,
  parsePalettePrior,
} from './palettePrior.ts';

/** Rows: elf, orc, any label; black, red, any hair; wear, any wear. */
const VOCABULARY: Vocabulary = { hair: ['black', 'red'], wear: { min: 0, max: 1 } };
const LABELS = 2;
const [ELF, ORC] = [0, 1];
const NUM_ROWS = 8;
/** Three frames of 2 × 1 pixels, of which two look the same way. */
const LAYOUT = { widthPx: 2, heightPx: 1, views: [0, 1, 0] };

/** Two colours, whose logits are the places of the rows, and their negatives, in units of `LOGIT_STEP`. */
const PRIOR: PalettePrior = {
  colours: Uint8Array.of(255, 0, 0, 0, 0, 255),
  logits: Int8Array.from({ length: 2 * NUM_ROWS }, (_, i) => (i % 2 === 0 ? i / 2 : -(i - 1) / 2)),
  deviation: 0.1,
  sure: 0.9,
};

describe('paletteRows', () => {
  it.each<[string, Parameters<typeof paletteRows>[2], [number, number][]]>([
    [
      'a label, a word and a number',
      { classLabel: ORC, attributes: [1, 0.25] },
      [
        [1, 1],
        [4, 1],
        [6, 0.25],
      ],
    ],
    [
      'any of all',
      { classLabel: LABELS, attributes: [ANY, ANY] },
      [
        [2, 1],
        [5, 1],
        [7, 1],
      ],
    ],
    [
      'a label that is mixed in',
      { classLabel: ELF, blend: { classLabel: ORC, amount: 0.25 }, attributes: [0, 1] },
      [
        [0, 0.75],
        [1, 0.25],
        [3, 1],
        [6, 1],
      ],
    ],
  ])('are for %s', (_, conditions, expected) => {
    expect(numPaletteRows(LABELS, VOCABULARY)).toBe(NUM_ROWS);
    expect(paletteRows(LABELS, VOCABULARY, conditions)).toEqual(expected);
  });
});

describe('paletteCosts', () => {
  it('are twice the variance times the negative logarithm of a logistic function of the sum of rows', () => {
    const sum = LOGIT_STEP * (1 + 4 + 0.25 * 6);
    const [likely, unlikely] = paletteCosts(PRIOR, LABELS, VOCABULARY, { classLabel: ORC, attributes: [1, 0.25] });
    expect(likely).toBeCloseTo(0.02 * Math.log1p(Math.exp(-sum)), 8);
    expect(unlikely).toBeCloseTo(0.02 * Math.log1p(Math.exp(sum)), 8);
  });

  it('are no more than those of a thousandth', () => {
    const never = { ...PRIOR, logits: new Int8Array(2 * NUM_ROWS).fill(-127) };
    const costs = paletteCosts(never, LABELS, VOCABULARY, { classLabel: ELF, attributes: [0, 0] });
    for (const cost of costs) expect(cost).toBeCloseTo(0.02 * Math.log(1000), 6);
  });
});

describe('a palette as text', () => {
  it('comes back', () => {
    const places = {
      parts: Uint8Array.from({ length: 12 }, (_, i) => (i === 5 ? 255 : 16 * i)),
      shares: Uint8Array.of(0, 9, 255, 3, 4, 5),
    };
    const whole: PalettePrior = { ...PRIOR, offsets: Int8Array.of(-128, 0, 127, 1, -1, 9), places, isCut: true };
    expect(parsePalettePrior(formatPalette(whole), LABELS, VOCABULARY, LAYOUT)).toEqual(whole);
    expect(parsePalettePrior(formatPalette(PRIOR), LABELS, VOCABULARY, LAYOUT)).toEqual(PRIOR);
  });

  it('is refused where nothing would read it again', () => {
    const large = { ...PRIOR, logits: new Int8Array(750_001) };
    expect(() => formatPalette(large)).toThrow('formatPalette: 1000004 characters; expected at most 1000000');
  });

  it.each([
    ['no base64', { colours: '?' }, /colours: expected base64/],
    ['half a colour', { colours: 'AAAA'.slice(0, 3) }, /colours: expected base64/],
    ['no colour', { colours: '' }, /colours: expected base64/],
    ['offsets of another palette', { offsets: 'AAAA' }, /offsets: expected base64 of 3 bytes for each of 2 colours/],
    [
      'no whole parts',
      { places: { shares: 'AAAA', parts: 'AAAA' } },
      /places: expected base64 of 1 to 32 parts for each of 2 colours/,
    ],
    [
      'more parts than there may be',
      { places: { shares: 'AAAA'.repeat(22), parts: 'AAAA' } },
      /places: expected base64 of 1 to 32 parts for each of 2 colours/,
    ],
    [
      'parts of pictures of another size',
      { places: { shares: 'AAA=', parts: 'AAAA' } },
      /places: expected base64 of 1 to 32 parts for each of 2 colours and 4 pixels; make it again by figment palette/,
    ],
    [
      'logits of another vocabulary',
      { logits: 'AAAA' },
      /logits: expected base64 of 8 rows of 2 bytes.*figment palette/,
    ],
  ])('is refused: %s', (_, wrong, message) => {
    expect(() => parsePalettePrior({ ...formatPalette(PRIOR), ...wrong }, LABELS, VOCABULARY, LAYOUT)).toThrow(message);
  });
});
