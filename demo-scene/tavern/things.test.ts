// Things on an engine without a GPU, painted by the tiny model; and where the tavern's things are.
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { footPivot } from '../../plugin/index.ts';
import { createScene, loadTiny } from '../../plugin/testing/tinyScene.ts';
import { ART_PIXEL_M } from './artPixel.ts';
import { Artist } from './people/sitter.ts';
import { FIREPLACE, MANTEL, ROOM } from './room/dimensions.ts';
import { BAR, SHELVES, TABLE_RADIUS, TABLE_Y } from './room/furniture.ts';
import { TAVERN, type ThingsPlan } from './tavernFile.ts';
import { Things } from './things.ts';

const PLAN: ThingsPlan = {
  model: 'tiny/',
  guidanceScale: 2,
  spots: [
    { label: 'elf', seed: 1, at: [1, 0.76, 2] },
    { label: 'orc', seed: 2, at: [0, 2, 3], hangs: true },
    { label: 'potion', seed: 3, at: [2, 0.76, 1] },
  ],
};

describe('Things', () => {
  let scene: Scene;
  let artist: Artist;
  let things: Things;
  const events = { onCome: vi.fn(), onStep: vi.fn() };

  beforeEach(async () => {
    scene = createScene();
    events.onCome.mockClear();
    artist = new Artist(await loadTiny(scene), 'tiny');
    things = new Things(scene, PLAN, () => new Color4(1, 0.5, 0.25, 1), events);
  });

  afterEach(() => scene.getEngine().dispose());

  it('are nowhere before there is a model', () => {
    expect(things.present).toEqual([]);
    scene.onBeforeRenderObservable.notifyObservers(scene);
    expect(scene.meshes).toEqual([]);
  });

  it('stand on the lowest pixel of their picture where the plan has them, and only what stands casts a shadow', async () => {
    await things.paintAllAsync(artist);
    expect(events.onCome.mock.calls.flat()).toEqual(things.present);
    expect(things.present.map(({ recipe }) => recipe)).toMatchObject([
      { label: 'elf', seed: 1, guidanceScale: 2 },
      { label: 'orc', seed: 2 },
      { label: expect.stringMatching(/elf|goblin|orc/), seed: 3 },
    ]);
    const sprites = scene.spriteManagers!.flatMap((manager) => manager.sprites);
    for (const [i, sprite] of sprites.entries()) {
      const { at } = PLAN.spots[i]!;
      const size = 16 * ART_PIXEL_M;
      expect([sprite.width, sprite.height]).toEqual([size, size]);
      const empty = 1 - footPivot(await things.present[i]!.pixelsAsync(), 16, 16).y;
      expect(sprite.position.y - size / 2 + empty * size).toBeCloseTo(at[1], 5);
      expect([sprite.position.x, sprite.position.z]).toEqual([at[0], at[2]]);
      expect(sprite.isVisible && sprite.isPickable).toBe(true);
      expect(sprite.color.asArray()).toEqual([1, 0.5, 0.25, 1]);
      expect(things.present[i]!.is(sprite)).toBe(true);
    }
    expect(scene.meshes.filter(({ isVisible }) => isVisible).map(({ position }) => [position.x, position.z])).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  it('are painted again in the card, are kept, and leave nothing behind', async () => {
    await things.paintAllAsync(artist);
    const [first] = things.present;
    const { name } = first!;
    await first!.changeAsync({ seed: 9 });
    expect(first!.name).not.toBe(name);
    expect(events.onStep).toHaveBeenCalledWith(first, expect.objectContaining({ step: 1 }));
    artist.keeping.keep(first!);
    const before = { textures: scene.textures.length, meshes: scene.meshes.length, tensors: memory().numTensors };
    for (let seed = 10; seed < 30; seed++) await first!.changeAsync({ seed });
    expect({ textures: scene.textures.length, meshes: scene.meshes.length, tensors: memory().numTensors }).toEqual(
      before,
    );
    const again = new Things(scene, PLAN, () => new Color4(1, 1, 1, 1), events);
    await again.paintAllAsync(artist);
    expect(again.present[0]!.recipe).toMatchObject({ label: 'elf', seed: 9 });
  });
});

describe('the things of the tavern', () => {
  it.each(TAVERN.things.spots.filter(({ hangs }) => !hangs))('lie on something: $label at $at', ({ at: [x, y, z] }) => {
    const isOn = (board: { x: number; z: number; width: number; length: number }) =>
      Math.abs(x - board.x) < board.width / 2 && Math.abs(z - board.z) < board.length / 2;
    const isOnTable = TAVERN.tables.some(([atX, atZ]) => Math.hypot(x - atX, z - atZ) < TABLE_RADIUS - 0.05);
    const isOnMantel = Math.abs(x - FIREPLACE.x) < FIREPLACE.width / 2 && z > ROOM.backZ - FIREPLACE.depth - 0.2;
    const surfaces = [
      ...(isOnTable ? [TABLE_Y] : []),
      ...(isOn(BAR) ? [BAR.y] : []),
      ...(isOn(SHELVES) ? SHELVES.ys : []),
      ...(isOnMantel ? [MANTEL.y] : []),
    ];
    expect(surfaces.length > 0 ? surfaces : [0]).toContain(y);
  });
});
