import { describe, expect, it } from 'vitest';
import {
  byteOfChance,
  ChanceTable,
  cellOf,
  chanceOf,
  NEVER,
  numCells,
  packRough,
  partsThatFit,
  placesLayout,
  roughByteOfChance,
  unpackRough,
} from './palettePlaces.ts';

describe('chances as bytes', () => {
  it('are sixteenths of logarithms, and 255 is no chance', () => {
    expect([chanceOf(0), chanceOf(16), chanceOf(NEVER)]).toEqual([1, Math.exp(-1), 0]);
    expect([1, Math.exp(-1), 0, 2, 1e-9].map(byteOfChance)).toEqual([0, 16, NEVER, 0, NEVER]);
    for (let byte = 0; byte < NEVER; byte++) expect(byteOfChance(chanceOf(byte))).toBe(byte);
  });
});

describe('rough chances', () => {
  it('are powers of e, and two of them are stored as one byte', () => {
    const chances = [1, 0.9, Math.exp(-1.4), Math.exp(-1.6), Math.exp(-14.4), Math.exp(-14.6), 0];
    const bytes = Uint8Array.from(chances, roughByteOfChance);
    expect([...bytes]).toEqual([0, 0, 16, 32, 224, NEVER, NEVER]);
    const packed = packRough(bytes);
    expect([...packed]).toEqual([0x00, 0x12, 0xef, 0xff]);
    expect(unpackRough(packed, 7)).toEqual(bytes);
  });
});

describe('the layout of pictures', () => {
  const frames = ['down', 'left', 'down'].map((direction, index) => ({
    direction,
    action: 'walk',
    index,
    durationMs: 100,
  }));

  it('gives frames that look the same way one view', () => {
    const layout = placesLayout(6, 2, frames);
    expect(layout).toEqual({ widthPx: 2, heightPx: 2, views: [0, 1, 0] });
    expect(numCells(layout)).toBe(8);
    const cells = Array.from({ length: 12 }, (_, pixel) => cellOf(pixel, layout));
    expect(cells).toEqual([0, 1, 4, 5, 0, 1, 2, 3, 6, 7, 2, 3]);
  });

  it('has room for fewer parts the larger pictures are', () => {
    const fit = [64, 200, 1000].map((sizePx) => partsThatFit(placesLayout(sizePx, sizePx)));
    expect(fit).toEqual([32, 32, 1]); // of 1,500,000
  });

  it('is one view without frames, or where none has a direction', () => {
    expect(placesLayout(3, 2)).toEqual({ widthPx: 3, heightPx: 2, views: [0] });
    expect(cellOf(5, placesLayout(3, 2))).toBe(5);
    const { views } = placesLayout(
      4,
      2,
      frames.slice(0, 2).map(({ direction: _, ...frame }) => frame),
    );
    expect(views).toEqual([0, 0]);
  });
});

describe('a table of chances', () => {
  it('has sums over parts of shares times parts', () => {
    const places = {
      parts: Uint8Array.of(0, NEVER, 16, 0, NEVER, NEVER), // of three cells
      shares: Uint8Array.of(32, 0, NEVER, 48), // of two colours
    };
    const table = new ChanceTable(places, 2);
    const both = byteOfChance(Math.exp(-2) * Math.exp(-1) + 1);
    const likely = [0, 1, 2].map((cell) => {
      const { colours, bytes } = table.likelyAt(cell);
      return [...colours].map((colour, i) => [colour, bytes[i]]);
    });
    expect(likely).toEqual([
      [[0, 32]],
      [
        [0, both],
        [1, 48],
      ],
      [],
    ]);
    expect(table.likelyAt(1)).toBe(table.likelyAt(1));
  });

  it('leaves out what is rare', () => {
    const places = { parts: Uint8Array.of(100), shares: Uint8Array.of(40, 60, 47) };
    const { colours, bytes } = new ChanceTable(places, 3).likelyAt(0);
    expect([[...colours], [...bytes]]).toEqual([
      [0, 2],
      [140, 147],
    ]); // and not e^−10
  });
});
