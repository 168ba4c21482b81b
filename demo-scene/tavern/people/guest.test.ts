import { describe, expect, it } from 'vitest';
import { FIREPLACE, ROOM } from '../room/dimensions.ts';
import { VIEW } from '../tavern.ts';
import { TAVERN } from '../tavernFile.ts';
import { FloorPath } from './guest.ts';

describe('Walk', () => {
  const walk = new FloorPath([
    [0, 0],
    [3, 4],
    [3, 6],
  ]);

  it('goes along its points at a steady pace', () => {
    expect(walk.lengthM).toBe(7);
    expect(walk.at(0)).toEqual([0, 0]);
    expect(walk.at(2.5)).toEqual([1.5, 2]);
    expect(walk.at(5)).toEqual([3, 4]);
    expect(walk.at(6)).toEqual([3, 5]);
  });

  it('tells the way that somebody faces', () => {
    expect([walk.directionAt(0), walk.directionAt(6), walk.directionAt(99)]).toEqual(['up', 'up', 'up']);
    const back = new FloorPath([
      [3, 4],
      [-1, 4],
      [-1, 1],
      [0, 1],
    ]);
    expect([1, 5, 7.5].map((distance) => back.directionAt(distance))).toEqual(['left', 'down', 'right']);
    expect(new FloorPath([[1, 2]]).directionAt(0)).toBe('down');
  });

  it('ends at its end', () => {
    expect(walk.at(7)).toEqual([3, 6]);
    expect(walk.at(99)).toEqual([3, 6]);
    expect(new FloorPath([[1, 2]]).at(1)).toEqual([1, 2]);
  });
});

describe('the ways to the places of the tavern', () => {
  const { door, places } = TAVERN.guests;
  /** Radius of a table, of a stool and of a person on foot, in metres. */
  const [TABLE, STOOL, PERSON] = [0.63, 0.21, 0.27];

  it.each(places.map((place) => ({ place, walk: new FloorPath([door, ...place.way, place.at]) })))(
    'keep clear of tables, of stools, of the fire and of others: $place.at',
    ({ place, walk }) => {
      for (let distance = 0; distance <= walk.lengthM; distance += 0.05) {
        const [x, z] = walk.at(distance);
        const to = ([atX, atZ]: readonly [number, number]) => Math.hypot(x - atX, z - atZ);
        for (const table of TAVERN.tables) expect(to(table)).toBeGreaterThan(TABLE + PERSON);
        for (const stool of TAVERN.stools) expect(to(stool)).toBeGreaterThan(STOOL + PERSON);
        for (const other of places) if (other !== place) expect(to(other.at)).toBeGreaterThan(2 * PERSON);
        const isAtFire = Math.abs(x - FIREPLACE.x) < FIREPLACE.width / 2 && z > ROOM.backZ - 0.9;
        expect(isAtFire).toBe(false);
      }
    },
  );

  it('are at most five, and lead nobody in front of a portrait, as the camera sees them at first', () => {
    expect(places.length).toBeLessThanOrEqual(5);
    const { target, distanceM, fromAbove } = VIEW;
    const eye = [
      target[0],
      target[1] + distanceM * Math.cos(fromAbove),
      target[2] - distanceM * Math.sin(fromAbove),
    ] as const;
    const [HEIGHT, HALF_WIDTH] = [1.5, 0.3];
    for (const place of places) {
      const walk = new FloorPath([door, ...place.way, place.at]);
      for (let distance = 1; distance <= walk.lengthM; distance += 0.1) {
        const [x, z] = walk.at(distance);
        for (const { position, size } of TAVERN.portraits) {
          const isOverFire = Math.abs(position[0] - FIREPLACE.x) < FIREPLACE.width / 2;
          const depth = ROOM.backZ - (isOverFire ? FIREPLACE.depth - 0.2 : 0) - eye[2];
          const onWall = depth / (z - eye[2]);
          const top = eye[1] + (HEIGHT - eye[1]) * onWall;
          const across = Math.abs(eye[0] + (x - eye[0]) * onWall - position[0]);
          const isBelow = top < position[1] - size / 2;
          expect(isBelow || across > size / 2 + HALF_WIDTH * onWall, `at ${x}, ${z}`).toBe(true);
        }
      }
    }
  });

  it('leave room for everybody', () => {
    for (const [i, { at }] of places.entries()) {
      for (const { at: other } of places.slice(i + 1)) {
        expect(Math.hypot(at[0] - other[0], at[1] - other[1])).toBeGreaterThan(0.8);
      }
    }
  });
});
