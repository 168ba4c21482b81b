import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import { Scene } from '@babylonjs/core/scene.js';
import { afterEach, describe, expect, it } from 'vitest';
import type { Quality } from '../quality.ts';
import { FIREPLACE, ROOM } from '../room/dimensions.ts';
import { CHANDELIER, Lights } from './lights.ts';

const engine = new NullEngine();
afterEach(() => {
  for (const scene of [...engine.scenes]) scene.dispose();
});

const lights = () => new Lights(new Scene(engine), { numLights: 4 } as Quality, [[-2, 0.95, 0.2]]);
/** Red, green, blue; the colour is lent until the next call. */
const tintAt = (of: Lights, x: number, y: number, z: number) => of.tint(x, y, z).asArray().slice(0, 3);

describe('the tint of a sprite', () => {
  it('is brighter near the fire than in a far corner, and warmer', () => {
    const room = lights();
    const [atFire, inCorner] = [
      tintAt(room, FIREPLACE.x, 1, ROOM.backZ - 1.5),
      tintAt(room, -ROOM.halfWidth, 0.2, ROOM.frontZ),
    ];
    for (const channel of [0, 1, 2]) expect(atFire[channel]).toBeGreaterThan(inCorner[channel]!);
    expect(atFire[0]! / atFire[2]!).toBeGreaterThan(inCorner[0]! / inCorner[2]!);
  });

  it('stays between the light that is everywhere and the picture as it is', () => {
    const room = lights();
    for (let x = -5; x <= 5; x += 0.5) {
      for (let z = -5; z <= 3.5; z += 0.5) {
        for (const value of tintAt(room, x, 1.2, z)) {
          expect(value).toBeGreaterThan(0.35);
          expect(value).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it('flickers with the flames', () => {
    const room = lights();
    const before = tintAt(room, 0, 1.2, 1);
    room.burn(0.37);
    expect(tintAt(room, 0, 1.2, 1)).not.toEqual(before);
  });
});

it('swings the light of the chandelier, around where it hangs', () => {
  const room = lights();
  const xs = Array.from({ length: 200 }, (_, i) => {
    room.burn(i / 10);
    return room.chandelier.position.x - CHANDELIER[0];
  });
  expect(Math.max(...xs)).toBeGreaterThan(0.4);
  expect(Math.min(...xs)).toBeLessThan(-0.4);
  expect(Math.max(...xs.map(Math.abs))).toBeLessThan(0.5);
});
