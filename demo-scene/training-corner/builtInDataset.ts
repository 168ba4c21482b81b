import { type Dataset, uniforms } from '../../runtime/index.ts';
import { type Colour, type Ramp, rampOf, Sprite } from './pixelArt.ts';

const IMAGES_PER_LABEL = 160;

/** More random numbers than any item uses. */
const DRAWS_PER_ITEM = 32;
const CHANNELS = 4;

/**
 * The built-in data set: treasures drawn by this file from random numbers. Five labels, 16×16 pixels with alpha.
 *
 * @param seed uint32; the same seed gives the same pictures
 */
export function builtInDataset(seed = 1, perLabel = IMAGES_PER_LABEL): Dataset {
  const size = ITEM_SIZE_PX * ITEM_SIZE_PX * CHANNELS;
  const count = perLabel * ITEM_NAMES.length;
  const images = new Uint8Array(count * size);
  const classLabels = Int32Array.from({ length: count }, (_, i) => Math.floor(i / perLabel));
  for (let i = 0; i < count; i++) {
    const numbers = uniforms(seed, i, DRAWS_PER_ITEM);
    let next = 0;
    images.set(
      drawItem(ITEM_NAMES[classLabels[i]!]!, () => numbers[next++]!),
      i * size,
    );
  }
  return {
    name: 'treasures',
    widthPx: ITEM_SIZE_PX,
    heightPx: ITEM_SIZE_PX,
    channels: CHANNELS,
    labels: [...ITEM_NAMES],
    licence: 'Apache-2.0',
    attribution: 'drawn by the training corner of Figment',
    images,
    classLabels,
  };
}

export const ITEM_SIZE_PX = 16;

/** Returns the next random number of an item, 0 … 1. */
type Draw = () => number;

const MIDDLE = ITEM_SIZE_PX / 2;
const WHITE: Colour = [255, 250, 236];
const CREAM = rampOf(0.11, 0.5, 0.68);
const WOOD = rampOf(0.08, 0.5, 0.34);
const STEEL = rampOf(0.6, 0.14, 0.58);
const GOLD = rampOf(0.12, 0.78, 0.5);
const GLASS: Colour = [176, 205, 216];

const pick = <Choice>(choices: readonly Choice[], draw: Draw): Choice => choices[Math.floor(draw() * choices.length)]!;
const from = (low: number, high: number, draw: Draw) => low + Math.floor(draw() * (high - low + 1));
const vivid = (draw: Draw): Ramp => rampOf(draw(), 0.72, 0.46);

/** The tone of a rounded body that is lit from the upper left. @param across −1 … 1 @param down −1 … 1 */
function lit(ramp: Ramp, across: number, down: number): Colour {
  const light = -0.75 * across - 0.55 * down;
  return ramp[light > 0.55 ? 3 : light > 0 ? 2 : light > -0.6 ? 1 : 0];
}

// Half the width of each row from row 6 downwards.
const FLASKS = [
  [2, 3, 4, 5, 5, 5, 4, 3],
  [2, 2, 3, 3, 4, 4, 5, 5],
  [2, 3, 3, 3, 3, 3, 3, 3],
];

function potion(sprite: Sprite, draw: Draw): void {
  const flask = pick(FLASKS, draw);
  const liquid = vivid(draw);
  const level = from(7, 9, draw);
  for (const y of [1, 2]) sprite.row(y, 1, (x) => WOOD[x < MIDDLE ? 3 : 2]);
  sprite.row(3, 2, () => GLASS);
  for (const y of [4, 5]) sprite.row(y, 1, () => GLASS);
  for (const [i, half] of flask.entries()) {
    const y = 6 + i;
    const down = (2 * i) / (flask.length - 1) - 1;
    sprite.row(y, half, (x) => (y < level ? GLASS : y === level ? liquid[3] : lit(liquid, (x - 7.5) / half, down)));
  }
  sprite.plot(from(7, 9, draw), from(10, 12, draw), liquid[3]);
  sprite.plot(MIDDLE - flask[3]! + 1, 9, WHITE);
}

// Half the width of each row from row 3 downwards.
const GEMS = [
  [3, 5, 6, 6, 5, 4, 4, 3, 2, 1],
  [3, 4, 5, 5, 5, 5, 5, 5, 4, 3],
  [1, 2, 3, 4, 5, 5, 4, 3, 2, 1],
];

function gem(sprite: Sprite, draw: Draw): void {
  const rows = pick(GEMS, draw);
  const stone = vivid(draw);
  const crown = from(2, 3, draw);
  for (const [i, half] of rows.entries()) {
    sprite.row(3 + i, half, (x) => {
      const across = (x - 7.5) / half;
      if (i < crown) return stone[across < 0.3 ? 3 : 2];
      return stone[across < -0.4 ? 3 : across < 0.15 ? 2 : across < 0.55 ? 1 : 0];
    });
  }
  sprite.plot(5 + from(0, 1, draw), 4 + from(0, 1, draw), WHITE);
}

// Half the width of each row from row 2 downwards.
const SHIELDS = [
  [6, 6, 6, 6, 6, 6, 6, 5, 5, 4, 3, 2],
  [3, 5, 6, 6, 6, 6, 6, 6, 6, 6, 5, 3],
];

/** Whether a coat of arms shows its second colour at a point, measured from the middle of the shield. */
const CHARGES: readonly ((x: number, y: number) => boolean)[] = [
  (x) => x >= 0,
  (x, y) => x >= 0 !== y >= 0,
  (x, y) => Math.abs(x - y) <= 1,
  (x, y) => Math.abs(x + 0.5) < 1 || Math.abs(y + 0.5) < 1,
  (x, y) => Math.abs(y - Math.abs(x + 0.5)) < 1.5,
];

function shield(sprite: Sprite, draw: Draw): void {
  const rows = pick(SHIELDS, draw);
  const rim = pick([STEEL, GOLD], draw);
  const field = vivid(draw);
  const second = pick([CREAM, GOLD, rampOf(draw(), 0.3, 0.24)], draw);
  const isCharged = pick(CHARGES, draw);
  for (const [i, half] of rows.entries()) {
    const inner = Math.min(half - 1, (rows[i + 1] ?? 0) - (i > 1 ? 0 : 1), (rows[i - 1] ?? 0) - 1);
    sprite.row(2 + i, half, (x) => {
      const [across, down] = [(x - 7.5) / half, i / 6 - 1];
      const isRim = i === 0 || x < MIDDLE - inner || x >= MIDDLE + inner;
      return isRim ? rim[across < 0 ? 3 : 1] : lit(isCharged(x - MIDDLE, i - 5) ? second : field, across, down);
    });
  }
}

function mushroom(sprite: Sprite, draw: Draw): void {
  const cap = rampOf((draw() < 0.6 ? 0.98 : 0) + 0.16 * draw(), 0.72, 0.45);
  const [half, top, stem] = [from(5, 6, draw), from(2, 4, draw), from(1, 2, draw)];
  const rim = 9;
  for (let y = rim; y < 14; y++) {
    const width = y > 11 ? stem + 1 : stem;
    sprite.row(y, width, (x) => CREAM[x - MIDDLE < -width + 1 ? 3 : x - MIDDLE > width - 3 ? 1 : 2]);
  }
  for (let y = top; y < rim; y++) {
    const down = (y - top) / (rim - top);
    const reach = Math.round(half * Math.sqrt(1 - (1 - down - 0.12) ** 2));
    sprite.row(y, Math.max(2, reach), (x) => lit(cap, (x - 7.5) / half, 1.6 * down - 0.9));
  }
  sprite.row(rim, half - 1, () => CREAM[0]);
  for (const left of [-4, 0, 3]) {
    const [x, y] = [MIDDLE + left + from(-1, 0, draw), from(top + 1, rim - 3, draw)];
    for (const dx of [0, 1]) if (sprite.isPainted(x + dx, y)) sprite.plot(x + dx, y, WHITE);
  }
}

function sword(sprite: Sprite, draw: Draw): void {
  const blade = pick([STEEL, GOLD, rampOf(draw(), 0.45, 0.55)], draw);
  const hilt = pick([GOLD, STEEL], draw);
  const jewel = vivid(draw);
  const length = from(7, 9, draw);
  const reach = from(1, 2, draw);
  for (let i = 0; i < length; i++) {
    const [x, y] = [5 + i, 10 - i];
    sprite.plot(x, y - 1, blade[3]);
    sprite.plot(x, y, blade[2]);
    sprite.plot(x + 1, y, blade[1]);
  }
  for (const step of [1, 2, 3]) sprite.plot(5 - step, 10 + step, WOOD[step === 2 ? 2 : 3]);
  for (let i = -reach; i <= reach; i++) {
    sprite.plot(5 + i, 10 + i, hilt[i < 0 ? 3 : 2]);
    sprite.plot(4 + i, 10 + i, hilt[1]);
  }
  sprite.plot(1, 14, jewel[2]);
  sprite.plot(2, 14, jewel[1]);
  sprite.plot(1, 13, jewel[3]);
  sprite.plot(2, 13, jewel[3]);
}

const ITEMS = { potion, gem, shield, mushroom, sword };

type ItemName = keyof typeof ITEMS;

export const ITEM_NAMES = Object.keys(ITEMS) as ItemName[];

/** Draws an item: RGBA bytes. The same random numbers give the same picture. */
function drawItem(name: ItemName, draw: Draw): Uint8Array {
  const sprite = new Sprite(ITEM_SIZE_PX);
  ITEMS[name](sprite, draw);
  sprite.outline();
  return sprite.pixels;
}
