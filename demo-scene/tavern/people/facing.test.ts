import { expect, it } from 'vitest';
import { TAVERN } from '../tavernFile.ts';
import { facingOf, type Settled } from './facing.ts';

const at = (x: number, z: number, seed = 0, isSpokenTo = false): Settled => ({ position: [x, z], seed, isSpokenTo });
const seconds = Array.from({ length: 18 }, (_, i) => i);
/** The ways that somebody looks in the course of time. */
const ways = (guest: Settled, others: readonly Settled[]) => [
  ...new Set(seconds.map((timeS) => facingOf(guest, others, timeS))),
];

it('turns two who are near to each other now and then, and otherwise ahead', () => {
  const [left, right, far] = [at(0, 0), at(1, 1), at(6, 0)];
  expect(ways(left, [right, far]).sort()).toEqual(['down', 'right']);
  expect(ways(right, [far, left]).sort()).toEqual(['down', 'left']);
  expect(ways(far, [left, right])).toEqual(['down']);
  expect(
    seconds.some((timeS) => facingOf(left, [right], timeS) === 'right' && facingOf(right, [left], timeS) === 'left'),
  ).toBe(true);
});

it('turns to the nearest, and to the visitor who speaks', () => {
  expect(ways(at(0, 0), [at(1.5, 0), at(-1, 0)]).sort()).toEqual(['down', 'left']);
  expect(ways(at(0, 0, 0, true), [at(1, 0)])).toEqual(['down']);
});

it('turns people at different times', () => {
  const turns = (seed: number) => seconds.map((timeS) => facingOf(at(0, 0, seed), [at(1, 0)], timeS)).join();
  expect(turns(1)).not.toBe(turns(4));
});

it('gives everybody in the tavern somebody to talk with', () => {
  const guests = TAVERN.guests.places.map(({ at: [x, z] }) => at(x, z));
  for (const guest of guests)
    expect(
      ways(
        guest,
        guests.filter((other) => other !== guest),
      ).length,
    ).toBe(2);
});
